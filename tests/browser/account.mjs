// What a person does with an account: changes all of it, takes a copy, proves to be there, and deletes it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { codeOf } from "./mailbox.mjs";
import { beside, hands, PASSWORD, sent, sessionCookie, tabTo, wrong } from "./person.mjs";

const NEW_PASSWORD = "pebble saffron ladder cushion";
const NOT_IT = "this is another password";

/** Signs up and proves the address, with nothing to look at. */
export async function join(site, mailbox, page, email, name) {
  const { open, press, fill, at } = hands(site, page);
  await open("/signup");
  await page.getByLabel("Your name").fill(name);
  await fill({ "Email address": email, Password: PASSWORD });
  await press("Create account");
  await fill({ Code: codeOf(await mailbox.about(email, /code to sign up/)) });
  await press("Confirm address");
  at("/dashboard");
}

/** All of the account page, in one browser context; `another` makes further ones. */
export async function account(site, mailbox, context, { carl, moved, look, print, scripted, step, another }) {
  const page = await context.newPage();
  const { open, press, shows, at } = hands(site, page);
  const form = (action) => page.locator(`form[action="/account/${action}"]`);
  const enter = async (action, fields) => {
    for (const [label, value] of Object.entries(fields)) await form(action).getByLabel(label, { exact: true }).fill(value);
    return sent(page, () => form(action).locator("button:not([type=button])").click());
  };
  const elsewhere = async (email, password) => {
    const other = await (await another()).newPage();
    await other.goto(`${site.url}/signin`);
    await other.getByLabel("Email address").fill(email);
    await other.getByLabel("Password", { exact: true }).fill(password);
    await sent(other, () => other.keyboard.press("Enter"));
    assert.equal(other.url(), `${site.url}/dashboard`);
    return other;
  };
  // A page that a script has moved on by itself may be on its way while this asks for it.
  const told = async (other, why) => {
    await other.goto(`${site.url}/account`).catch(() => other.waitForURL(/signin/));
    assert.match(other.url(), /\/signin/);
    await other.getByText(why).first().waitFor();
    await other.context().close();
  };
  const onlyBeside = async (field, text) => {
    await beside(page, field, text);
    assert.equal(await page.locator("[aria-invalid]").count(), 1, "in no other form");
    assert.equal(await page.getByRole("alert").count(), 1);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert", "what failed has the focus");
    assert.match(await page.title(), /^Problem: /);
  };
  await join(site, mailbox, page, carl, "Carl Čapek");

  step("times as the reader's clock shows them");
  const time = page.locator("time[data-expires]");
  assert.match(await time.getAttribute("datetime"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.match(await time.innerText(), scripted ? /GMT\+5:45$/ : /UTC$/);

  step("the account; another name");
  await sent(page, () => page.getByRole("navigation").getByRole("link", { name: "Account" }).click());
  at("/account");
  assert.equal(await page.getByRole("navigation").locator("[aria-current=page]").innerText(), "Account");
  assert.equal(await page.locator("meta[http-equiv=refresh]").count(), 0, "no page with a form goes away by itself");
  await look(page, "account");
  await print(page, "account");
  assert.equal(await enter("name", { "Your name (optional)": "Carl <b>Čapek</b> & Co" }), 200);
  at("/account?done=name");
  await shows("Your name is changed");
  assert.equal(await page.locator("#name-name").inputValue(), "Carl <b>Čapek</b> & Co");
  await look(page, "account-name-changed");
  await page.evaluate(() => document.querySelector("#name-name").removeAttribute("maxlength")).catch(() => {});
  if (scripted) {
    assert.equal(await enter("name", { "Your name (optional)": "x".repeat(101) }), 422);
    await onlyBeside("name-name", "100");
    await look(page, "account-name-mistake");
  }

  step("another password: wrong ones first, then the other browser is signed out and told why");
  const other = await elsewhere(carl, PASSWORD);
  assert.match((await mailbox.about(carl, /new sign-in/)).text, /If this was not you/);
  await open("/account");
  assert.equal(await enter("password", { "Current password": NOT_IT, "New password": NEW_PASSWORD }), 401);
  await onlyBeside("password-current_password", "not your password");
  for (const field of ["current_password", "password"]) assert.equal(await page.locator(`#password-${field}`).inputValue(), "");
  await look(page, "account-password-wrong");
  assert.equal(await enter("password", { "Current password": PASSWORD, "New password": "short" }), 422);
  await onlyBeside("password-password", "more characters");
  const before = await sessionCookie(context);
  assert.equal(await enter("password", { "Current password": PASSWORD, "New password": NEW_PASSWORD }), 200);
  at("/account?done=password");
  await shows("Your password is changed. Every other session has ended.");
  await look(page, "account-password-changed");
  await told(other, "your password was changed");
  await mailbox.about(carl, /password .* was changed/);

  step("another address: the code goes to the new one, a notice to the old one, and nothing changes before");
  const third = await elsewhere(carl, NEW_PASSWORD);
  await open("/account");
  assert.equal(await enter("email", { "New email address": moved, "Current password": NOT_IT }), 401);
  await onlyBeside("email-current_password", "not your password");
  assert.equal(await page.locator("#email-email").inputValue(), moved, "what was typed stays");
  assert.equal(await enter("email", { "New email address": "carl at home", "Current password": NEW_PASSWORD }), 422);
  await onlyBeside("email-email", "like ann@example.com");
  await look(page, "account-email-mistake");
  assert.equal(await enter("email", { "New email address": moved, "Current password": NEW_PASSWORD }), 200);
  at("/account?done=code-sent#email");
  await shows(`Type the code we sent to ${moved}`);
  await shows(`Signed in as ${carl}`);
  await look(page, "account-email-pending");
  assert.match((await mailbox.about(carl, /wants to change your address/)).text, /If this was not you/);
  const code = codeOf(await mailbox.about(moved, /code for a new address/));
  await open("/account");
  await shows("A new address waits for its code");
  await look(page, "account-email-waiting");
  assert.equal(await enter("email/confirm", { Code: wrong(code) }), 422);
  await onlyBeside("code-code", "wrong");
  await look(page, "account-email-wrong-code");
  assert.equal(await enter("email/confirm", { Code: code }), 200);
  at("/account?done=email");
  await shows("Your address is changed. Every other session has ended.");
  await shows(`Signed in as ${moved}`);
  await told(third, "the address of your account was changed");
  for (const address of [carl, moved]) await mailbox.about(address, /address .* was changed/);

  step("the password once more, for what is open only to a fresh sign-in; other tabs go on");
  const tab = await context.newPage();
  await tab.goto(`${site.url}/dashboard`);
  await page.bringToFront();
  await open("/confirm?next=/account");
  await look(page, "confirm");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  assert.equal(await press("Confirm"), 401);
  await beside(page, "password", "not your password");
  await look(page, "confirm-wrong");
  await page.getByLabel("Password", { exact: true }).fill(NEW_PASSWORD);
  assert.equal(await press("Confirm"), 200);
  at("/account");
  assert.notEqual(sid(await sessionCookie(context)), sid(before), "another session");
  await tab.reload();
  assert.equal(tab.url(), `${site.url}/dashboard`);
  await tab.close();
  await context.addCookies([before]);
  await open("/account");
  assert.match(page.url(), /\/signin\?next=%2Faccount$/, "the session before it is over");
  await page.getByLabel("Email address").fill(moved);
  await page.getByLabel("Password", { exact: true }).fill(NEW_PASSWORD);
  await press("Sign in");
  at("/account");

  step("where somebody is signed in: one session is ended, then all the others");
  const [older, newer] = [await elsewhere(moved, NEW_PASSWORD), await elsewhere(moved, NEW_PASSWORD)];
  await open("/sessions");
  await shows("This session");
  await look(page, "sessions");
  await print(page, "sessions");
  assert.equal(await sent(page, () => page.getByRole("button", { name: /^End the session/ }).first().click()), 200);
  at("/sessions?done=one");
  await shows("That session has ended.");
  await told(newer, "You ended this session from another one");
  assert.equal(await press("End all the others"), 200);
  await shows("Every other session has ended.");
  await look(page, "sessions-one");
  await told(older, "You ended this session from another one");
  await open("/account");

  step("a copy of everything");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download everything" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "nightlatch-account.json");
  const copy = await readFile(await download.path(), "utf8");
  assert.ok(JSON.parse(copy) && copy.includes(moved) && copy.includes("session.started"));
  assert.ok(!copy.includes("argon2") && !copy.includes(NEW_PASSWORD), "without the password");

  step("deleting it: a wrong password first, then everything is gone, and said so");
  const last = await elsewhere(moved, NEW_PASSWORD);
  await open("/account");
  assert.ok(!(await form("delete").isVisible()), "one press away");
  await page.locator("summary", { hasText: "Delete this account" }).click();
  await look(page, "account-delete");
  assert.equal(await enter("delete", { "Current password": NOT_IT }), 401);
  await onlyBeside("delete-current_password", "not your password");
  await look(page, "account-delete-wrong");
  const cookie = await sessionCookie(context);
  assert.equal(await enter("delete", { "Current password": NEW_PASSWORD }), 200);
  at("/signin?notice=deleted");
  await shows("Your account is deleted");
  await look(page, "signin-deleted");
  assert.equal(await sessionCookie(context), undefined);
  await told(last, "your account was deleted");
  await context.addCookies([cookie]);
  await open("/account");
  assert.match(page.url(), /\/signin/);
  await page.getByLabel("Email address").fill(moved);
  await page.getByLabel("Password", { exact: true }).fill(NEW_PASSWORD);
  assert.equal(await press("Sign in"), 401);
  await page.close();
}

/** From the start page to another name, without a mouse. */
export async function byKeyboard(site, mailbox, context, { step }) {
  const page = await context.newPage();
  const { shows, at } = hands(site, page);
  const enter = () => sent(page, () => page.keyboard.press("Enter"));
  const type = async (fields) => {
    for (const [id, text] of Object.entries(fields)) {
      await tabTo(page, id);
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type(text);
    }
  };
  step("signing up");
  await page.goto(site.url);
  await tabTo(page, "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(page, "Create an account");
  await enter();
  await type({ name: "Kim", email: "kim@example.com", password: PASSWORD });
  await enter();
  at("/verify-email");
  await type({ code: await mailbox.code("kim@example.com", 1) });
  await enter();
  step("the account");
  await tabTo(page, "Account");
  await enter();
  await type({ "name-name": "Kim Lee" });
  await tabTo(page, "Save name");
  await enter();
  await shows("Your name is changed");
  await type({ "password-current_password": NOT_IT, "password-password": NEW_PASSWORD });
  await enter();
  // The focus is on what failed, so its fields come next.
  await type({ "password-current_password": PASSWORD, "password-password": NEW_PASSWORD });
  await enter();
  at("/account?done=password");
  await tabTo(page, "Delete this account");
  await page.keyboard.press("Enter");
  await type({ "delete-current_password": NOT_IT });
  step("signing out and in");
  await page.goto(`${site.url}/dashboard`);
  await tabTo(page, "Sign out");
  await enter();
  at("/signin?notice=signed-out");
  await type({ email: "kim@example.com", password: NEW_PASSWORD });
  await enter();
  at("/dashboard");
  await shows("Hello, Kim Lee");
  await page.close();
}

function sid({ value }) {
  return JSON.parse(Buffer.from(value.split(".")[1], "base64url")).sid;
}
