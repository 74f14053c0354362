// The exporter's time, and what is told by it: countdowns, ages and running durations.
//
// The browser's clock may be minutes off. So each answer that tells the time sets how far, and all
// that is counted is counted by the exporter's clock.

import { age, duration } from "./format.js";
import { setAttribute, setText } from "./dom.js";

const TICK_MS = 1000;

let aheadMs = 0;

const SHOWN_AS = {
  countdown: (ms) => duration(Math.ceil(-ms / 1000)),
  renewal: (ms) =>
    ms < 0 ? `renewed in ${duration(Math.ceil(-ms / 1000))}` : "renewed, not read since",
  running: (ms) => duration(ms / 1000),
  age: (ms) => age(ms / 1000),
};

/** Learn the exporter's time. */
export function learnTime(rfc3339) {
  const instant = Date.parse(rfc3339);
  if (!Number.isNaN(instant)) aheadMs = instant - Date.now();
}

/** The exporter's time in milliseconds. */
export const now = () => Date.now() + aheadMs;

/**
 * Show an instant as a `countdown` to it, as the `renewal` then, as the `age` of it, or as what has
 * been `running` since.
 *
 * From then on it changes by itself; `null` shows `otherwise` in its place.
 */
export function setTimed(node, kind, rfc3339, otherwise) {
  setAttribute(node, "data-timed", rfc3339 ? kind : null);
  setAttribute(node, "data-instant", rfc3339 ?? null);
  setAttribute(node, "title", rfc3339 ? new Date(rfc3339).toLocaleString() : null);
  if (rfc3339) {
    show(node);
  } else {
    setText(node, otherwise);
  }
}

/** Keep everything timed going, as long as the page can be seen. */
export function startTicking() {
  setInterval(() => {
    if (document.visibilityState === "visible") tick();
  }, TICK_MS);
}

export function tick() {
  for (const node of document.querySelectorAll("[data-timed]")) show(node);
}

function show(node) {
  const passedMs = now() - Date.parse(node.dataset.instant);
  setText(node, SHOWN_AS[node.dataset.timed](passedMs));
}
