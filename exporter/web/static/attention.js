// What somebody should do something about: said on top, in words, and only then.

import { byId, element, keyed } from "./dom.js";

const CHECKS = {
  "journal failing":
    "The storage cannot be written. Pushes are refused with 503 until it can be; what was acknowledged is kept.",
  "journal recovering": "State is being brought back from the storage. Pushes are taken after that.",
  "journal snapshot_failing":
    "No snapshot can be stored. Pushes are taken, and the journal grows until one can.",
  "writer failing": "The exporter met a fault of its own while it wrote events. Its log tells where; that is a bug to report.",
  "writer stopped": "The exporter is stopping: pushes are no longer taken.",
  "access failing": "A file that says who may come in cannot be used. Nobody comes in until it can.",
  "config reload_failed": "The last reload was refused: the configuration in force is not the one in the file.",
};

/** What was warned of last: it stays so where an answer does not tell of it. */
let warnings = [];

/** Show the checks that are not well, and what the exporter warns of. */
export function showAttention({ checks = {}, warnings: told = warnings }) {
  warnings = told;
  const said = [
    ...Object.entries(checks)
      .filter(([, state]) => state !== "ok")
      .map(([check, state]) => ({
        what: `${check}: ${state.replaceAll("_", " ")}`,
        why: CHECKS[`${check} ${state}`] ?? "",
      })),
    ...warnings.map((warning) => ({ what: "warning", why: sentence(warning) })),
  ];
  keyed(byId("attention-list"), said, {
    key: ({ what, why }) => JSON.stringify([what, why]),
    create: ({ what, why }) => element("li", {}, element("strong", {}, what), ` ${why}`),
    update: () => {},
  });
  byId("attention").hidden = !said.length;
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
