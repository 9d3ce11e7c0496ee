// What one person does, from the first visit to a new password.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

export const DESK = { width: 1280, height: 800 };
export const PASSWORD = "copper kettle violin harbour";
const NEW_PASSWORD = "lantern walnut drizzle compass";
/** A session that was not used for so many seconds ends. */
const IDLE = 600;

/** Everything a person does, in one browser context. `look` is called with each page worth a picture. */
export async function journey(site, mailbox, context, { ann, look, print, scripted, step }) {
  const page = await context.newPage();
  const { open, press, fill, shows, at } = hands(site, page);

  step("the start page");
  await open("/");
  await look(page, "home");
  await sent(page, () => page.getByRole("main").getByRole("link", { name: "Create an account" }).click());

  step("signing up, with mistakes first");
  at("/signup");
  await look(page, "signup");
  await fill({ "Email address": "ann at example", Password: "short" });
  assert.equal(await press("Create account"), 422);
  await beside(page, "password", "10 more characters needed");
  await beside(page, "email", "like ann@example.com");
  assert.equal(await page.getByLabel("Email address").inputValue(), "ann at example", "what was typed stays");
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "a password does not");
  assert.match(await page.title(), /^Problem: /);
  await look(page, "signup-mistakes");
  await page.getByLabel("Your name").fill("Ann Ågren");
  await fill({ "Email address": ann, Password: PASSWORD });
  if (scripted) await revealable(page);
  assert.equal(await press("Create account"), 200);

  step("proving the address: wrong code, another letter, right code");
  at("/verify-email");
  await shows(ann);
  await look(page, "verify-email");
  const code = await mailbox.code(ann, 1);
  await fill({ Code: "12ab" });
  assert.equal(await press("Confirm address"), 422);
  await beside(page, "code", "eight digits");
  await fill({ Code: wrong(code) });
  assert.equal(await press("Confirm address"), 422);
  await beside(page, "code", "This code is wrong");
  await look(page, "verify-email-wrong-code");
  assert.equal(await press("Send a new code"), 200);
  await shows("a new code is on its way");
  assert.equal(mailbox.to(ann).length, 1, "one letter a minute");
  await look(page, "verify-email-sent-again");
  await fill({ Code: code.replace(" ", "-") });
  const earliest = Date.now() / 1000 + IDLE;
  assert.equal(await press("Confirm address"), 200);
  const cookie = await sessionCookie(context);
  const latest = Date.now() / 1000 + IDLE;

  step("the dashboard");
  at("/dashboard");
  for (const text of ["Hello, Ann Ågren", ann, "If you do nothing", "At the latest", "This session", "Chrome on Linux"]) await shows(text);
  await look(page, "dashboard");
  await print(page, "dashboard");
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path, cookie.domain], [true, "Lax", "/", "localhost"]);
  assert.ok(cookie.expires > earliest - 1 && cookie.expires < latest + 1, "the cookie lasts as long as an idle session");
  if (scripted) {
    assert.equal(await page.evaluate(() => document.cookie), "", "no script sees a cookie");
    const kept = async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length];
    assert.deepEqual(await page.evaluate(kept), [0, 0, 0, 0], "nothing is left in the browser");
  }

  step("staying signed in by using it");
  // The cookie counts in seconds.
  await pause(1100);
  await page.reload();
  const slid = await sessionCookie(context);
  assert.ok(slid.expires - cookie.expires >= 1, "a reload makes the session last longer");
  assert.notEqual(slid.value, cookie.value);
  await open("/");
  await signedIn(page);
  await page.getByRole("link", { name: "Go to your dashboard" }).waitFor();
  await look(page, "home-signed-in");
  await open("/signin");
  at("/dashboard");
  await open("/no-such-page", 404);
  await signedIn(page);
  await look(page, "error-404-signed-in");

  step("another site cannot sign anybody out");
  const foreign = await context.newPage();
  await foreign.goto(`data:text/html,<form method=post action=${site.url}/logout><button>Win a prize</button></form>`);
  assert.equal(await sent(foreign, () => foreign.getByRole("button").click()), 403);
  await look(foreign, "error-403-cross-site");
  await foreign.close();
  await open("/dashboard");
  at("/dashboard");

  step("signing out; nothing protected comes back");
  assert.equal(await sent(page, () => page.getByRole("navigation").getByRole("button", { name: "Sign out" }).click()), 200);
  at("/signin?notice=signed-out");
  await shows("You are signed out");
  await look(page, "signin-signed-out");
  assert.equal(await sessionCookie(context), undefined);
  await sent(page, () => page.goBack());
  at("/signin?next=%2Fdashboard");
  const behind = await page.content();
  assert.ok(!behind.includes(ann) && !behind.includes("Ågren"), "the back button shows nothing protected");
  await context.addCookies([slid]);
  await open("/dashboard");
  at("/signin?next=%2Fdashboard");
  await shows("You signed out.");
  await look(page, "signin-ended");

  step("signing in: wrong, then right, then where it was wanted");
  await open("/dashboard?from=letter");
  at("/signin?next=%2Fdashboard%3Ffrom%3Dletter");
  await fill({ "Email address or username": ann, Password: NEW_PASSWORD });
  assert.equal(await press("Sign in"), 401);
  await page.getByRole("alert").getByText("Address or password is wrong").waitFor();
  for (const name of ["Forgot your password?", "Confirm your address"]) await page.getByRole("link", { name }).waitFor();
  assert.equal(await page.getByLabel("Email address").inputValue(), ann);
  await look(page, "signin-wrong");
  await fill({ Password: PASSWORD });
  assert.equal(await press("Sign in"), 200);
  at("/dashboard?from=letter");
  await sent(page, () => page.getByRole("main").getByRole("button", { name: "Sign out now" }).click());
  await open("/signin?next=https://evil.test/");
  await look(page, "signin");
  await fill({ "Email address or username": ann.toUpperCase(), Password: PASSWORD });
  assert.equal(await press("Sign in"), 200);
  at("/dashboard");

  step("forgetting the password, in another browser");
  const elsewhere = await context.browser().newContext({ viewport: DESK });
  await elsewhere.addCookies(await context.cookies());
  await context.clearCookies();
  await open("/forgot-password");
  await look(page, "forgot-password");
  await fill({ "Email address": "nobody" });
  assert.equal(await press("Send the code"), 422);
  await beside(page, "email", "like ann@example.com");
  await look(page, "forgot-password-mistake");
  await fill({ "Email address": ann });
  assert.equal(await press("Send the code"), 200);
  at("/reset-password");
  await shows(ann);
  await look(page, "reset-password");
  const reset = await mailbox.code(ann, 2);
  await fill({ Code: wrong(reset), "New password": NEW_PASSWORD });
  assert.equal(await press("Set password"), 422);
  await beside(page, "code", "This code is wrong");
  await fill({ Code: reset, "New password": "passwordpassword" });
  assert.equal(await press("Set password"), 422);
  await beside(page, "password", "Four random words");
  await look(page, "reset-password-mistake");
  await fill({ Code: reset, "New password": NEW_PASSWORD });
  assert.equal(await press("Set password"), 200);
  at("/signin?notice=password-set");
  await shows("Your new password is set");
  await look(page, "signin-password-set");
  assert.match((await mailbox.letter(ann, 3)).subject, /was changed/);
  const other = await elsewhere.newPage();
  await other.goto(`${site.url}/dashboard`);
  assert.match(other.url(), /\/signin/, "every session has ended");
  await other.getByText("your password was set anew").waitFor();
  await elsewhere.close();

  step("signing in with the new password, by keyboard alone");
  await fill({ "Email address or username": ann, Password: PASSWORD });
  assert.equal(await press("Sign in"), 401);
  await open("/signin");
  await byKeyboard(page, ann, NEW_PASSWORD);
  at("/dashboard");
  assert.match((await mailbox.about(ann, /new sign-in/)).text, /Chrome on Linux[\s\S]*If this was not you[\s\S]*\/forgot-password/);
  await shows("Ended by a new password");
  await look(page, "dashboard-later");
  await sent(page, () => page.getByRole("navigation").getByRole("button", { name: "Sign out" }).click());

  step("pages without what they need, and errors");
  await context.clearCookies();
  for (const path of ["/verify-email", "/reset-password"]) {
    await open(path);
    await shows("works only in the browser where you");
    await look(page, `${path.slice(1)}-in-another-browser`);
  }
  await open("/no-such-page", 404);
  await look(page, "error-404");
  await open("/logout", 405);
  await look(page, "error-405");
  await page.close();
}

