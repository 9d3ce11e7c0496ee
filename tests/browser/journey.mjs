// The whole journey in Chromium: with script and pictures, then without script, then what lies beside it.
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { relative } from "node:path";
import { account, byKeyboard } from "./account.mjs";
import { admin } from "./admin.mjs";
import { factor, program } from "./factor.mjs";
import { CAPPED, idle, SHORT, USUAL } from "./idle.mjs";
import { launch } from "./chromium.mjs";
import { Album, fits } from "./look.mjs";
import { Mailbox } from "./mailbox.mjs";
import { DESK, journey } from "./person.mjs";
import { beginLong, devMailbox, documents, endLong, letters, takenAddress } from "./scenes.mjs";
import { Server } from "./server.mjs";
import { watch } from "./watch.mjs";

const [, , binary, executablePath, folder] = process.argv;

async function run() {
  const began = Date.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const mailbox = new Mailbox();
  const [site, local, office, strict, usual, short, capped] = [1, 2, 3, 4, 5, 6, 7].map(() => new Server());
  const [browser, keeping] = await Promise.all([
    launch(executablePath),
    // As people have it: pages that were left are kept for the Back button.
    launch(executablePath, { ignoreDefaultArgs: ["--disable-back-forward-cache"] }),
  ]);
  const faults = [];
  const album = new Album(folder);
  const look = (page, name) => album.add(page, name);
  const print = (page, name) => album.print(page, name);
  const unseen = { look: fits, print: () => {}, scripted: false };
  const ends = new Album(folder, 80);
  const desks = new Album(folder, 110);
  const factors = new Album(folder, 150);
  const maker = (from) => async (origin, { offline = false, ...options } = {}) => {
    const made = await from.newContext({ viewport: DESK, ...options });
    const complaints = watch(made, origin);
    // Without a network there is something to complain about.
    if (!offline) faults.push(complaints);
    return made;
  };
  const context = maker(browser);
  const phone = { javaScriptEnabled: false, viewport: { width: 360, height: 740 } };
  let smtp;
  const steps = (who) => (words) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${who}: ${words}`);

  async function scripted() {
    const long = await beginLong(site, await context(site.url));
    const ann = "ann@example.com";
    const profile = await context(site.url);
    await journey(site, mailbox, profile, { ann, look, print, scripted: true, step: steps("journey") });
    await takenAddress(site, profile, mailbox, ann);
    const step = steps("account");
    const another = () => context(site.url);
    const zoned = await context(site.url, { timezoneId: "Asia/Kathmandu", locale: "de-DE" });
    const carl = ["carl@example.com", "carl.capek@example.com"];
    await account(site, mailbox, zoned, { carl: carl[0], moved: carl[1], look, print, scripted: true, step, another });
    await documents(site, profile, look);
    steps("beside it")("the mailbox of a server without SMTP, letters, the longest names, a second code");
    await local.start(binary, {});
    await devMailbox(local, await context(local.url), look);
    await letters(mailbox, [ann, ...carl], browser, look);
    await endLong(long, mailbox, look);
  }

  async function plain() {
    const bob = { ann: "bob@example.com", ...unseen, step: steps("journey, no script, phone") };
    await journey(site, mailbox, await context(site.url, phone), bob);
    const step = steps("account, no script, phone");
    const another = () => context(site.url, phone);
    const dora = { carl: "dora@example.com", moved: "dora.new@example.com", ...unseen, step, another };
    await account(site, mailbox, await context(site.url, phone), dora);
    await byKeyboard(site, mailbox, await context(site.url), { step: steps("by keyboard") });
  }

  async function governing() {
    await office.start(binary, { NIGHTLATCH_MAIL__SMTP_URL: smtp });
    const look = (page, name) => desks.add(page, name);
    const print = (page, name) => desks.print(page, name);
    const [first, second] = [{ root: "root@example.com", ben: "ben@example.com", eva: "eva@example.com" }, { root: "roy@example.com", ben: "bea@example.com", eva: "eve@example.com" }];
    const another = () => context(office.url);
    await admin(office, mailbox, await another(), { ...first, look, print, last: false, step: steps("administration"), another });
    const step = steps("administration, no script, phone");
    const phones = () => context(office.url, phone);
    await admin(office, mailbox, await phones(), { ...second, ...unseen, last: true, step, another: phones });
  }

  async function proving() {
    await strict.start(binary, { NIGHTLATCH_MAIL__SMTP_URL: smtp, NIGHTLATCH_SUPERUSER__SECOND_FACTOR: "required" });
    const look = (page, name) => factors.add(page, name);
    const print = (page, name) => factors.print(page, name);
    const another = () => context(strict.url);
    const dan = { dan: "dan@example.com", root: "rae@example.com", look, print, step: steps("second factor"), another };
    await factor(strict, mailbox, await another(), dan);
    await letters(mailbox, ["dan@example.com"], browser, look, /second factor|recovery code/i, 4);
    const phones = () => context(strict.url, phone);
    const step = steps("second factor, no script, phone");
    await factor(strict, mailbox, await phones(), { dan: "deb@example.com", root: "ron@example.com", ...unseen, step, another: phones });
    program(strict, "dot@example.com");
  }

  async function closing() {
    await Promise.all([usual.start(binary, USUAL), short.start(binary, SHORT), capped.start(binary, CAPPED)]);
    await idle({ usual, short, capped }, maker(keeping), (page, name) => ends.add(page, name), steps("the end of a session"));
  }

  try {
    smtp = await mailbox.open();
    await site.start(binary, { NIGHTLATCH_MAIL__SMTP_URL: smtp });
    await Promise.all([scripted(), plain(), governing(), proving(), closing()]);
    assert.deepEqual(faults.flat(), [], "the browser complains");
  } catch (error) {
    console.error(faults.flat().join("\n"));
    console.error(await site.log().catch(() => "the server did not run"));
    throw error;
  } finally {
    await Promise.all([browser.close(), keeping.close()]);
    await Promise.all([site, local, office, strict, usual, short, capped, mailbox].map((one) => (one === mailbox ? one.close() : one.stop())));
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  const weights = [...album.weights, ...ends.weights, ...desks.weights, ...factors.weights].sort(([, one], [, other]) => other - one);
  console.log("bytes a page, with style, script and pictures:");
  for (const [name, weight] of weights) console.log(`${String(weight).padStart(7)}  ${name}`);
  const pictures = album.pictures + ends.pictures + desks.pictures + factors.pictures;
  console.log(`no complaint of the browser, no violation found by axe, ${pictures} pictures in ${relative(".", folder)}, ${seconds} s`);
}

await run();
