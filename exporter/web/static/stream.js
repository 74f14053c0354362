// The events as they happen: by the stream where there is one, else by asking.
//
// A page of /api/v1/events tells where to begin, then the stream goes on after it. A browser mends a
// broken stream by itself, saying in Last-Event-ID what it saw last. It does not where it got an
// answer that is no stream (the exporter is starting, or has too many readers): then the events are
// asked for in the rounds of the poller, and the stream is tried again later. Both ways may tell of
// the same event, so what is not newer than the newest is passed over.

const RETRY_MS = 4_000;
const RETRY_MS_MAX = 60_000;
const PAGE = 200;

export class EventFeed {
  /**
   * `onEvents` gets new events, the oldest first. `onBreak` gets why some are missing: a gap of
   * `{first, last}`, or `null` where the exporter began its numbers anew. `onMode` gets `streaming`
   * or `polling`.
   */
  constructor({ onEvents, onBreak, onMode }) {
    this.onEvents = onEvents;
    this.onBreak = onBreak;
    this.onMode = onMode;
    this.level = "";
    this.newest = null;
    this.source = null;
    this.streaming = false;
    this.retryMs = RETRY_MS;
    this.retryAt = 0;
    this.knowsOfRestart = false;
  }

  /** Where to ask for events now, or `null` while they come by themselves. */
  path() {
    if (this.streaming) return null;
    return `api/v1/events?limit=${PAGE}${this.level ? `&level=${this.level}` : ""}`;
  }

  /** Take a page of events, the newest first, and stream from there on. */
  take(page) {
    const newest = page.events.length ? page.events[0].seq : 0;
    if (this.newest !== null && newest < this.newest && !this.level) {
      this.#restart();
      this.knowsOfRestart = this.source !== null;
    }
    this.#deliver(page.events.toReversed?.() ?? [...page.events].reverse());
    this.newest ??= 0;
    if (this.source === null && performance.now() >= this.retryAt) this.#open();
  }

  /** Tell only of events of one level from now on; empty is all. */
  choose(level) {
    this.close();
    this.level = level;
    this.newest = null;
    this.retryAt = 0;
  }

  /** Let go of the stream; `take` opens another. */
  close() {
    this.source?.close();
    this.source = null;
    this.knowsOfRestart = false;
    this.#mode(false);
  }

  #open() {
    const level = this.level ? `&level=${this.level}` : "";
    const source = new EventSource(`api/v1/stream?after=${this.newest}${level}`);
    this.source = source;
    source.addEventListener("open", () => {
      this.retryMs = RETRY_MS;
      this.#mode(true);
    });
    source.addEventListener("event", (message) => this.#deliver([JSON.parse(message.data)]));
    source.addEventListener("gap", (message) => this.#gap(JSON.parse(message.data)));
    source.addEventListener("restart", () => this.#restart());
    source.addEventListener("error", () => this.#broken(source));
  }

  #broken(source) {
    if (this.source !== source) return;
    this.#mode(false);
    if (source.readyState !== EventSource.CLOSED) return;
    this.source = null;
    this.retryAt = performance.now() + this.retryMs;
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }

  #deliver(events) {
    const fresh = events.filter((event) => this.newest === null || event.seq > this.newest);
    if (!fresh.length) return;
    this.newest = fresh.at(-1).seq;
    this.onEvents(fresh);
  }

  #gap(gap) {
    if (gap.last <= this.newest) return;
    this.newest = gap.last;
    this.onBreak(gap);
  }

  #restart() {
    if (this.knowsOfRestart) {
      this.knowsOfRestart = false;
      return;
    }
    this.newest = 0;
    this.onBreak(null);
  }

  #mode(streaming) {
    this.streaming = streaming;
    this.onMode(streaming ? "streaming" : "polling");
  }
}