/** What a person does with a page. */
export function hands(site, page) {
  return {
    open: async (path, status = 200) => {
      const answer = await page.goto(site.url + path);
      assert.equal(answer.status(), status, path);
    },
    press: (name) => sent(page, () => page.getByRole("main").getByRole("button", { name, exact: true }).click()),
    fill: async (fields) => {
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    },
    shows: (text) => page.getByText(text).first().waitFor(),
    at: (path) => assert.equal(page.url(), site.url + path),
  };
}

/** Sends or follows something and gives the status of the page that came. */
export async function sent(page, act) {
  const [answer] = await Promise.all([page.waitForNavigation(), act()]);
  return answer.status();
}

/** The message stands beside its field, for eyes and for screen readers. */
export async function beside(page, field, text) {
  const input = page.locator(`#${field}`);
  assert.equal(await input.getAttribute("aria-invalid"), "true", field);
  const described = (await input.getAttribute("aria-describedby")).split(" ");
  const message = page.locator(`#${described[0]}`);
  assert.match(await message.innerText(), new RegExp(text));
  const [above, below] = [await message.boundingBox(), await input.boundingBox()];
  assert.ok(Math.abs(below.y - above.y) < 120 && above.x === below.x, `the message is beside ${field}`);
}

/** Every page says at its top who is there. */
async function signedIn(page) {
  const top = page.getByRole("navigation", { name: "Main" });
  assert.deepEqual((await top.innerText()).split(/\s{2,}|\n/), ["Dashboard", "Sessions", "Account", "Sign out"], `the top of ${page.url()}`);
}

