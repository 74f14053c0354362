// The exporter's own health: who pushes, who scrapes, what it holds, and what found no room.

import { setTimed } from "./clock.js";
import { byId, element, setAttribute, setId, setQuantity, setText } from "./dom.js";
import { DASH, bytes, count, duration, percent } from "./format.js";
import { Table } from "./table.js";

const FAMILIES_MAX = 8;

const EPOCHS = {
  new: "storage was new",
  memory: "kept in memory only",
  power_loss: "after a loss of power",
  corrupt: "storage was damaged",
  reconfigured: "configured otherwise",
};

const summed = (counts) => Object.values(counts).reduce((sum, number) => sum + number, 0);
const listed = (counts) =>
  Object.entries(counts)
    .filter(([, number]) => number)
    .map(([what, number]) => `${what.replaceAll("_", " ")} ${count(number)}`)
    .join(", ");

// Each fact fills its own place: `show(node, exporter)` returns whether it is something wrong.
const FACTS = [
  ["Last push", (node, own) => showSince(node, own.last_push_at, own.started_at)],
  ["Last scrape", (node, own) => showSince(node, own.last_scrape_at, own.started_at)],
  [
    "Series",
    (node, { series, series_max: most }) => {
      setQuantity(node, series, `${count(series)} of ${count(most)} (${percent(series / most)})`);
      return series >= most * 0.9;
    },
  ],
  ["Waiting to be written", (node, own) => setQuantity(node, own.queue_events, count(own.queue_events))],
  [
    "Journal",
    (node, { journal }) =>
      setQuantity(node, journal.bytes, journal.durable ? bytes(journal.bytes) : "none: in memory only"),
  ],
  ["Snapshot", (node, own) => setTimed(node, "age", own.journal.snapshot_at, DASH)],
  [
    "Counters began",
    (node, { epoch }) => {
      if (!node.firstElementChild) node.replaceChildren(element("span"), element("span"));
      const [when, why] = node.children;
      setTimed(when, "age", epoch.started_at, DASH);
      setText(why, ` (${EPOCHS[epoch.cause] ?? epoch.cause})`);
    },
  ],
  ["Up for", (node, own) => setTimed(node, "running", own.started_at, duration(own.uptime))],
];

// What the process has counted: a restart begins it anew.
const COUNTS = [
  ["Events accepted", (node, own) => setQuantity(node, own.events.accepted, count(own.events.accepted))],
  ["Duplicates", (node, own) => setQuantity(node, own.events.duplicate, count(own.events.duplicate))],
  ["Rejected", (node, own) => setQuantity(node, own.events.rejected, count(own.events.rejected))],
  ["Older than the window", (node, own) => setQuantity(node, own.late_events, count(own.late_events))],
  [
    "Folded into _other",
    (node, own) => {
      const folded = summed(own.label_overflows);
      setQuantity(node, folded, folded ? `${count(folded)} (${listed(own.label_overflows)})` : "0");
      return folded > 0;
    },
  ],
  [
    "Pushed out of memory",
    (node, own) => {
      const gone = summed(own.evictions);
      setQuantity(node, gone, gone ? `${count(gone)} (${listed(own.evictions)})` : "0");
    },
  ],
  [
    "Commits failed",
    (node, { journal }) => {
      setQuantity(node, journal.failures, count(journal.failures));
      return journal.failures > 0;
    },
  ],
];

/** Show how long ago; of what was before the start the process does not know. */
function showSince(node, at, startedAt) {
  if (at) {
    node.replaceChildren();
    setTimed(node, "age", at);
    return;
  }
  setTimed(node, "age", null, "");
  const age = element("span");
  node.replaceChildren("not since the start (", age, ")");
  setTimed(age, "age", startedAt);
}

export class Own {
  constructor() {
    this.facts = [...places(byId("facts"), FACTS), ...places(byId("counts"), COUNTS)];
    this.lastHeardAt = null;
    this.agents = new Table(byId("agents-table"), {
      caption: "Agents, by when they were last heard of",
      columns: AGENT_COLUMNS,
      key: (agent) => agent.agent,
      sort: { column: "heard", descending: true },
      none: "Nobody has pushed anything.",
    });
    this.labels = new Table(byId("labels-table"), {
      caption: "Labels, by how full their budgets are",
      columns: LABEL_COLUMNS,
      key: (label) => label.name,
      sort: { column: "full", descending: true },
      none: "There are no labels yet.",
    });
    this.families = new Table(byId("families-table"), {
      caption: "The largest metric families, by their series",
      columns: FAMILY_COLUMNS,
      key: (family) => family.family,
      sort: { column: "series", descending: true },
      none: "There are no series yet.",
    });
  }

  /** Show what `/api/v1/exporter` tells. */
  show(own) {
    setText(byId("exporter-sub"), own.ready ? "ready" : "not ready");
    // Agents are remembered over a restart, and with them when they pushed.
    const told = { ...own, last_push_at: own.last_push_at ?? this.lastHeardAt };
    for (const { node, show } of this.facts) {
      setAttribute(node, "data-bad", show(node, told) === true ? "" : null);
    }
  }

  /** Show what `/api/v1/agents` tells. */
  showAgents(agents) {
    const heard = agents.map((agent) => agent.last_heard_at).filter(Boolean);
    this.lastHeardAt = heard.sort().at(-1) ?? null;
    this.agents.update(agents);
  }

  /** Show what `/api/v1/cardinality` tells. */
  showCardinality({ families, labels }) {
    this.labels.update(Object.entries(labels).map(([name, use]) => ({ name, ...use })));
    this.families.update(families.slice(0, FAMILIES_MAX));
  }
}

const places = (list, facts) =>
  facts.map(([name, show]) => {
    const node = element("dd", {}, DASH);
    list.append(element("div", {}, element("dt", {}, name), node));
    return { node, show };
  });

const name = (title, value) => ({
  name: "name",
  title,
  value,
  show: (cell, row) => setId(cell, value(row)),
});

const quantity = (column, title, value, text = count, bad = () => false) => ({
  name: column,
  title,
  numeric: true,
  value,
  show: (cell, row) => {
    setQuantity(cell, value(row), text(value(row)));
    setAttribute(cell, "data-bad", bad(row) ? "" : null);
  },
});

const AGENT_COLUMNS = [
  name("Agent", (agent) => agent.agent),
  {
    name: "heard",
    title: "Last push",
    numeric: true,
    value: (agent) => agent.last_heard_at,
    show: (cell, agent) => setTimed(cell, "age", agent.last_heard_at, DASH),
  },
  quantity("events", "Events", (agent) => agent.events),
];

const LABEL_COLUMNS = [
  name("Label", (label) => label.name),
  {
    name: "full",
    title: "Values",
    numeric: true,
    hint: "Values in use, of how many it may have; sorted by how full it is",
    value: (label) => label.values / label.budget,
    show: (cell, { values, budget }) => {
      setQuantity(cell, values, `${count(values)} of ${count(budget)}`);
      setAttribute(cell, "data-bad", values >= budget ? "" : null);
    },
  },
  quantity("folded", "Folded", (label) => label.folded, count, (label) => label.folded > 0),
];

const FAMILY_COLUMNS = [
  name("Family", (family) => family.family),
  quantity("series", "Series", (family) => family.series),
  quantity("cap", "Cap", (family) => family.cap),
];
