// Says shortly before the session ends that it will, keeps it with one press, and clears the page when it is over.
// Spans are counted by the monotonic clock and moments are the server's: what this computer takes for the time does not matter.
const SESSION = "/api/auth/session";
const { dataset } = document.body;
const channel = new BroadcastChannel("nightlatch");
const veil = (on) => document.body.classList.toggle("veiled", on);
// A minute, or half of what there is if that is less.
const leadOf = (left) => Math.min(60_000, left / 2);

if (dataset.left) watch();
// A page for nobody: whoever was signed in no longer is.
else channel.postMessage({ over: new URLSearchParams(location.search).get("notice") });

function watch() {
  const dialog = document.getElementById("idle");
  const timer = dialog?.querySelector("[role=timer]");
  const over = document.getElementById("over");
  const status = dialog?.querySelector("[role=status]");
  const title = document.title;
  const now = () => performance.now();
  const asked = performance.getEntriesByType("navigation")[0]?.requestStart ?? 0;

  let expires = Date.parse(dataset.expires);
  let ends = Date.parse(dataset.ends);
  let deadline = asked + dataset.left * 1000;
  let lead = leadOf(deadline - asked);
  let offset = Date.now() - now();
  let farewell = null;
  let dismissed = 0;
  let done = false;
  let alarm;

  // Takes over when the session ends: told by the server (with what is left), or by another tab (without).
  function learn(end, left) {
    // What stands here is another person's, or was taken away.
    if (end.user !== dataset.user || !over.isConnected) return retire(here());
    deadline = left === undefined ? deadline + end.expires - expires : now() + left;
    if (end.expires > expires) lead = leadOf(deadline - now());
    ({ expires, ends } = end);
    farewell = null;
    done = false;
    for (const time of document.querySelectorAll("time[data-expires]")) time.dateTime = new Date(expires).toISOString();
    document.dispatchEvent(new Event("times"));
    veil(false);
    tick();
  }

  // Resolves to whether the server answered. Not `POST /stay`, which leads to a whole page: this slides the session as any
  // request does and answers with its new end. With `?passive` it only looks.
  async function ask(stay) {
    try {
      const response = await fetch(stay ? SESSION : `${SESSION}?passive`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      const date = Date.parse(response.headers.get("Date"));
      if (response.status === 401) {
        retire(door(farewell ?? (date >= expires ? "expired" : null)));
        return true;
      }
      if (!response.ok) return false;
      const { user_id: user, expires_at, ends_at } = await response.json();
      const end = { user, expires: Date.parse(expires_at), ends: Date.parse(ends_at) };
      learn(end, Number.isNaN(date) ? undefined : Math.max(end.expires - date, 1000));
      if (stay) channel.postMessage(end);
      return true;
    } catch {
      return false;
    }
  }

  async function stay() {
    if (await ask(true)) return;
    status.textContent = status.dataset.trouble;
    setTimeout(() => dialog.open && stay(), 3000);
  }

  // Where this page can be had again; what a form answered has no address of its own.
  const here = () => dataset.next || location.pathname + location.search;

  function door(notice) {
    const query = new URLSearchParams(notice ? { notice } : {});
    if (!notice || notice === "expired") query.set("next", here());
    return `/signin?${query}`;
  }

  function retire(to) {
    done = true;
    veil(true);
    location.replace(to);
  }

  // Shows nothing before the server has said that it may.
  async function doubt() {
    veil(true);
    if (!(await ask())) location.replace(here());
  }

  async function end() {
    done = true;
    veil(true);
    // Unless another tab has told better meanwhile.
    if ((await ask()) || !done) return;
    const bar = document.querySelector(".bar");
    bar.querySelector("nav").remove();
    document.body.replaceChildren(bar, over.content);
    delete dataset.left;
    document.querySelector("main a").href = door("expired");
    document.title = document.querySelector("h1").textContent;
    veil(false);
  }

  function warn(left) {
    if (!dialog.open) {
      dialog.classList.toggle("last", expires >= ends);
      dialog.querySelector("[data-once]").textContent = inWords(left);
      status.textContent = "";
      dialog.showModal();
      document.title = `${dialog.querySelector("h2").innerText} · ${title}`;
    }
    timer.textContent = inWords(left);
  }

  function tick() {
    clearTimeout(alarm);
    if (done) return;
    // After a sleep, through which the monotonic clock may stand still, fear the worst and ask.
    const jump = Date.now() - now() - offset;
    if (Math.abs(jump) > 2000) {
      offset += jump;
      deadline -= Math.max(jump, 0);
      ask();
    }
    const left = deadline - now();
    if (left <= 0) return end();
    const late = dialog && left <= lead;
    if (late && dismissed !== expires) warn(left);
    else dialog?.close();
    alarm = setTimeout(tick, late ? left % 1000 || 1000 : Math.min(10_000, dialog ? left - lead : left));
  }

  dialog?.addEventListener("submit", (event) => {
    if (!event.target.matches("[action='/stay']")) return;
    event.preventDefault();
    stay();
  });
  // Closed by the person, also with Escape: where the session can go on, that is a sign of life.
  dialog?.addEventListener("close", () => {
    document.title = title;
    if (deadline - now() > lead) return;
    if (expires >= ends) dismissed = expires;
    else stay();
  });
  channel.addEventListener("message", ({ data }) => {
    if ("over" in data) {
      farewell = data.over;
      ask();
    } else if (data.user !== dataset.user) doubt();
    else if (data.expires > expires) learn(data);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
  // For the Back button, which may bring the page back to somebody else.
  addEventListener("pagehide", () => veil(true));
  addEventListener("pageshow", ({ persisted }) => persisted && doubt());
  channel.postMessage({ user: dataset.user, expires, ends });
  tick();
}

function inWords(span) {
  const seconds = Math.ceil(span / 1000);
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
