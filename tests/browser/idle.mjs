// The end of a session, as tabs see it, mostly against a server whose sessions are short. Every scene has a browser profile of its own,
// and all of them wait at the same time.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { hands, PASSWORD, sent, sessionCookie, tabTo } from "./person.mjs";

/** Of the servers below, in seconds; the warning comes at half of it. */
const IDLE = 60;
export const USUAL = { NIGHTLATCH_SIGNUP__VERIFY_EMAIL: "false" };
export const SHORT = { ...USUAL, NIGHTLATCH_SESSION__IDLE: `${IDLE}s` };
export const CAPPED = { ...SHORT, NIGHTLATCH_SESSION__ABSOLUTE: `${IDLE}s` };

const WAIT = { timeout: (IDLE + 10) * 1000 };
const NAME = "Ida Öberg";

/** All scenes; `made` gives a browser profile for a server. */
export async function idle({ usual, short, capped }, made, look, step) {
  const scenes = [
    ["a minute before the end", usual, minute],
    ["two tabs warn, one press keeps both", short, oneKeeps],
    ["Escape keeps it, and the dialog holds the keyboard", short, byKeyboard],
    ["a page that another tab loads keeps it", short, loadKeeps],
    ["the end of two tabs", short, bothEnd],
    ["a tab that slept", short, slept],
    ["a computer that slept", usual, suspended],
    ["signing out in one tab ends the other", usual, signOut],
    ["Back after signing out shows nothing", usual, back],
    ["Back while signed in shows the page", usual, backWithin],
    ["somebody else signs in in another tab", usual, strangerNextDoor],
    ["somebody else signed in, and no tab told of it", usual, strangerUnseen],
    ["Back after somebody else signed in", usual, strangerBefore],
    ["the network goes and comes back", short, reconnected, { offline: true }],
    ["the network goes and stays away", short, cutOff, { offline: true }],
    ["without script: the page leads to /stay, which keeps nothing open until it is pressed", short, plainStay, { javaScriptEnabled: false }],
    ["without script: the end", short, plainEnd, { javaScriptEnabled: false }],
    ["the end that cannot be put off", capped, lastMinutes],
    ["the end that cannot be put off, without script", capped, plainLast, { javaScriptEnabled: false }],
    ["how the warning looks", short, pictures],
  ];
  let number = 0;
  const play = async ([name, site, scene, options]) => {
    const context = await made(site.url, options);
    number += 1;
    const email = `ida${number}@example.com`;
    const signup = await context.request.post(`${site.url}/api/auth/signup`, { data: { email, name: NAME, password: PASSWORD } });
    assert.equal(signup.status(), 201, await signup.text());
    try {
      await scene({ site, context, look, email, open: (path) => open(context, site, path) });
    } catch (cause) {
      throw new Error(`the end of a session: ${name}`, { cause });
    }
    await context.close();
    step(name);
  };
  // Passwords are hashed one after the other, so the scenes begin one after the other too.
  await Promise.all(scenes.map((scene, index) => pause(index * 300).then(() => play(scene))));
}

async function open(context, site, path) {
  const page = await context.newPage();
  await page.goto(site.url + path);
  assert.equal(page.url(), site.url + path);
  return page;
}

const dialog = (page) => page.locator("#idle");
const warned = (page) => dialog(page).waitFor({ state: "visible", ...WAIT });
const kept = (page) => page.waitForFunction(() => document.querySelector("#idle")?.open === false);
const expiry = async (context) => (await sessionCookie(context)).expires;

async function gone(page, place, { email }) {
  await page.waitForURL((url) => url.pathname === "/signin", WAIT);
  assert.equal(page.url().replace(/^http:..[^/]*/, ""), place);
  await nothing(page, email);
}

async function nothing(page, email) {
  const content = await page.content();
  assert.ok(!content.includes(email) && !content.includes(NAME), "nothing of the page is left");
}

/** Of ten minutes, which the page is told have passed. */
async function minute({ context, open }) {
  await context.clock.install();
  const page = await open("/account");
  await page.clock.runFor("07:30");
  assert.ok(!(await dialog(page).isVisible()), "nobody is disturbed earlier");
  for (let told = 0; told < 150 && !(await dialog(page).isVisible()); told += 2) await page.clock.runFor(2000);
  const left = Number.parseInt(await page.getByRole("timer").innerText(), 10);
  assert.ok(left > 0 && left <= 60, `${left} seconds`);
}

