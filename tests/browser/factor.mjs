// The second factor with oathtool as the authenticator: a person's, a program's by curl, and that of superusers who must have one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { join } from "./account.mjs";
import { beside, hands, PASSWORD, sent } from "./person.mjs";

/** What an app shows that was given `secret`, so many steps of 30 seconds from now: one is taken early. */
export function shown(secret, later = 0) {
  const now = `now + ${later * 30} seconds`;
  return execFileSync("oathtool", ["--totp", "--base32", "--now", now, secret], { encoding: "utf8" }).trim();
}

/** What a camera reads in the picture of `element`. */
async function scanned(element) {
  const folder = await mkdtemp(path(tmpdir(), "nightlatch-qr."));
  try {
    const file = path(folder, "qr.png");
    await element.screenshot({ path: file });
    return execFileSync("zbarimg", ["--quiet", "--raw", "--nodbus", file], { encoding: "utf8" }).trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** All of it in one browser context, with addresses of nobody yet; the server wants superusers to have a second factor. */
export async function factor(site, mailbox, context, { dan, root, look, print, step, another }) {
  const page = await context.newPage();
  const { open, press, fill, shows, at } = hands(site, page);
  const enter = async (action, code, on = page) => {
    const form = on.locator(`form[action="${action}"][method=post]`).first();
    if (code) await form.getByRole("textbox").fill(code);
    return sent(on, () => form.locator("button:not([type=button])").click());
  };
  const signIn = async (email, on = page) => {
    await on.goto(`${site.url}/signin`);
    await on.getByLabel("Email address or username").fill(email);
    await on.getByLabel("Password", { exact: true }).fill(PASSWORD);
    return sent(on, () => on.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click());
  };
  const signOut = () => sent(page, () => page.getByRole("navigation").getByRole("button", { name: "Sign out" }).click());
  const secretOf = async (on) => (await on.locator(".secret").innerText()).replaceAll(" ", "");
  const recoveryCodes = () => page.locator(".recovery code").allInnerTexts();

  step("turning it on: the secret by eye and by camera, a wrong code first");
  await join(site, mailbox, page, dan, "Dan Dahl");
  await open("/account");
  await sent(page, () => page.getByRole("link", { name: "Set it up" }).click());
  at("/account/second-factor");
  await look(page, "second-factor-off");
  assert.equal(await press("Set it up"), 200);
  at("/account/second-factor");
  await shows("Type this secret into the app");
  await look(page, "second-factor-secret");
  const secret = await secretOf(page);
  assert.match(secret, /^[A-Z2-7]{32}$/);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const uri = new URL(await scanned(page.locator("svg.qr")));
    assert.deepEqual([uri.protocol, uri.host], ["otpauth:", "totp"]);
    assert.equal(decodeURIComponent(uri.pathname), `/localhost:${dan}`);
    assert.deepEqual(["secret", "issuer"].map((name) => uri.searchParams.get(name)), [secret, "localhost"]);
  }
  await page.emulateMedia({ colorScheme: null });
  assert.equal(await enter("/account/second-factor/confirm", "000000"), 422);
  await beside(page, "confirm-code", "This code is wrong");
  await look(page, "second-factor-wrong-code");
  assert.equal(await secretOf(page), secret, "the app keeps what it scanned");
  const first = shown(secret);
  assert.equal(await enter("/account/second-factor/confirm", first), 200);
  await shows("nobody can show them to you again");
  const codes = await recoveryCodes();
  assert.equal(codes.length, 10);
  await look(page, "recovery-codes");
  await print(page, "recovery-codes");
  await sent(page, () => page.getByRole("link", { name: "I have kept them" }).click());
  await shows("You have 10 recovery codes left");
  await look(page, "second-factor-on");
  assert.match((await mailbox.about(dan, /is on/)).text, /recovery codes/);

  step("signing in: a used code, then the next one");
  await signOut();
  await open("/signin?next=/sessions");
  await fill({ "Email address or username": dan, Password: PASSWORD });
  assert.equal(await press("Sign in"), 200);
  at("/signin/code?next=%2Fsessions");
  await look(page, "signin-code");
  assert.equal(await enter("/signin/code", first), 422);
  await beside(page, "app-code", "was used before");
  await look(page, "signin-code-used");
  assert.equal(await enter("/signin/code", shown(secret, 1)), 200);
  at("/sessions");

  step("a recovery code, once");
  await signOut();
  for (const [code, status] of [[codes[0].toLowerCase(), 200], [codes[0], 422], [codes[1].replaceAll(" ", "-"), 200]]) {
    await signIn(dan);
    await page.locator("summary", { hasText: "recovery code" }).click();
    await page.getByLabel("Recovery code").fill(code);
    assert.equal(await press("Sign in with it"), status, code);
    if (status === 422) {
      await beside(page, "recovery-code", "was used before");
      await look(page, "signin-recovery-code-used");
    } else {
      at("/dashboard");
      await signOut();
    }
  }
  assert.match((await mailbox.about(dan, /recovery code was used/, 2)).text, /8 recovery codes are left/);

  step("too many tries, and a page that waits for nothing");
  await signIn(dan);
  for (let tries = 0; tries < 5; tries += 1) assert.equal(await enter("/signin/code", "000000"), 422);
  await shows("Please sign in again");
  await look(page, "signin-code-over");
  await sent(page, () => page.getByRole("main").getByRole("link", { name: "Sign in" }).click());
  at("/signin");

  step("the password and a code once more; new recovery codes");
  await signIn(dan);
  await page.locator("summary", { hasText: "recovery code" }).click();
  await page.getByLabel("Recovery code").fill(codes[2]);
  assert.equal(await press("Sign in with it"), 200);
  await open("/confirm?next=/account/second-factor");
  await look(page, "confirm-with-code");
  await fill({ Password: PASSWORD });
  assert.equal(await press("Confirm"), 422);
  await beside(page, "code", "This is missing");
  await fill({ Password: PASSWORD, Code: codes[3] });
  assert.equal(await press("Confirm"), 200);
  at("/account/second-factor");
  assert.equal(await enter("/account/second-factor/recovery-codes", codes[4]), 200);
  await shows("The old ones do not work any more");
  const anew = await recoveryCodes();
  assert.ok(anew.every((code) => !codes.includes(code)));
  await mailbox.about(dan, /new recovery codes/);

  step("superusers need it: what they may not do before, and may after");
  site.run(["user", "create", "--email", root, "--superuser", "--password-stdin"], PASSWORD);
  const desk = await (await another()).newPage();
  assert.equal(await signIn(root, desk), 200);
  await desk.getByText("Here superusers need a second factor").waitFor();
  await look(desk, "dashboard-without-second-factor");
  assert.equal(await desk.getByRole("link", { name: "Admin" }).count(), 0);
  assert.equal((await desk.goto(`${site.url}/admin`)).status(), 403);
  await desk.getByText("Superusers with a second factor are").waitFor();
  await desk.goto(`${site.url}/account/second-factor`);
  await enter("/account/second-factor/begin", undefined, desk);
  const key = await secretOf(desk);
  assert.equal(await enter("/account/second-factor/confirm", shown(key), desk), 200);
  await sent(desk, () => desk.getByRole("link", { name: "I have kept them" }).click());
  await sent(desk, () => desk.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Admin" }).click());
  assert.equal(desk.url(), `${site.url}/admin`);

  step("a superuser helps somebody who lost it");
  await desk.goto(`${site.url}/admin/users?q=${dan}`);
  await sent(desk, () => desk.getByRole("main").getByRole("link", { name: dan }).first().click());
  await look(desk, "admin-user-second-factor");
  const place = new URL(desk.url()).pathname;
  assert.equal(await enter(`${place}/second-factor/remove`, undefined, desk), 200);
  await desk.getByText("The second factor is off").waitFor();
  await mailbox.about(dan, /turned off for you/);
  await open("/account").catch(() => page.waitForURL(/signin/));
  await shows("signed out by the people who run this site");
  await signIn(dan);
  at("/dashboard");

  step("turning it off takes a superuser's rights again");
  await desk.goto(`${site.url}/account/second-factor`);
  assert.equal(await enter("/account/second-factor/remove", shown(key, 1), desk), 200);
  await desk.getByText("The second factor is off").waitFor();
  assert.equal((await desk.goto(`${site.url}/admin`)).status(), 403);
  await Promise.all([page.close(), desk.close()]);
}

/** A program's second factor, by curl. */
export function program(site, who) {
  site.run(["user", "create", "--email", who, "--password-stdin"], PASSWORD);
  const call = (place, body, access) => {
    const bearer = access ? ["-H", `Authorization: Bearer ${access}`] : [];
    const sends = ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)];
    const text = execFileSync("curl", ["-s", "-w", "\n%{http_code}", ...bearer, ...sends, `${site.url}/api/${place}`], { encoding: "utf8" });
    const [answer, status] = [text.slice(0, text.lastIndexOf("\n")), Number(text.slice(text.lastIndexOf("\n") + 1))];
    return { status, ...JSON.parse(answer) };
  };
  const password = { email: who, password: PASSWORD };
  const { access_token } = call("auth/token", password);
  const { secret, uri } = call("account/second-factor", {}, access_token);
  assert.equal(new URL(uri).searchParams.get("secret"), secret);
  const first = shown(secret);
  assert.equal(call("account/second-factor/confirm", { code: first }, access_token).recovery_codes.length, 10);
  const asked = ["auth/token", "auth/signin"].map((place) => call(place, password));
  assert.deepEqual(asked.map(({ status, code }) => [status, code]), Array(2).fill([401, "second_factor_required"]));
  assert.equal(call("auth/token/code", { request: asked[0].request, code: first }).code, "invalid_code", "used before");
  const next = shown(secret, 1);
  assert.equal(call("auth/token/code", { request: asked[0].request, code: next }).token_type, "Bearer");
  assert.equal(call("auth/signin/code", { request: asked[1].request, code: next }).code, "invalid_code", "used before");
}
