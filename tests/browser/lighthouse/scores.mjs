// Scores the pages that people meet most, on Lighthouse's slow phone and on its desk.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";
import { Server } from "../server.mjs";

const [, , binary, chromePath, folder] = process.argv;
const WANTED = { accessibility: 100, "best-practices": 100, performance: 98 };
/** Timings differ from run to run where other work shares the machine; the best of so many counts. */
const TRIES = 3;

async function session(site) {
  const answer = await fetch(`${site.url}/api/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ann@example.com", name: "Ann", password: "copper kettle violin harbour" }),
  });
  assert.equal(answer.status, 201, await answer.text());
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return cookies.find((cookie) => /^nightlatch-\d+=/.test(cookie));
}

async function score(url, config, options) {
  const { lhr, report } = await lighthouse(url, { ...options, output: "html", onlyCategories: Object.keys(WANTED) }, config);
  if (lhr.runtimeError) return { trouble: lhr.runtimeError.message };
  assert.equal(lhr.finalDisplayedUrl, url, "no other page was scored");
  const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score: given }]) => [name, Math.round(given * 100)]));
  const short = Object.values(lhr.audits).filter((audit) => audit.score !== null && audit.score < 0.9);
  return { scores, report, short: short.map((audit) => `${audit.id}: ${audit.title} ${audit.displayValue ?? ""}`) };
}

const falls = (scores) => Object.entries(WANTED).filter(([name, least]) => scores[name] < least);

async function run() {
  await mkdir(folder, { recursive: true });
  const site = new Server();
  const profile = await mkdtemp(join(tmpdir(), "nightlatch-lighthouse."));
  // Chromium refuses root a sandbox.
  const chromeFlags = ["--headless=new", "--disable-gpu", "--disable-quic", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])];
  let chrome;
  const bad = [];
  try {
    await site.start(binary, { NIGHTLATCH_SIGNUP__VERIFY_EMAIL: "false" });
    const cookie = await session(site);
    chrome = await launch({ chromePath, chromeFlags, userDataDir: profile, logLevel: "error" });
    for (const [path, extraHeaders] of [["/signin", {}], ["/dashboard", { Cookie: cookie }]]) {
      for (const [device, config] of [["phone", undefined], ["desk", desktopConfig]]) {
        let best;
        for (let tries = 0; tries < TRIES && (!best || falls(best.scores).length > 0); tries += 1) {
          const next = await score(site.url + path, config, { port: chrome.port, extraHeaders, logLevel: "error" });
          // Its recording of a page fails now and then, and it asks to be run again.
          if (next.trouble) console.error(next.trouble);
          else if (!best || next.scores.performance > best.scores.performance) best = next;
        }
        assert.ok(best, `Lighthouse could not score ${path} on a ${device}`);
        await writeFile(join(folder, `${path.slice(1)}-${device}.html`), best.report);
        const words = Object.entries(best.scores).map(([name, given]) => `${name} ${given}`).join(", ");
        console.log(`${path} on a ${device}: ${words}`);
        if (falls(best.scores).length > 0) bad.push(`${path} on a ${device}: ${words}\n  ${best.short.join("\n  ")}`);
      }
    }
  } finally {
    await chrome?.kill();
    await site.stop();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  assert.deepEqual(bad, [], "lower than wanted");
}

await run();
