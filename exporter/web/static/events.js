// The newest events, as they come, by level and by text.
//
// A few hundred are kept and fewer shown, whatever arrives, and they are drawn a few times a second
// at the most: a flood costs the reader nothing.

import { count, cut, timeOfDay } from "./format.js";
import { byId, element, keyed, setAttribute, setText } from "./dom.js";

const KEPT_MAX = 500;
const SHOWN_MAX = 200;
const DRAW_MS = 250;

const MESSAGE_MAX = 1_000;
const CONTEXT_MAX = 2_000;
const SOURCE_MAX = 128;

export class EventList {
  constructor() {
    this.list = byId("events-list");
    this.sub = byId("events-sub");
    this.entries = [];
    this.epoch = 0;
    this.words = "";
    this.drawing = null;
    this.mode = "polling";
    byId("events-text").addEventListener("input", (input) => {
      this.words = input.target.value.trim().toLowerCase();
      this.#draw();
    });
    byId("events-context").addEventListener("click", (click) => {
      const shown = click.currentTarget.getAttribute("aria-pressed") !== "true";
      click.currentTarget.setAttribute("aria-pressed", String(shown));
      this.list.toggleAttribute("data-context", shown);
    });
    this.#draw();
  }

  /** Add events, the oldest first. */
  add(events) {
    for (const event of events) this.#keep({ key: `${this.epoch}:${event.seq}`, event });
  }

  /** Say where events are missing: a gap, or `null` where the numbers begin anew. */
  note(gap) {
    this.epoch += gap ? 0 : 1;
    const said = gap ? missing(gap) : "the exporter began its events anew";
    this.#keep({ key: `${this.epoch}:break:${gap?.first ?? ""}`, said });
  }

  clear() {
    this.entries = [];
    this.epoch += 1;
    this.#draw();
  }

  /** Say how events come: `streaming` or `polling`. */
  tell(mode) {
    this.mode = mode;
    this.#tellCount(this.list.childElementCount);
  }

  #keep(entry) {
    this.entries.unshift(entry);
    if (this.entries.length > KEPT_MAX) this.entries.length = KEPT_MAX;
    this.drawing ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw() {
    clearTimeout(this.drawing);
    this.drawing = null;
    const found = this.entries.filter((entry) => this.#matches(entry));
    const visible = found.slice(0, SHOWN_MAX);
    keyed(this.list, visible, { key: (entry) => entry.key, create, update: () => {} });
    this.list.toggleAttribute("data-empty", !visible.length);
    setAttribute(
      this.list,
      "data-none",
      this.entries.length ? "No event holds that text." : "Nothing of this kind has happened.",
    );
    this.#tellCount(visible.length);
  }

  #matches(entry) {
    if (!this.words) return true;
    if (entry.said) return false;
    entry.text ??= [entry.event.source, entry.event.message, contextOf(entry.event)]
      .join("\n")
      .toLowerCase();
    return entry.text.includes(this.words);
  }

  #tellCount(shown) {
    setText(this.sub, `${count(shown)} newest, ${this.mode === "streaming" ? "live" : "every few seconds"}`);
  }
}

/** How many are missing; of one level nobody knows, since all are numbered together. */
const missing = ({ first, last, filtered }) =>
  `${filtered ? "up to " : ""}${count(last - first + 1)} events are not shown: they came faster than they were read`;

const contextOf = (event) => (event.context ? JSON.stringify(event.context) : "");

function create({ event, said }) {
  if (said) return element("li", { class: "break" }, said);
  const at = new Date(event.timestamp);
  const context = contextOf(event);
  return element(
    "li",
    { "data-level": event.level },
    element("time", { datetime: event.timestamp, title: at.toLocaleString() }, timeOfDay(at)),
    element("span", { class: "level" }, event.level),
    element("span", { class: "source", dir: "auto" }, cut(event.source, SOURCE_MAX)),
    element("span", { class: "message", dir: "auto" }, cut(event.message, MESSAGE_MAX)),
    ...(context ? [element("code", { class: "context" }, cut(context, CONTEXT_MAX))] : []),
  );
}
