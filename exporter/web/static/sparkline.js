// Small charts of a window: a bar a step, what failed in it red, and the step still filling pale.

import { setAttribute, svgElement } from "./dom.js";

const HEIGHT = 24;
const STEP = 4;
const BAR = 3;

/** Make an empty chart. */
export function sparkline() {
  return svgElement(
    "svg",
    { class: "spark", role: "img", preserveAspectRatio: "none", "aria-label": "no data" },
    svgElement("path", { class: "bars" }),
    svgElement("path", { class: "failed" }),
    svgElement("path", { class: "filling" }),
  );
}

/**
 * Draw a bar a point, the oldest first; `null` is no bar. `failed` is the part of each that went
 * wrong. `label` is said in place of the picture.
 */
export function draw(chart, points, { failed = [], label }) {
  const [bars, reds, filling] = chart.children;
  const largest = Math.max(0, ...points.map((point) => point ?? 0));
  const scale = largest > 0 ? (HEIGHT - 1) / largest : 0;
  const bar = (value, place) => {
    const height = value ? Math.max(value * scale, 1) : 0;
    return height ? `M${place * STEP} ${HEIGHT}v${-height.toFixed(1)}h${BAR}V${HEIGHT}z` : "";
  };
  const last = points.length - 1;
  setAttribute(chart, "viewBox", `0 0 ${Math.max(points.length, 1) * STEP} ${HEIGHT}`);
  setAttribute(bars, "d", points.map((value, place) => (place < last ? bar(value, place) : "")).join(""));
  setAttribute(filling, "d", last >= 0 ? bar(points[last], last) : "");
  setAttribute(reds, "d", failed.map(bar).join(""));
  setAttribute(chart, "aria-label", label);
}
