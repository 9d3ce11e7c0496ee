// Starts Debian's Chromium.
import { chromium } from "playwright-core";

const FLAGS = [
  // Chromium refuses root a sandbox.
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(executablePath, options) {
  return chromium.launch({ executablePath, headless: true, args: FLAGS, ...options });
}
