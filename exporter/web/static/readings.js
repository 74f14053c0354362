// The latest readings: how much of each allowance is used, and how much waits in each queue.

import { setTimed } from "./clock.js";
import { count, percent } from "./format.js";
import { element, keyed, setAttribute, setForeignText, setQuantity, setText } from "./dom.js";

const USED_BAD = 0.9;

/** Show what `/api/v1/quotas` tells. */
export function showQuotas(list, sub, quotas) {
  setText(sub, quotas.length ? count(quotas.length) : "no readings");
  keyed(list, quotas, {
    key: (quota) => [quota.agent, quota.provider, quota.model, quota.window].join("\n"),
    create: gauge,
    update: (item, quota) => {
      const whose = quota.model ? `${quota.provider} ${quota.model}` : quota.provider;
      const bad = quota.limited === true || quota.used_ratio >= USED_BAD;
      showGauge(item, {
        name: `${quota.agent} · ${whose} · ${quota.window}`,
        raw: quota.used_ratio,
        text: percent(quota.used_ratio),
        share: quota.used_ratio,
        bad,
      });
      const under = item.querySelector(".under");
      if (!under.firstElementChild) under.append(element("span"), element("span"));
      const [said, when] = under.children;
      setText(said, stateOf(quota));
      setTimed(when, "countdown", quota.resets_at, "");
    },
  });
}

function stateOf(quota) {
  const state = quota.limited ? "limited, " : "";
  return `${state}${quota.resets_at ? "renewed in " : "renewal unknown"}`;
}

/** Show what `/api/v1/queues` tells, each as a share of the deepest. */
export function showQueues(list, sub, queues) {
  const deepest = Math.max(0, ...queues.map((queue) => queue.depth));
  const total = queues.reduce((sum, queue) => sum + queue.depth, 0);
  setText(sub, queues.length ? `${count(total)} waiting` : "no readings");
  keyed(list, queues, {
    key: (queue) => `${queue.agent}\n${queue.queue}`,
    create: gauge,
    update: (item, queue) => {
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
    },
  });
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
