// What the sessions of the window cost, the dearest first.

import { DASH, count, dollars } from "./format.js";
import { setAttribute, setForeignText, setId, setQuantity } from "./dom.js";
import { Table } from "./table.js";

const models = (session) => Object.keys(session.by_model).sort();

const quantity = (name, title, value, text) => ({
  name,
  title,
  numeric: true,
  value,
  show: (cell, session) => setQuantity(cell, value(session), text(value(session))),
});

const COLUMNS = [
  {
    name: "session",
    title: "Session",
    value: (session) => session.id,
    show: (cell, session) => setId(cell, session.id),
  },
  quantity("cost", "Cost", (session) => session.totals.cost_usd, dollars),
  quantity("tokens", "Tokens", (session) => session.totals.total_tokens, count),
  quantity("calls", "Calls", (session) => session.totals.message_count, count),
  {
    name: "models",
    title: "Models",
    value: (session) => models(session)[0] ?? null,
    show: (cell, session) => {
      const names = models(session).join(", ") || DASH;
      setForeignText(cell, names);
      setAttribute(cell, "title", names);
    },
  },
];

/** Return the table of sessions, to be given what `/api/v1/sessions` tells. */
export const sessionsTable = (table) =>
  new Table(table, {
    caption: "Sessions, by what they cost over the window",
    columns: COLUMNS,
    key: (session) => session.id,
    sort: { column: "cost", descending: true },
    none: "No session used anything within the window.",
  });