async function oneKeeps({ context, open }) {
  const [one, two] = [await open("/account"), await open("/dashboard")];
  await one.bringToFront();
  await one.locator("#name-name").fill("half a na");
  const before = await expiry(context);
  await Promise.all([warned(one), warned(two)]);
  const asks = [];
  context.on("request", (request) => asks.push(`${request.method()} ${new URL(request.url()).pathname}${new URL(request.url()).search}`));
  assert.match(await one.title(), /^Are you still there\?/);
  assert.match(await one.getByRole("timer").innerText(), /^\d+ seconds?$/);
  assert.equal(await one.evaluate(() => document.activeElement.textContent), "Stay signed in");
  assert.equal(await expiry(context), before, "a warning keeps nothing open");
  const told = await two.locator("time[data-expires]").getAttribute("datetime");
  await one.keyboard.press("Enter");
  await Promise.all([kept(one), kept(two)]);
  // Without word from its neighbour a tab asks for itself, when its time has come.
  assert.deepEqual(asks.filter((ask) => ask.startsWith("GET /api/auth/session")), ["GET /api/auth/session"], "one press, one request");
  assert.ok((await expiry(context)) > before + IDLE / 3, "the session lasts longer");
  assert.ok(Date.parse(await two.locator("time[data-expires]").getAttribute("datetime")) > Date.parse(told), "the other tab tells the new end");
  assert.equal(await one.title(), "Account · Nightlatch");
  assert.equal(await one.evaluate(() => document.activeElement.id), "name-name", "the focus is where it was");
  assert.equal(await one.locator("#name-name").inputValue(), "half a na", "and what was typed");
}

async function byKeyboard({ context, open }) {
  const page = await open("/account");
  const before = await expiry(context);
  await warned(page);
  await tabTo(page, "Sign out");
  assert.ok(await page.evaluate(() => document.activeElement.closest("#idle") !== null), "Tab stays in the dialog");
  await tabTo(page, "Stay signed in");
  await page.keyboard.press("Escape");
  await kept(page);
  await pause(1000);
  assert.ok((await expiry(context)) > before, "the session lasts longer");
}

async function loadKeeps({ open }) {
  const page = await open("/account");
  await warned(page);
  const asks = [];
  page.on("request", (request) => asks.push(request.url()));
  await open("/dashboard");
  await kept(page);
  assert.deepEqual(asks, [], "the other tab told it");
}

async function bothEnd({ site, open, email }) {
  const [one, two] = [await open("/account?done=name"), await open("/dashboard?q=a%26b")];
  await Promise.all([warned(one), warned(two)]);
  await Promise.all([
    gone(one, "/signin?notice=expired&next=%2Faccount", { email }),
    gone(two, "/signin?notice=expired&next=%2Fdashboard%3Fq%3Da%2526b", { email }),
  ]);
  await two.getByText("this page was not used for a while").waitFor();
  await two.getByLabel("Email address").fill(email);
  await two.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await sent(two, () => two.keyboard.press("Enter"));
  assert.equal(two.url(), `${site.url}/dashboard?q=a%26b`, "where it was");
}

/** The browser stops a tab that nobody looks at, and its clock goes on. */
async function slept({ context, open, email }) {
  const page = await open("/account");
  const debug = await context.newCDPSession(page);
  await debug.send("Page.setWebLifecycleState", { state: "frozen" });
  await pause((IDLE + 2) * 1000);
  await debug.send("Page.setWebLifecycleState", { state: "active" });
  await gone(page, "/signin?notice=expired&next=%2Faccount", { email });
}

/** The monotonic clock stood still meanwhile, so that only the other one tells. */
async function suspended({ context, site, open, email }) {
  await context.addInitScript(() => {
    const { now } = Date;
    let slept = 0;
    Date.now = () => now.call(Date) + slept;
    globalThis.sleep = (span) => (slept += span);
  });
  const page = await open("/account");
  const { value, name } = await sessionCookie(context);
  // Ended where no tab hears of it.
  const headers = { cookie: `${name}=${value}`, "x-requested-with": "test" };
  assert.equal((await fetch(`${site.url}/api/auth/logout`, { method: "POST", headers })).status, 204);
  await page.evaluate(() => globalThis.sleep(3_600_000));
  await gone(page, "/signin?next=%2Faccount", { email });
  await page.getByText("You signed out.").waitFor();
}

async function signOut({ open, email }) {
  const [one, two] = [await open("/account"), await open("/dashboard")];
  await sent(two, () => two.getByRole("navigation").getByRole("button", { name: "Sign out" }).click());
  await gone(one, "/signin?notice=signed-out", { email });
}

async function back({ open, email }) {
  const page = await open("/account");
  await sent(page, () => page.getByRole("navigation").getByRole("button", { name: "Sign out" }).click());
  await page.goBack({ waitUntil: "commit" }).catch(() => {});
  await page.waitForURL((url) => url.pathname === "/signin" && url.searchParams.get("next") === "/account");
  await nothing(page, email);
}

async function backWithin({ open }) {
  const page = await open("/account");
  await sent(page, () => page.getByRole("link", { name: "Dashboard" }).click());
  await page.goBack({ waitUntil: "commit" });
  await page.waitForURL(/\/account$/);
  await page.waitForFunction(() => getComputedStyle(document.querySelector("main")).visibility === "visible");
}

