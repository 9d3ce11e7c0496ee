// Notes whatever a browser complains about, since a page can look right and be broken.

/** Watches every page of a context; the list it gives fills with faults. */
export function watch(context, origin) {
  const faults = [];
  const refusals = new Set();
  // The console tells of most violations; this event tells of all.
  context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`violates ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
    });
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, sources, hadRecentInput } of list.getEntries()) {
        // Somebody opened something.
        if (hadRecentInput) continue;
        const moved = sources.map(({ node, previousRect, currentRect }) => ({ node: node?.outerHTML?.slice(0, 80), previousRect, currentRect }));
        globalThis.shifts.push(JSON.stringify({ value, moved }));
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  context.on("response", (response) => {
    if (response.status() < 400) return;
    // What a page of ours answers to a form is checked where it is sent; nothing that a page loads may fail.
    // A tab that asks for its session may learn that it is over.
    const asked = response.status() === 401 && new URL(response.url()).pathname === "/api/auth/session";
    if (asked || response.request().isNavigationRequest()) refusals.add(response.url());
    else faults.push(`${response.status()} for ${response.url()}`);
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) faults.push(`a request to ${url}`);
  });
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // Left before it came.
    if (why !== "net::ERR_ABORTED") faults.push(`${request.url()} failed: ${why}`);
  });
  context.on("console", (message) => {
    const refused = message.text().startsWith("Failed to load resource") && refusals.has(message.location().url);
    if (["error", "warning"].includes(message.type()) && !refused) {
      faults.push(`console ${message.type()} on ${message.page()?.url()}: ${message.text()}`);
    }
  });
  context.on("weberror", (error) => faults.push(`uncaught on ${error.page()?.url()}: ${error.error()}`));
  return faults;
}
