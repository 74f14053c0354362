// The button below a list that shows all of it, and less again.

import { setText } from "./dom.js";
import { count } from "./format.js";

/** So many rows are made at the most, whoever wants all. */
export const ROWS_MAX_ALL = 500;

/**
 * Say on the button what it does. `shown` rows are there of the `rows` that were told, of `total`
 * that there are; `folded` is how many there are without it.
 */
export function showMore(button, { shown, folded, rows, total }) {
  const reachable = Math.min(rows, ROWS_MAX_ALL);
  button.hidden = reachable <= folded;
  const all = reachable < total ? `${count(reachable)} of` : "all";
  const left = shown < total ? ` (${count(shown)} of ${count(total)} are shown)` : "";
  const fewer = `Show fewer${left}`;
  setText(button, shown < reachable ? `Show ${all} ${count(total)}` : fewer);
}