const STRANGER = "Otto Unruh";

/** Signs somebody else in where the person of the scene was, as far as the server knows: no page hears of it. */
async function strangerComes({ site, context, email }) {
  const data = { email: email.replace("ida", "otto"), name: STRANGER, password: PASSWORD };
  const headers = { "x-requested-with": "test" };
  assert.equal((await context.request.post(`${site.url}/api/auth/signup`, { data, headers })).status(), 201);
}

/** The page is the stranger's own now. */
async function taken(page, { site, email }) {
  await page.waitForFunction((name) => document.querySelector("#name-name")?.value === name, STRANGER);
  assert.equal(page.url(), `${site.url}/account`);
  await nothing(page, email);
}

async function strangerNextDoor(scene) {
  const [one, two] = [await scene.open("/account"), await scene.open("/dashboard")];
  await strangerComes(scene);
  await two.reload();
  await taken(one, scene);
}

async function strangerUnseen(scene) {
  const page = await scene.open("/account");
  await strangerComes(scene);
  // No tab of a browser without windows is ever hidden.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await taken(page, scene);
}

async function strangerBefore(scene) {
  const page = await scene.open("/account");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await strangerComes(scene);
  let hold;
  const asked = new Promise((resolve) => (hold = resolve));
  await page.route("**/api/auth/session?passive", hold, { times: 1 });
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  const route = await asked;
  assert.ok(!(await page.locator("main").isVisible()), "nothing is shown before the server has said whose session it is");
  await route.continue();
  await taken(page, scene);
}

async function reconnected({ context, open }) {
  const page = await open("/account");
  await warned(page);
  await context.setOffline(true);
  await page.keyboard.press("Enter");
  await page.getByText("The server cannot be reached. We keep trying.").waitFor();
  await context.setOffline(false);
  await kept(page);
}

async function cutOff({ context, open, email, look }) {
  const page = await open("/account");
  await warned(page);
  await context.setOffline(true);
  await page.getByRole("heading", { name: "You are signed out" }).waitFor(WAIT);
  await nothing(page, email);
  assert.equal(await page.title(), "You are signed out");
  await look(page, "signed-out-without-network");
  await context.setOffline(false);
  await sent(page, () => page.getByRole("main").getByRole("link", { name: "Sign in" }).click());
  await gone(page, "/signin?notice=expired&next=%2Faccount", { email });
}

async function plainStay({ site, context, open }) {
  const page = await open("/dashboard");
  const before = await expiry(context);
  await page.waitForURL(`${site.url}/stay?next=/dashboard`, WAIT);
  await page.getByText("this session closes by itself on").waitFor();
  assert.equal(await expiry(context), before, "looking keeps nothing open");
  await sent(page, () => page.getByRole("button", { name: "Stay signed in" }).click());
  assert.equal(page.url(), `${site.url}/dashboard`);
  assert.ok((await expiry(context)) > before);
  for (const form of ["/account", "/confirm"]) {
    await page.goto(site.url + form);
    assert.equal(await page.locator("meta[http-equiv=refresh]").count(), 0, "what has a form to fill in stays");
  }
}

async function plainEnd({ open, email }) {
  const page = await open("/dashboard");
  await page.waitForURL(/\/stay\?/, WAIT);
  await gone(page, "/signin?notice=expired&next=/dashboard", { email });
  await page.getByText("this page was not used for a while").waitFor();
}

async function lastMinutes({ open, email, look }) {
  const page = await open("/account");
  await warned(page);
  await dialog(page).getByText("cannot be prolonged").waitFor();
  assert.equal(await page.title(), "This session is about to end · Account · Nightlatch");
  assert.equal(await dialog(page).getByRole("button", { name: "Stay signed in" }).count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "I understand");
  await look(page, "idle-warning-last");
  await page.keyboard.press("Enter");
  await kept(page);
  await pause(2000);
  assert.ok(!(await dialog(page).isVisible()), "once is enough");
  await gone(page, "/signin?notice=expired&next=%2Faccount", { email });
}

async function plainLast({ open, email }) {
  const page = await open("/dashboard");
  await page.waitForURL(/\/stay\?/, WAIT);
  await page.getByText("cannot be prolonged").waitFor();
  assert.equal(await page.getByRole("button", { name: "Stay signed in" }).count(), 0);
  await gone(page, "/signin?notice=expired&next=/dashboard", { email });
}

async function pictures({ site, open, look }) {
  const page = await open("/account");
  await hands(site, page).open("/stay?next=/account");
  await look(page, "stay");
  await page.goto(`${site.url}/account`);
  await warned(page);
  await look(page, "idle-warning");
  await page.keyboard.press("Enter");
  await kept(page);
}
