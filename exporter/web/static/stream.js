// The events as they happen: by the stream where there is one, else by asking.
//
// A first page of /api/v1/events tells where the ring stands, and the stream goes on after that.
// From then on the place in the ring is known, and after a pause the stream is opened there again,
// so that nothing is passed over which the ring still holds. A browser mends a broken stream by
// itself. It does not where it got an answer that is no stream (the exporter is starting, or has too
// many readers), nor where other windows have all the places: then the events are asked for in the
// rounds of the poller, page by page back to the place, and the stream is tried again later. Both
// ways may tell of the same event, so what is not newer than the newest is passed over.

import { takePlace } from "./place.js";

const OPEN_MS_MAX = 5_000;
const RETRY_MS = 4_000;
const RETRY_MS_MAX = 60_000;
const CROWDED_MS = 300_000;

const PAGE = 200;

/** So many are kept by who shows them: reading further back would be for nothing. */
const READ_MAX = 500;

export class EventFeed {
  /**
   * `onEvents` gets new events, the oldest first. `onBreak` gets why some are missing: a gap of
   * `{first, last}`, or `null` where the exporter began its numbers anew. `onMode` gets `streaming`
   * or `polling`. `onMore` is called where `path` is to be asked at once.
   */
  constructor({ onEvents, onBreak, onMode, onMore }) {
    this.onEvents = onEvents;
    this.onBreak = onBreak;
    this.onMode = onMode;
    this.onMore = onMore;
    this.level = "";
    this.newest = null;
    this.reading = null;
    this.retryMs = RETRY_MS;
    this.retryAt = 0;
    this.#forgetStream();
  }

  /** Where to ask for events now, or `null` while they come by themselves. */
  path() {
    if (this.streaming || this.opening) return null;
    const before = this.reading ? `&before=${this.reading.before}` : "";
    return `api/v1/events?limit=${PAGE}${this.#filter()}${before}`;
  }

  /** Go on after a pause, where it stopped. */
  resume() {
    this.retryMs = RETRY_MS;
    if (this.newest !== null && !this.opening && this.source === null) this.#open();
  }

  /** Take a page of events, the newest first: the one that `path` told. */
  take(page) {
    this.reading ??= this.#begun(page);
    const { events, newest } = this.reading;
    events.push(...page.events);
    const oldest = events.at(-1)?.seq ?? 0;
    const whole = this.newest === null || page.next === null || oldest <= this.newest + 1;
    if (!whole && events.length < READ_MAX) {
      this.reading.before = page.next;
      this.onMore();
      return;
    }
    this.reading = null;
    if (!whole) this.#gap({ first: this.newest + 1, last: oldest - 1 });
    this.#deliver(events.reverse());
    this.newest = Math.max(this.newest ?? 0, newest);
    if (this.source === null && performance.now() >= this.retryAt) this.#open();
  }

  /** Tell only of events of one level from now on; empty is all. */
  choose(level) {
    this.close();
    this.level = level;
    this.newest = null;
    this.retryAt = 0;
  }

  /** Let go of the stream; `take` or `resume` opens another. */
  close() {
    this.source?.close();
    this.giveBack?.();
    clearTimeout(this.waiting);
    this.reading = null;
    this.#forgetStream();
    this.#mode(false);
  }

  /** Make room where the browser has no connection left, for a while; return whether there was one. */
  makeRoom() {
    if (this.source === null) return false;
    this.close();
    this.retryAt = performance.now() + CROWDED_MS * (0.5 + Math.random());
    return true;
  }

  #forgetStream() {
    this.source = null;
    this.giveBack = null;
    this.waiting = null;
    this.opening = null;
    this.streaming = false;
  }

  #filter() {
    return this.level ? `&level=${this.level}` : "";
  }

  /** The first page tells where the ring stands, whatever the filter. */
  #begun({ newest }) {
    if (this.newest !== null && (newest ?? 0) < this.newest) {
      // A stream that is being mended would tell of it once more.
      this.close();
      this.#restart();
    }
    return { newest: newest ?? 0, events: [] };
  }

  async #open() {
    const opening = {};
    this.opening = opening;
    const giveBack = await takePlace();
    if (this.opening !== opening) {
      giveBack?.();
      return;
    }
    if (!giveBack) {
      this.#tryLater();
      return;
    }
    this.giveBack = giveBack;
    const source = new EventSource(`api/v1/stream?after=${this.newest}${this.#filter()}`);
    this.source = source;
    this.waiting = setTimeout(() => this.#tryLater(), OPEN_MS_MAX);
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("event", (message) => this.#deliver([JSON.parse(message.data)]));
    source.addEventListener("gap", (message) => this.#gap(JSON.parse(message.data)));
    source.addEventListener("restart", () => this.#restart());
    source.addEventListener("error", () => this.#broken(source));
  }

  #opened() {
    clearTimeout(this.waiting);
    this.retryMs = RETRY_MS;
    this.opening = null;
    this.reading = null;
    this.#mode(true);
  }

  #broken(source) {
    if (this.source !== source) return;
    if (source.readyState === EventSource.CLOSED) {
      this.#tryLater();
    } else {
      this.opening = null;
      this.#mode(false);
    }
  }

  #tryLater() {
    this.close();
    this.retryAt = performance.now() + this.retryMs;
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
    this.onMore();
  }

  #deliver(events) {
    const fresh = events.filter((event) => this.newest === null || event.seq > this.newest);
    if (!fresh.length) return;
    this.newest = fresh.at(-1).seq;
    this.onEvents(fresh);
  }

  #gap({ first, last }) {
    if (last <= this.newest) return;
    this.onBreak({ first: Math.max(first, this.newest + 1), last, filtered: this.level !== "" });
    this.newest = last;
  }

  #restart() {
    this.newest = 0;
    this.onBreak(null);
  }

  #mode(streaming) {
    this.streaming = streaming;
    this.onMode(streaming ? "streaming" : "polling");
  }
}
