// What a superuser does with the accounts of others, and that nobody else can.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "./account.mjs";
import { beside, hands, PASSWORD, sent, tabTo } from "./person.mjs";

const PAGES = ["/admin", "/admin/users", "/admin/sessions", "/admin/events"];
/** Sealed and counted within two seconds. */
const COUNTED = 4000;

/** All of the administration in one browser context, with addresses of nobody yet; `last`: everybody is signed out at the end. */
export async function admin(site, mailbox, context, { root, ben, eva, look, print, last, step, another }) {
  site.run(["user", "create", "--email", root, "--name", "Root", "--superuser", "--password-stdin"], PASSWORD);
  const page = await context.newPage();
  const { open, press, fill, shows, at } = hands(site, page);
  const enter = async (action, fields = {}) => {
    const form = page.locator(`form[action="${action}"][method=post]`);
    for (const [label, value] of Object.entries(fields)) await form.getByLabel(label, { exact: true }).fill(value);
    return sent(page, () => form.locator("button:not([type=button])").click());
  };
  const reveal = (summary) => page.locator("summary", { hasText: summary }).first().click();
  const follow = (name) => sent(page, () => page.getByRole("main").getByRole("link", { name, exact: true }).first().click());

  step("a user is refused, and a guest led to the sign-in");
  const other = await (await another()).newPage();
  await other.goto(`${site.url}/admin`);
  assert.match(other.url(), /\/signin\?next=%2Fadmin$/);
  await join(site, mailbox, other, eva, "Eva Ek");
  assert.equal(await other.getByRole("link", { name: "Admin" }).count(), 0, "nothing leads there");
  for (const path of PAGES) {
    assert.equal((await other.goto(site.url + path)).status(), 403, path);
    assert.ok(!(await other.content()).includes(root), path);
  }
  await look(other, "admin-refused");

  step("figures and charts");
  await open("/signin?next=/admin");
  await fill({ "Email address or username": root, Password: PASSWORD });
  await press("Sign in");
  at("/admin");
  assert.equal(await page.getByRole("navigation", { name: "Main" }).locator("[aria-current=page]").innerText(), "Admin");
  for (const end = Date.now() + COUNTED; Date.now() < end && !(await page.getByRole("img", { name: /^Bars for 24 hours. Sign-ins: [1-9]/ }).count()); ) await page.reload();
  assert.equal(await page.getByRole("img", { name: /^Bars for/ }).count(), 3);
  await shows("Sessions that go on");
  await look(page, "admin");
  await print(page, "admin");
  await open("/admin");
  await reveal("As a table");
  await page.getByRole("table", { name: "Sign-ins per hour" }).getByRole("rowheader").last().waitFor();
  await look(page, "admin-table");

  step("making an account, with mistakes first");
  await follow("Accounts");
  at("/admin/users");
  await look(page, "admin-users");
  await print(page, "admin-users");
  await reveal("Invite somebody");
  assert.equal(await enter("/admin/users", { "Email address": "ben at home", "Username (optional)": "b@n" }), 422);
  await beside(page, "new-email", "like ann@example.com");
  await beside(page, "new-username", "no @");
  assert.match(await page.title(), /^Problem: /);
  await look(page, "admin-users-mistake");
  const made = { "Email address": ben, "Name (optional)": "Ben Bö <b>", "Username (optional)": ben.split("@")[0] };
  assert.equal(await enter("/admin/users", made), 200);
  await shows("a letter is on its way to its owner");
  await look(page, "admin-user-invited");
  assert.match((await mailbox.about(ben, /account/)).text, /\/forgot-password/);
  const place = page.url().split("?")[0];

  step("searching");
  await open("/admin/users");
  await page.getByLabel("Search").fill("nobody at all");
  assert.equal(await press("Show"), 200);
  await shows("No account is like this.");
  await look(page, "admin-users-none");
  await page.getByLabel("Search").fill("bö");
  await page.getByLabel("State").selectOption("invited");
  assert.equal(await press("Show"), 200);
  assert.equal(await page.getByLabel("State").inputValue(), "invited");
  await follow(ben);
  assert.equal(page.url(), place);

  step("one account: what is known of it, and what can be done to it");
  await open("/admin/users?q=eva");
  await follow(eva);
  const path = new URL(page.url()).pathname;
  await shows("What you can do");
  await look(page, "admin-user");
  await print(page, "admin-user");
  assert.equal(await enter(`${path}/lock`), 200);
  await shows("The account is locked");
  await look(page, "admin-user-locked");
  await other.goto(`${site.url}/account`).catch(() => other.waitForURL(/signin/));
  await other.getByText("your account was locked").waitFor();
  assert.equal(await enter(`${path}/unlock`), 200);
  await shows("The account is open again");
  assert.equal(await enter(`${path}/logout`), 200);
  assert.equal(await enter(`${path}/send-reset`), 200);
  await shows("The letter is on its way");
  for (const role of ["superuser", "user"]) {
    assert.equal(await enter(`${path}/role`), 200, role);
    await shows("The role is changed");
  }
  await open(path);
  await reveal("Delete this account");
  await look(page, "admin-user-delete");
  assert.equal(await enter(`${path}/delete`), 422);
  await shows("Tick this first");
  await look(page, "admin-user-delete-mistake");
  await page.getByLabel("I understand that this cannot be undone").check();
  assert.equal(await enter(`${path}/delete`), 200);
  at("/admin/users?done=deleted");
  await look(page, "admin-user-deleted");

  step("events, and files of them");
  await sent(page, () => page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Events" }).click());
  await look(page, "admin-events");
  await page.getByLabel("Type").selectOption("user.deleted");
  await page.getByLabel("From", { exact: true }).fill("2026-01-01");
  assert.equal(await press("Show"), 200);
  await shows("an account that is gone");
  await look(page, "admin-events-filtered");
  for (const [name, file] of [["CSV, for a spreadsheet", "nightlatch-events.csv"], ["JSON lines, for a program", "nightlatch-events.jsonl"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
    assert.equal(download.suggestedFilename(), file);
    const text = await readFile(await download.path(), "utf8");
    assert.ok(text.includes("user.deleted") && !text.includes("session.started"), file);
  }

  step("sessions, by keyboard");
  await open("/admin/sessions");
  await look(page, "admin-sessions");
  await tabTo(page, "state");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "Show");
  assert.equal(await sent(page, () => page.keyboard.press("Enter")), 200);
  at("/admin/sessions?state=open");
  assert.ok(!(await page.getByRole("table", { name: "Sessions" }).innerText()).includes(eva));

  step("signing everybody out");
  await reveal("For an emergency");
  await look(page, "admin-logout-everyone");
  if (last) {
    assert.equal(await press("Sign everybody out, me too"), 200);
    await shows("Everybody is signed out, and so are you.");
  }
  await page.close();
}
