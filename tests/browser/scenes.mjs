// What is worth a look and no part of the journey.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { DESK, PASSWORD, sent } from "./person.mjs";

/** A request gets a second code after so many milliseconds. */
const RESEND_PAUSE = 60_000;

/** A sign-up with the longest name and address there can be; its second code may be asked for after a minute. */
export async function beginLong(site, context) {
  const page = await context.newPage();
  const address = `${"a".repeat(64)}@${`${"b".repeat(60)}.`.repeat(3)}test`;
  await page.goto(`${site.url}/signup`);
  await page.getByLabel("Your name").fill("W".repeat(100));
  await page.getByLabel("Email address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await sent(page, () => page.keyboard.press("Enter"));
  assert.equal(page.url(), `${site.url}/verify-email`);
  return { page, address, at: Date.now() };
}

export async function endLong(long, mailbox, look) {
  const { page, address } = long;
  const first = await mailbox.code(address, 1);
  await pause(Math.max(0, long.at + RESEND_PAUSE + 1000 - Date.now()));
  await sent(page, () => page.getByRole("button", { name: "Send a new code" }).click());
  await look(page, "verify-email-longest-address");
  const second = await mailbox.code(address, 2);
  const confirm = async (code) => {
    await page.getByLabel("Code").fill(code);
    return sent(page, () => page.keyboard.press("Enter"));
  };
  assert.equal(await confirm(first), 422, "only the newest code counts");
  assert.equal(await confirm(second), 200);
  await look(page, "dashboard-longest-name");
}

/** What anybody may read about the API. */
export async function documents(site, context, look) {
  const page = await context.newPage();
  await page.goto(`${site.url}/api/docs`);
  await look(page, "api-docs");
  for (const summary of await page.locator("summary").all()) await summary.click();
  await look(page, "api-docs-open");
  await page.close();
}

/** What only a server without SMTP shows. */
export async function devMailbox(site, context, look) {
  const page = await context.newPage();
  await page.goto(`${site.url}/dev/mailbox`);
  await look(page, "mailbox-empty");
  await page.goto(`${site.url}/signup`);
  await page.getByLabel("Email address").fill("ann@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await sent(page, () => page.keyboard.press("Enter"));
  await look(page, "verify-email-with-mailbox");
  await sent(page, () => page.getByRole("link", { name: "Open the mailbox" }).click());
  for (let looks = 0; looks < 50 && !(await page.getByRole("link", { name: /code/ }).count()); looks += 1) {
    await pause(100);
    await page.reload();
  }
  await look(page, "mailbox");
  await sent(page, () => page.getByRole("link", { name: /code/ }).click());
  await look(page, "mailbox-letter");
}

/** How letters look where HTML is shown: `kinds` of them, of those about `subject`. */
export async function letters(mailbox, addresses, browser, look, subject = /(?:)/, kinds = 9) {
  const page = await browser.newPage({ viewport: DESK });
  const seen = new Set();
  for (const letter of addresses.flatMap((address) => mailbox.to(address)).filter((one) => subject.test(one.subject))) {
    assert.ok(letter.text && letter.html, `${letter.subject}: text and HTML`);
    // Two have one subject.
    const kind = `${letter.subject}${letter.text.includes("knew the old one") ? " by its owner" : ""}`;
    if (seen.has(kind)) continue;
    seen.add(kind);
    await page.setContent(letter.html);
    await look(page, `letter-${kind.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`);
  }
  assert.equal(seen.size, kinds, "every kind of letter was written");
  await page.close();
}

/** A taken address gets a letter instead of a code, and the same page. */
export async function takenAddress(site, context, mailbox, ann) {
  const page = await context.newPage();
  await page.goto(`${site.url}/signup`);
  await page.getByLabel("Email address").fill(ann);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  assert.equal(await sent(page, () => page.keyboard.press("Enter")), 200);
  assert.equal(page.url(), `${site.url}/verify-email`);
  assert.match((await mailbox.about(ann, /already/)).subject, /already have an account/);
  await page.close();
}