/** The script's only job here. */
async function revealable(page) {
  await page.getByRole("button", { name: "Show password" }).click();
  assert.equal(await page.locator("#password").getAttribute("type"), "text");
  await page.getByRole("button", { name: "Hide password" }).click();
  assert.equal(await page.locator("#password").getAttribute("type"), "password");
}

/** Goes to what has the id, or is the link or button so named, with the Tab key alone; the focus is seen all the way. */
export async function tabTo(page, wanted) {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    const { name, outer, ring } = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const { id, outerHTML, textContent } = document.activeElement;
      // Between the last and the first lies the browser's own part.
      if (document.activeElement === document.body) return {};
      return { name: id || textContent.trim(), outer: outerHTML.slice(0, 200), ring: `${outlineStyle} ${outlineWidth}` };
    });
    if (!outer) continue;
    assert.match(ring, /^solid [2-9]px/, `the focus is seen on ${outer}`);
    if (name === wanted) return;
  }
  throw new Error(`Tab does not lead to ${wanted} on ${page.url()}`);
}

async function byKeyboard(page, email, password) {
  await tabTo(page, "email");
  await page.keyboard.type(email);
  await tabTo(page, "password");
  await page.keyboard.type(password);
  assert.equal(await sent(page, () => page.keyboard.press("Enter")), 200);
}

export async function sessionCookie(context) {
  return (await context.cookies()).find((cookie) => /^nightlatch-\d+$/.test(cookie.name));
}

export function wrong(code) {
  return code === "0000 0000" ? "0000 0001" : "0000 0000";
}
