// Copying, and the dialog that shows PromQL.
//
// The clipboard's API is there on https and on the machine itself only. Elsewhere the old command
// does it, and where that is refused too the text is left selected.

import { byId, element, setText } from "./dom.js";
import { QUERIES } from "./promql.js";

const TOLD_MS = 1_800;

/** Copy the text of `node`, and say on `button` how it went. */
export async function copy(node, button) {
  const copied = (await byAPI(node.textContent)) || byCommand(node);
  const said = button.dataset.said ?? button.textContent;
  button.dataset.said = said;
  setText(button, copied ? "Copied" : "Press Ctrl+C");
  clearTimeout(button.telling);
  button.telling = setTimeout(() => setText(button, said), TOLD_MS);
}

async function byAPI(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function byCommand(node) {
  getSelection().selectAllChildren(node);
  return document.execCommand("copy");
}

/** Make every button that names a text or a set of queries do so. */
export function startCopying() {
  const dialog = byId("queries");
  document.addEventListener("click", (click) => {
    const button = click.target.closest("button");
    if (!button) return;
    if (button.dataset.copies) copy(byId(button.dataset.copies), button);
    if (button.dataset.queries) showQueries(dialog, QUERIES[button.dataset.queries]);
    if (button.id === "queries-close") dialog.close();
  });
  // A click beside it closes it, as people expect.
  dialog.addEventListener("click", (click) => {
    if (click.target === dialog) dialog.close();
  });
}

function showQueries(dialog, { title, note, queries }) {
  setText(byId("queries-title"), `PromQL: ${title}`);
  const entries = queries.map(([what, promql], place) => {
    const code = element("code", { id: `query-${place}` }, promql);
    const button = element(
      "button",
      { type: "button", "data-copies": `query-${place}`, "aria-label": `Copy: ${what}` },
      "Copy",
    );
    return element("li", {}, element("h3", {}, what), element("div", { class: "query" }, code, button));
  });
  if (note) entries.push(element("li", { class: "hint" }, note));
  byId("queries-list").replaceChildren(...entries);
  dialog.showModal();
}
