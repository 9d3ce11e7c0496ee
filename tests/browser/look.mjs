// Takes pictures of a page in light and dark, on a phone and on a desk, and checks what can be checked of its looks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const WIDTHS = { 360: 740, 1280: 800 };
/** What is left of 1280 pixels at 200 % and 400 %. */
const ZOOMED = { 640: 400, 320: 256 };
/** All that a page is made of, in bytes. */
const HEAVIEST = 30_000;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Album {
  #folder;
  #number;
  #first;
  /** What each page weighs, by its name. */
  weights = new Map();

  constructor(folder, first = 0) {
    this.#folder = folder;
    this.#number = first;
    this.#first = first;
  }

  /** Four pictures of what `page` shows now; fails when it is too wide, or a rule of axe is broken. */
  async add(page, name) {
    this.#number += 1;
    const file = `${String(this.#number).padStart(2, "0")}-${name}`;
    const before = page.viewportSize();
    await steady(page, name);
    // A letter comes from nowhere and loads nothing.
    if (page.url() !== "about:blank") this.weights.set(name, await light(page, name));
    // Off whatever was clicked last, which would look different under it.
    await page.mouse.move(0, 0);
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      for (const colorScheme of ["light", "dark"]) {
        // Without transitions, which would be caught half-way between the schemes.
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.evaluate(allPictures);
        await fits(page, `${name} at ${width}`);
        await accessible(page, `${name} at ${width}, ${colorScheme}`);
        await page.screenshot({ path: join(this.#folder, `${file}-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    await unmoved(page, name);
    for (const [width, height] of Object.entries(ZOOMED)) {
      await page.setViewportSize({ width: Number(width), height });
      await fits(page, `${name} at ${width}`);
    }
    await page.emulateMedia({ colorScheme: null, reducedMotion: null });
    await page.setViewportSize(before);
  }

  /** The page on paper, as a picture and as a PDF; fails when what only a screen can do is on it. */
  async print(page, name) {
    const file = join(this.#folder, `${name}-on-paper`);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const { wrong, colours } = await page.evaluate(() => {
      const useless = [...document.querySelectorAll("nav, button, .button, .skip, dialog, .scene")];
      const { color, backgroundColor } = getComputedStyle(document.querySelector("main"));
      const seen = useless.filter((one) => one.checkVisibility());
      return { wrong: seen.map((one) => one.outerHTML.slice(0, 120)), colours: [color, getComputedStyle(document.body).backgroundColor, backgroundColor] };
    });
    assert.deepEqual(wrong, [], `${name} on paper`);
    assert.deepEqual(colours, ["rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"], `${name} is black on white on paper`);
    await page.screenshot({ path: `${file}.png`, fullPage: true });
    await page.pdf({ path: `${file}.pdf`, format: "A4" });
    await page.emulateMedia({ media: null, colorScheme: null });
  }

  get pictures() {
    return (this.#number - this.#first) * 4;
  }
}

/** Nothing is wider than the window or cut off, and no page goes away by itself while somebody fills it in. */
export async function fits(page, name) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = document.documentElement.scrollWidth > width;
    const wrong = (one) => {
      const { left, right } = one.getBoundingClientRect();
      const { overflowX, clipPath, position } = getComputedStyle(one);
      // For screen readers only, or a field, which scrolls by itself.
      if (clipPath !== "none" || one.matches(".hidden *, input") || !one.checkVisibility()) return false;
      const cut = overflowX !== "visible" && one.scrollWidth > one.clientWidth;
      return cut || left < 0 || (right > width && (scrolls || position !== "static"));
    };
    return [...document.querySelectorAll("body *")].filter(wrong).map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(wide, [], `${name} is too wide`);
  // Seen where scripts are off: it stands in a <noscript>.
  const goes = (await page.locator("meta[http-equiv=refresh]").count()) && (await page.locator("input:not([type=hidden])").count());
  assert.ok(!goes, `${name} goes away by itself`);
}

/** Nothing has moved since the page came. */
async function steady(page, name) {
  // What moves is told of a frame later.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
  // Letters are not watched.
  assert.deepEqual((await page.evaluate(() => globalThis.shifts)) ?? [], [], `${name} shifts`);
}

/** Gives what the page and all that it loads weigh, as sent, also where the browser had it already. */
async function light(page, name) {
  const weight = await page.evaluate(async () => {
    const parts = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
    const icon = document.querySelector("link[rel=icon]") && (await fetch(document.querySelector("link[rel=icon]").href));
    // What idle.js asks belongs to no page.
    const sizes = parts.filter((part) => !part.name.includes("/api/auth/session")).map((part) => part.encodedBodySize);
    return sizes.reduce((sum, size) => sum + size, icon ? (await icon.arrayBuffer()).byteLength : 0);
  });
  assert.ok(weight > 0 && weight < HEAVIEST, `${name} weighs ${weight} bytes`);
  return weight;
}

/** Who asked for less motion gets none. */
async function unmoved(page, name) {
  const moving = await page.evaluate(() => {
    const moves = (one) => {
      const { transitionDuration, animationName } = getComputedStyle(one);
      return animationName !== "none" || transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
    };
    return [...document.querySelectorAll("*")].filter(moves).map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(moving, [], `${name} moves`);
}

async function accessible(page, name) {
  // As the debugger, not as the page: its policy lets no foreign script in.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`)}`);
  });
  assert.deepEqual(violations, [], `${name} breaks rules of axe`);
}

/** Lazy pictures come when a width first shows them. */
function allPictures() {
  const shown = [...document.images].filter((image) => image.checkVisibility());
  return Promise.all(shown.map((image) => image.decode())).then(() => undefined);
}
