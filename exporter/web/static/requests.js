// What is being worked on now, and for how long already.

import { setTimed } from "./clock.js";
import { DASH } from "./format.js";
import { setAttribute, setForeignText, setId } from "./dom.js";
import { Table } from "./table.js";

const text = (name, title, value, set = setForeignText) => ({
  name,
  title,
  value,
  show: (cell, request) => {
    set(cell, value(request) ?? DASH);
    setAttribute(cell, "title", value(request) ?? "unknown");
  },
});

const COLUMNS = [
  text("request", "Request", (request) => request.id, setId),
  {
    name: "running",
    title: "Running",
    numeric: true,
    value: (request) => request.duration_ms,
    show: (cell, request) => setTimed(cell, "running", request.started_at, DASH),
  },
  text("agent", "Agent", (request) => request.agent),
  text("channel", "Channel", (request) => request.channel),
  text("session", "Session", (request) => request.session_id, setId),
];

/** Return the table of requests, to be given what `/api/v1/requests` tells. */
export const requestsTable = (table) =>
  new Table(table, {
    caption: "Requests in flight, the longest first",
    columns: COLUMNS,
    key: (request) => JSON.stringify([request.agent, request.id]),
    sort: { column: "running", descending: true },
    none: "Nothing is being worked on.",
  });
