// Takes the pictures that the README shows, of an account that lives nowhere else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { PASSWORD, sent } from "./person.mjs";
import { Server } from "./server.mjs";

const [, , binary, executablePath, folder] = process.argv;
/** What a picture of the README may weigh, in bytes. */
const HEAVIEST = 75_000;
const DESK = { width: 1100, height: 860 };
const PHONE = { width: 360, height: 740 };
const TALL = { width: 1280, height: 1250 };
/** Accounts, with a month of what they did. */
const ACCOUNTS = "4000";
const ROOT = "root@example.com";

async function run() {
  await mkdir(folder, { recursive: true });
  const site = new Server();
  const browser = await launch(executablePath);
  try {
    await site.start(binary, { NIGHTLATCH_SIGNUP__VERIFY_EMAIL: "false" });
    const context = await browser.newContext({ viewport: DESK, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${site.url}/signin`);
    await take(page, "signin", { colorScheme: "light" });
    await page.goto(`${site.url}/signup`);
    await page.getByLabel("Your name").fill("Ann Ågren");
    await page.getByLabel("Email address").fill("ann@example.com");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await sent(page, () => page.keyboard.press("Enter"));
    assert.equal(page.url(), `${site.url}/dashboard`);
    await take(page, "dashboard", { colorScheme: "dark" });
    await page.setViewportSize(PHONE);
    await page.clock.install();
    await page.goto(`${site.url}/account`);
    await take(page, "account", { colorScheme: "light" });
    await page.clock.runFor("09:20");
    await page.locator("#idle").waitFor({ state: "visible" });
    await take(page, "idle-warning", { colorScheme: "dark" });
    await page.close();
    site.run(["user", "create", "--email", ROOT, "--superuser", "--password-stdin"], PASSWORD);
    execFileSync(new URL("../../benches/generate", import.meta.url).pathname, [`sqlite://${site.database}`, ACCOUNTS]);
    const desk = await (await browser.newContext({ viewport: TALL, reducedMotion: "reduce" })).newPage();
    await desk.goto(`${site.url}/signin?next=/admin`);
    await desk.getByLabel("Email address").fill(ROOT);
    await desk.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await sent(desk, () => desk.keyboard.press("Enter"));
    assert.equal(desk.url(), `${site.url}/admin`);
    await take(desk, "admin", { colorScheme: "light" });
  } finally {
    await browser.close();
    await site.stop();
  }
}

/** WebP, which Playwright does not write by itself. */
async function take(page, name, media) {
  await page.emulateMedia(media);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())).then(() => undefined));
  const debug = await page.context().newCDPSession(page);
  const { data } = await debug.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  const picture = Buffer.from(data, "base64");
  assert.ok(picture.length < HEAVIEST, `${name} has ${picture.length} bytes`);
  await writeFile(join(folder, `${name}.webp`), picture);
  console.log(`${name}.webp: ${picture.length} bytes`);
}

await run();
