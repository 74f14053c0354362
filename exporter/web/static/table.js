// Tables that are sorted by the buttons in their heads, and hold still while somebody points at them.

import { element, keyed, setAttribute } from "./dom.js";
import { ROWS_MAX_ALL, showMore } from "./more.js";

const canHover = matchMedia("(hover: hover)");

export class Table {
  /**
   * `columns` are `{name, title, numeric, value, show}`: `value(row)` is what is sorted by, `null`
   * last; `show(cell, row)` fills the cell. The first one names the row. `key(row)` tells rows
   * apart; `sort` is `{column, descending}`; `rowsMax` are shown until somebody wants all; `none`
   * is said where there are no rows.
   */
  constructor(table, { caption, columns, key, sort, rowsMax = 10, none }) {
    this.table = table;
    this.columns = columns;
    this.key = key;
    this.sort = sort;
    this.rows = [];
    this.total = 0;
    this.rowsMax = rowsMax;
    this.rowsMaxFolded = rowsMax;
    this.order = new Map();
    this.heads = columns.map((column) => this.#head(column));
    this.body = element("tbody");
    table.append(
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, ...this.heads)),
      this.body,
    );
    this.more = element("button", { type: "button", class: "more", hidden: "" });
    this.more.addEventListener("click", () => this.#fold());
    this.empty = element("p", { class: "none" }, none);
    table.parentElement.after(this.empty, this.more);
    this.#tellSort();
  }

  /** Show these rows, `total` of them where not all are given. */
  update(rows, total = rows.length) {
    this.rows = rows;
    this.total = total;
    this.redraw();
  }

  /** Show the same rows again, where something else that their cells show has changed. */
  redraw() {
    this.#draw(canHover.matches && this.body.matches(":hover"));
  }

  #draw(holdStill) {
    const sorted = this.#sorted(holdStill);
    const visible = sorted.slice(0, this.rowsMax);
    this.order = new Map(sorted.map((row, place) => [this.key(row), place]));
    keyed(this.body, visible, {
      key: this.key,
      create: () => this.#row(),
      update: (line, row) => {
        this.columns.forEach((column, place) => column.show(line.children[place], row));
      },
    });
    this.table.parentElement.hidden = !visible.length;
    this.empty.hidden = visible.length > 0;
    showMore(this.more, {
      shown: visible.length,
      folded: this.rowsMaxFolded,
      rows: this.rows.length,
      total: this.total,
    });
  }

  #sorted(holdStill) {
    const { value } = this.columns.find((column) => column.name === this.sort.column);
    const sign = this.sort.descending ? -1 : 1;
    const valued = this.rows.map((row) => [row, value(row), this.key(row)]);
    const compare = (left, right) =>
      compared(left[1], right[1], sign) || (left[2] < right[2] ? -1 : 1);
    const placeOf = (name) => this.order.get(name) ?? Number.MAX_SAFE_INTEGER;
    const stay = (left, right) => placeOf(left[2]) - placeOf(right[2]) || compare(left, right);
    return valued.sort(holdStill ? stay : compare).map(([row]) => row);
  }

  #row() {
    const cells = this.columns.map((column, place) =>
      place === 0
        ? element("th", { scope: "row" })
        : element("td", { class: column.numeric ? "number" : "plain" }),
    );
    return element("tr", {}, ...cells);
  }

  #head(column) {
    const name = column.title ?? column.name;
    if (!column.value) return element("th", { scope: "col", class: "plain" }, name);
    const button = element("button", { type: "button" }, name);
    if (column.hint) button.setAttribute("title", column.hint);
    button.addEventListener("click", () => this.#sortBy(column));
    return element("th", { scope: "col", class: column.numeric ? "number" : "plain" }, button);
  }

  #sortBy(column) {
    const again = this.sort.column === column.name;
    this.sort = {
      column: column.name,
      descending: again ? !this.sort.descending : Boolean(column.numeric),
    };
    this.#tellSort();
    this.#draw(false);
  }

  #tellSort() {
    this.columns.forEach((column, place) => {
      const direction = this.sort.descending ? "descending" : "ascending";
      const sorted = column.name === this.sort.column;
      setAttribute(this.heads[place], "aria-sort", sorted ? direction : null);
    });
  }

  #fold() {
    const folded = this.rowsMax === this.rowsMaxFolded;
    this.rowsMax = folded ? ROWS_MAX_ALL : this.rowsMaxFolded;
    this.#draw(false);
    if (folded) {
      this.table.parentElement.focus({ preventScroll: true });
    } else {
      this.more.scrollIntoView({ block: "nearest" });
    }
  }
}

function compared(left, right, sign) {
  const leftless = left === null || left === undefined;
  const rightless = right === null || right === undefined;
  if (leftless || rightless) return Number(leftless) - Number(rightless);
  if (left === right) return 0;
  return left < right ? -sign : sign;
}
