// The latest readings: how much of each allowance is used, and how much waits in each queue.

import { setTimed } from "./clock.js";
import { count, percent } from "./format.js";
import { element, keyed, setAttribute, setForeignText, setQuantity, setText } from "./dom.js";
import { ROWS_MAX_ALL, showMore } from "./more.js";

const USED_BAD = 0.9;
const SHOWN = 20;

/** A list of bars, the longest first: a few, until somebody wants all. */
class Gauges {
  /**
   * `key(reading)` tells readings apart, `size(reading)` sorts them, and `update(item, reading,
   * readings)` shows one. `summary(readings)` is said in the head.
   */
  constructor(list, sub, { key, size, update, summary }) {
    Object.assign(this, { list, sub, key, size, update, summary });
    this.readings = [];
    this.shownMax = SHOWN;
    this.more = element("button", { type: "button", class: "more", hidden: "" });
    this.more.addEventListener("click", () => {
      this.shownMax = this.shownMax === SHOWN ? ROWS_MAX_ALL : SHOWN;
      this.show(this.readings);
    });
    list.after(this.more);
  }

  /** Show what the exporter tells. */
  show(readings) {
    this.readings = readings;
    const sorted = [...readings].sort((left, right) => this.size(right) - this.size(left));
    const visible = sorted.slice(0, this.shownMax);
    setText(this.sub, readings.length ? this.summary(readings) : "no readings");
    keyed(this.list, visible, {
      key: this.key,
      create: gauge,
      update: (item, reading) => this.update(item, reading, readings),
    });
    const { length: total } = readings;
    showMore(this.more, { shown: visible.length, folded: SHOWN, rows: total, total });
  }
}

/** Return the list of what `/api/v1/quotas` tells. */
export const quotasList = (list, sub) =>
  new Gauges(list, sub, {
    key: (quota) => JSON.stringify([quota.agent, quota.provider, quota.model, quota.window]),
    size: (quota) => (quota.limited ? 1 : 0) + (quota.used_ratio ?? -1),
    update: showQuota,
    summary: (quotas) => count(quotas.length),
  });

/** Return the list of what `/api/v1/queues` tells, each as a share of the deepest. */
export const queuesList = (list, sub) =>
  new Gauges(list, sub, {
    key: (queue) => JSON.stringify([queue.agent, queue.queue]),
    size: (queue) => queue.depth,
    update: showQueue,
    summary: (queues) => `${count(queues.reduce((sum, queue) => sum + queue.depth, 0))} waiting`,
  });

function showQuota(item, quota) {
  const whose = quota.model ? `${quota.provider} ${quota.model}` : quota.provider;
  showGauge(item, {
    name: `${quota.agent} · ${whose} · ${quota.window}`,
    raw: quota.used_ratio,
    text: percent(quota.used_ratio),
    share: quota.used_ratio,
    bad: quota.limited === true || quota.used_ratio >= USED_BAD,
  });
  const under = item.querySelector(".under");
  if (!under.firstElementChild) under.append(element("span"), element("span"));
  const [state, when] = under.children;
  setText(state, quota.limited ? "limited, " : "");
  setTimed(when, "renewal", quota.resets_at, "renewal unknown");
}

function showQueue(item, queue, queues) {
  const deepest = queues.reduce((most, { depth }) => Math.max(most, depth), 0);
  showGauge(item, {
    name: `${queue.agent} · ${queue.queue}`,
    raw: queue.depth,
    text: count(queue.depth),
    share: deepest ? queue.depth / deepest : 0,
    bad: false,
  });
  const under = item.querySelector(".under");
  if (!under.firstElementChild) under.append("read ", element("span"));
  setTimed(under.firstElementChild, "age", queue.read_at, "");
}

function gauge() {
  return element(
    "li",
    { class: "gauge" },
    element("span", { class: "name" }),
    element("span", { class: "value" }),
    // What it shows is said by the figure beside it.
    element("span", { class: "track", "aria-hidden": "true" }, element("span", { class: "fill" })),
    element("span", { class: "under" }),
  );
}

function showGauge(item, { name, raw, text, share, bad }) {
  const [label, value, track] = item.children;
  setForeignText(label, name);
  setAttribute(label, "title", name);
  setQuantity(value, raw, text);
  setAttribute(item, "data-bad", bad ? "" : null);
  const width = `${(Math.min(Math.max(share ?? 0, 0), 1) * 100).toFixed(1)}%`;
  if (track.firstElementChild.style.width !== width) track.firstElementChild.style.width = width;
}
