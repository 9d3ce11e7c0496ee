// The whole journey in Chromium: with script and pictures, then without script, then what lies beside it.
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { chromium } from "playwright-core";
import { Album, fits } from "./look.mjs";
import { Mailbox } from "./mailbox.mjs";
import { DESK, journey } from "./person.mjs";
import { beginLong, devMailbox, endLong, letters, takenAddress } from "./scenes.mjs";
import { Server } from "./server.mjs";
import { watch } from "./watch.mjs";

const [, , binary, executablePath, folder] = process.argv;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function run() {
  const began = Date.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const mailbox = new Mailbox();
  const site = new Server();
  const local = new Server();
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  const faults = [];
  const album = new Album(folder);
  const look = (page, name) => album.add(page, name);
  const context = async (origin, options = {}) => {
    const made = await browser.newContext({ viewport: DESK, ...options });
    faults.push(watch(made, origin));
    return made;
  };
  try {
    await site.start(binary, { NIGHTLATCH_MAIL__SMTP_URL: await mailbox.open() });
    const long = await beginLong(site, await context(site.url));

    console.log("with script, and pictures");
    const ann = "ann@example.com";
    const scripted = await context(site.url);
    await journey(site, mailbox, scripted, { ann, look, scripted: true });
    await takenAddress(site, scripted, mailbox, ann);

    console.log("without script, on a phone");
    const plain = await context(site.url, { javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    await journey(site, mailbox, plain, { ann: "bob@example.com", look: fits, scripted: false });

    console.log("the mailbox of a server without SMTP, letters, the longest names, a second code");
    await local.start(binary, {});
    await devMailbox(local, await context(local.url), look);
    await letters(mailbox, [ann], browser, look);
    await endLong(long, mailbox, look);
    assert.deepEqual(faults.flat(), [], "the browser complains");
  } catch (error) {
    console.error(faults.flat().join("\n"));
    console.error(await site.log().catch(() => "the server did not run"));
    throw error;
  } finally {
    await browser.close();
    await Promise.all([site.stop(), local.stop(), mailbox.close()]);
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`the whole journey twice, no complaint of the browser, ${album.pictures} pictures, ${seconds} s`);
}

await run();
