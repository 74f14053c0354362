// One glance: what is going on now, a figure a tile.

import { setTimed } from "./clock.js";
import { byId, element, setAttribute, setQuantity, setText } from "./dom.js";
import { amount, count, dollars, latency, percent, span } from "./format.js";
import { QUERIES } from "./promql.js";
import { draw, sparkline } from "./sparkline.js";

const ERROR_RATIO_BAD = 0.05;

// `raw` is the figure, `text` how it is shown, `under` what is said below it. A chart is not of the
// figure, which is a rate, but of what was counted in each step: so it has words of its own. `of`
// are its points, `what` they are, and `text` how one of them is said.
const TILES = [
  {
    name: "in_flight",
    label: "In flight",
    raw: ({ overview }) => overview.requests_in_flight,
    text: count,
    under: ({ overview }) => `${plural(overview.sessions_active, "session")} active`,
  },
  {
    name: "completions",
    label: "Completions / min",
    raw: ({ overview }) => overview.recent.completions_per_minute,
    text: amount,
    chart: { of: (total) => total.completions, what: "Completions", text: count },
  },
  {
    name: "tokens",
    label: "Tokens / min",
    raw: ({ overview }) => overview.recent.tokens_per_minute,
    text: amount,
    chart: { of: (total) => total.tokens, what: "Tokens", text: count },
  },
  {
    name: "errors",
    label: "Error ratio",
    raw: ({ overview }) => overview.recent.error_ratio,
    text: percent,
    bad: (ratio) => ratio >= ERROR_RATIO_BAD,
    chart: { of: (total) => total.failures, what: "Failed completions", text: count, failed: true },
  },
  {
    name: "p95",
    label: "Latency p95",
    raw: ({ overview }) => overview.recent.p95_latency_ms,
    text: latency,
    chart: { of: (total) => total.p95_latency_ms, what: "Latency p95", text: latency },
  },
  {
    name: "cost",
    label: "Cost / hour",
    raw: ({ overview }) => overview.recent.cost_usd_per_hour,
    text: dollars,
    chart: { of: (total) => total.cost_usd, what: "Cost", text: dollars },
  },
  {
    name: "limited",
    label: "Models limited",
    raw: ({ overview }) => overview.models_limited,
    text: count,
    bad: (limited) => limited > 0,
  },
];

const made = new Map();

/** Make the tiles, without figures. */
export function startTiles() {
  byId("tiles").append(...TILES.map((tile) => made.set(tile.name, make(tile)).get(tile.name).item));
}

/** Show what `/api/v1/overview` tells. */
export function showOverview(overview) {
  for (const tile of TILES) {
    const { item, figure, under } = made.get(tile.name);
    const raw = tile.raw({ overview });
    setQuantity(figure, raw, tile.text(raw));
    setAttribute(item, "data-bad", raw !== null && tile.bad?.(raw) ? "" : null);
    if (tile.under) {
      setText(under, tile.under({ overview }));
    } else if (tile.chart) {
      setText(under, `last ${span(overview.recent_secs)}`);
    }
  }
}

/** Show the course that `/api/v1/timeline` tells. */
export function showCourse(timeline) {
  for (const tile of TILES) {
    const { chart } = made.get(tile.name);
    if (!tile.chart) continue;
    const { of, what, text, failed } = tile.chart;
    const points = of(timeline.total);
    const known = points.filter((point) => point !== null);
    const most = known.length ? text(Math.max(...known)) : "unknown";
    const label = `${what} in each ${span(timeline.step_secs)} of the last ${span(timeline.window_secs)}: ${most} at the most`;
    draw(chart, points, { label, failed: failed ? points : [] });
  }
}

/** Show how many of how many models are limited, and when the first is free. */
export function showLimits(models) {
  const { under } = made.get("limited");
  const limited = models.filter((model) => model.subscription_limit_reached);
  const ends = limited.map((model) => model.subscription_limit_expires_at).filter(Boolean).sort();
  const [countdown] = under.children.length ? under.children : [];
  if (!ends.length) {
    setText(under, `of ${count(models.length)}`);
  } else if (countdown) {
    setTimed(countdown, "countdown", ends[0], "");
  } else {
    const node = element("span");
    setTimed(node, "countdown", ends[0], "");
    under.replaceChildren("next free in ", node);
  }
}

const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function make(tile) {
  const figure = element("span", { class: "figure" }, "—");
  const under = element("span", { class: "under" });
  const chart = tile.chart ? sparkline() : null;
  const button = element(
    "button",
    { type: "button", class: "quiet", "data-queries": tile.name },
    "PromQL",
  );
  button.setAttribute("aria-label", `PromQL of ${QUERIES[tile.name].title}`);
  const item = element(
    "li",
    { class: "tile", "data-tile": tile.name },
    element("h3", {}, tile.label),
    button,
    figure,
    under,
    ...(chart ? [chart] : []),
  );
  return { item, figure, under, chart };
}
