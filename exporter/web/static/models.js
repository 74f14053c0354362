// How each model is doing over the window, and which may not be asked now.

import { setTimed } from "./clock.js";
import { element, setAttribute, setForeignText, setQuantity, setText } from "./dom.js";
import { DASH, amount, count, dollars, latency, percent, span } from "./format.js";
import { draw, sparkline } from "./sparkline.js";
import { Table } from "./table.js";

const SUCCESS_BAD = 0.95;

const keyOf = (model) => JSON.stringify([model.provider, model.model]);
const called = (model) => model.successful_completions + model.failed_completions;

/** What the trends are drawn from: the course of each model, by its key. */
let courses = new Map();
let stepSecs = 60;
let windowSecs = 3_600;

const COLUMNS = [
  { name: "model", title: "Model", value: (model) => model.model, show: showName },
  { name: "trend", title: "Trend", show: showTrend },
  {
    name: "limit",
    title: "Limited",
    numeric: true,
    hint: "Whether the provider refuses calls now, and for how long still",
    value: (model) => (model.subscription_limit_reached ? model.subscription_limit_expires_at : null),
    show: showLimit,
  },
  quantity("calls", "Calls", called, count, "Completions, failed ones included"),
  quantity("success", "Success", (model) => model.success_rate, percent, "", (share) => share < SUCCESS_BAD),
  quantity("p50", "p50", (model) => model.p50_latency_ms, latency, "Median latency of successes"),
  quantity("p95", "p95", (model) => model.p95_latency_ms, latency, "95 % of successes were faster"),
  quantity("p99", "p99", (model) => model.p99_latency_ms, latency, "99 % of successes were faster"),
  quantity("ttft", "TTFT", (model) => model.avg_ttft_ms, latency, "Mean time to the first token"),
  quantity("speed", "Tok/s", (model) => model.output_tokens_per_second, amount, "Tokens generated a second"),
  quantity("tokens", "Tokens", (model) => model.tokens.total, count, "All five kinds"),
  quantity("cost", "Cost", (model) => model.cost_usd, dollars, "As far as it is known"),
  {
    name: "last",
    title: "Last",
    numeric: true,
    hint: "When it was last heard of",
    value: (model) => model.last_event_at,
    show: (cell, model) => setTimed(cell, "age", model.last_event_at, DASH),
  },
];

export class Models {
  constructor(table, sub) {
    this.sub = sub;
    this.table = new Table(table, {
      caption: "Models, by what they did over the window",
      columns: COLUMNS,
      key: keyOf,
      sort: { column: "calls", descending: true },
      rowsMax: 25,
      none: "No model was called within the window.",
    });
  }

  /** Show what `/api/v1/models` tells. */
  show({ models, window_secs: secs }) {
    windowSecs = secs;
    setText(this.sub, `${count(models.length)}, last ${span(secs)}`);
    this.table.update(models);
  }

  /** Draw the course of each model, as `/api/v1/timeline` tells it. */
  showCourses(timeline) {
    stepSecs = timeline.step_secs;
    courses = new Map(timeline.models.map((course) => [keyOf(course), course]));
    this.table.redraw();
  }
}

function quantity(name, title, value, text, hint, bad) {
  const show = (cell, model) => {
    const raw = value(model);
    setQuantity(cell, raw, text(raw));
    if (bad) setAttribute(cell, "data-bad", raw !== null && bad(raw) ? "" : null);
  };
  return { name, title, numeric: true, value, show, hint };
}

function showName(cell, model) {
  if (!cell.firstElementChild) {
    cell.append(element("span", { class: "name" }), element("span", { class: "whose" }));
  }
  const [name, whose] = cell.children;
  setForeignText(name, model.model);
  setForeignText(whose, model.provider ?? DASH);
  setAttribute(cell, "title", `${model.model} (${model.provider ?? "unknown"})`);
}

function showLimit(cell, model) {
  setAttribute(cell, "data-bad", model.subscription_limit_reached ? "" : null);
  if (!model.subscription_limit_reached) {
    setText(cell, DASH);
    return;
  }
  if (!cell.firstElementChild) cell.replaceChildren(element("span"), " left");
  setTimed(cell.firstElementChild, "countdown", model.subscription_limit_expires_at, "");
}

function showTrend(cell, model) {
  const course = courses.get(keyOf(model));
  if (!course) {
    setText(cell, DASH);
    return;
  }
  if (!cell.firstElementChild) cell.replaceChildren(sparkline());
  const points = course.completions;
  const highest = count(Math.max(0, ...points));
  const label = `Completions of ${span(windowSecs)} in steps of ${span(stepSecs)}: highest ${highest}, failed in all ${count(course.failures.reduce((sum, failed) => sum + failed, 0))}`;
  draw(cell.firstElementChild, points, { failed: course.failures, label });
}
