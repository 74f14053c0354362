// Which tools are run, how often they fail, and how long they take.

import { setTimed } from "./clock.js";
import { DASH, count, latency, percent } from "./format.js";
import { element, setAttribute, setForeignText, setQuantity } from "./dom.js";
import { Table } from "./table.js";

const FAILURES_BAD = 0.1;

const failureRatio = (tool) => (tool.success_rate === null ? null : 1 - tool.success_rate);

const quantity = (name, title, value, text, bad) => ({
  name,
  title,
  numeric: true,
  value,
  show: (cell, tool) => {
    const raw = value(tool);
    setQuantity(cell, raw, text(raw));
    setAttribute(cell, "data-bad", bad?.(tool) ? "" : null);
  },
});

const COLUMNS = [
  {
    name: "tool",
    title: "Tool",
    value: (tool) => tool.tool,
    show: (cell, tool) => {
      if (!cell.firstElementChild) {
        cell.append(element("span", { class: "name" }), element("span", { class: "whose" }));
      }
      setForeignText(cell.firstElementChild, tool.tool);
      setForeignText(cell.lastElementChild, tool.agent);
      setAttribute(cell, "title", `${tool.tool} (${tool.agent})`);
    },
  },
  quantity("calls", "Calls", (tool) => tool.calls, count),
  quantity("failed", "Failed", (tool) => tool.failures, count, (tool) => failureRatio(tool) >= FAILURES_BAD),
  quantity("success", "Success", (tool) => tool.success_rate, percent),
  quantity("mean", "Mean", (tool) => tool.avg_duration_ms, latency),
  quantity("p95", "p95", (tool) => tool.p95_duration_ms, latency),
  {
    name: "last",
    title: "Last",
    numeric: true,
    value: (tool) => tool.last_event_at,
    show: (cell, tool) => setTimed(cell, "age", tool.last_event_at, DASH),
  },
];

/** Return the table of tools, to be given what `/api/v1/tools` tells. */
export const toolsTable = (table) =>
  new Table(table, {
    caption: "Tools, by how they did over the window",
    columns: COLUMNS,
    key: (tool) => JSON.stringify([tool.agent, tool.tool]),
    sort: { column: "calls", descending: true },
    none: "No tool was run within the window.",
  });
