// Asks the exporter again and again, gently.
//
// It goes in rounds. A round first asks the heartbeat, and only if that is answered the resources
// that are due, and it waits for all of them: so there is never more than one request under way for
// a resource, and a slow exporter is asked more slowly. While the heartbeat is not answered, rounds
// come further and further apart. A resource that has not been answered for three of its intervals
// is told as stale, though the heartbeat is answered.

const ROUND_MS = 2_500;
const PATIENCE_MS = 15_000;
const AWAY_MS_MAX = 15_000;

const CHECK_MS = 1_000;
const STALE_INTERVALS = 3;

/** A round may take this share of the time at the most, so that a busy exporter has rest. */
const BUSY_SHARE = 0.2;

/** What an answer says that has nothing else to say. */
const KINDS = { 401: "refused", 403: "forbidden", 429: "slowed", 503: "starting" };

export class Poller {
  /**
   * `resources` are `{name, path, everyMs, take}`: `path()` may return `null` for "not now", `take`
   * gets the answer. The first one is the heartbeat.
   *
   * `onState` is told `{kind, since, retryAt}`: kind is live, paused, away (no answer), starting
   * (not ready to answer), refused (without credentials), forbidden, slowed (asked too often) or
   * failing. `onStale` is told every second of the resources that are, `{resource, since, kind}`.
   * `onStall` is called where nothing came within the patience, and returns whether it has made
   * room, so that asking again may help.
   */
  constructor(resources, { onState, onStale, onStall }) {
    const [heartbeat, ...others] = resources.map((resource) => ({
      dueAt: 0,
      goodAt: Date.now(),
      kind: "away",
      ...resource,
    }));
    this.heartbeat = heartbeat;
    this.others = others;
    this.onState = onState;
    this.onStale = onStale;
    this.onStall = onStall;
    this.failures = 0;
    this.paused = false;
    this.timer = null;
    this.rounding = false;
    this.again = false;
    this.state = { kind: "connecting" };
    setInterval(() => this.#tellStale(), CHECK_MS);
  }

  /** Ask everything now. */
  start() {
    this.paused = false;
    this.#reckonAnew();
    this.#soon();
  }

  /** Ask nothing until `start`. */
  pause() {
    this.paused = true;
    clearTimeout(this.timer);
    this.#tell({ kind: "paused" });
  }

  /** Ask one resource now. */
  hurry(name) {
    for (const resource of this.others) if (resource.name === name) resource.dueAt = 0;
    if (!this.paused) this.#soon();
  }

  #soon() {
    if (this.rounding) {
      this.again = true;
    } else {
      this.#schedule(0);
    }
  }

  #schedule(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#round(), delayMs);
  }

  async #round() {
    this.rounding = true;
    const began = performance.now();
    const delayMs = await this.#asked();
    this.rounding = false;
    if (this.paused) {
      this.again = false;
      return;
    }
    const restMs = Math.min((performance.now() - began) * (1 / BUSY_SHARE - 1), AWAY_MS_MAX);
    this.#schedule(this.again ? 0 : Math.max(delayMs, restMs));
    this.again = false;
  }

  /** Ask what is due, and return after how many milliseconds to ask again. */
  async #asked() {
    try {
      await this.#ask(this.heartbeat);
    } catch (error) {
      return this.#awayFor(error);
    }
    if (this.failures) this.#reckonAnew();
    this.failures = 0;
    if (this.paused) return ROUND_MS;
    this.#tell({ kind: "live" });
    const at = performance.now();
    const due = this.others.filter((resource) => resource.dueAt <= at && resource.path() !== null);
    await Promise.all(due.map((resource) => this.#askOther(resource, at)));
    return ROUND_MS;
  }

  async #askOther(resource, at) {
    resource.dueAt = at + resource.everyMs;
    try {
      await this.#ask(resource);
    } catch (error) {
      // What was shown stays, and is told as stale in time.
      if (!(error instanceof Unanswered)) return reportError(error);
      resource.kind = error.kind;
      resource.dueAt = at + Math.max(resource.everyMs, error.retryMs);
      if (error.stalled) this.onStall();
    }
  }

  async #ask(resource) {
    const path = resource.path();
    const answer = await answered(path);
    resource.goodAt = Date.now();
    if (!this.paused && resource.path() === path) resource.take(answer);
  }

  #awayFor(error) {
    if (!(error instanceof Unanswered)) {
      // A fault of the page's own: told in the console, and the rounds go on.
      reportError(error);
      return ROUND_MS;
    }
    if (error.stalled && this.onStall()) return 0;
    this.failures += 1;
    const backoffMs = Math.min(1_000 * 2 ** (this.failures - 1), AWAY_MS_MAX);
    const delayMs = Math.max(error.retryMs, backoffMs * (0.75 + Math.random() / 2));
    if (!this.paused) this.#tell({ kind: error.kind, retryAt: Date.now() + delayMs });
    return delayMs;
  }

  /** All is due, and nothing is stale for want of having been asked. */
  #reckonAnew() {
    for (const resource of this.others) {
      resource.dueAt = 0;
      resource.goodAt = Date.now();
    }
  }

  #tellStale() {
    if (this.paused || this.failures) return;
    const at = Date.now();
    const stale = [];
    for (const resource of this.others) {
      const patienceMs = STALE_INTERVALS * Math.max(resource.everyMs, ROUND_MS);
      if (resource.path() === null) {
        resource.goodAt = at;
      } else if (at - resource.goodAt > patienceMs) {
        stale.push({ resource, since: resource.goodAt, kind: resource.kind });
      }
    }
    this.onStale(stale);
  }

  #tell(state) {
    const since = state.kind === this.state.kind ? this.state.since : Date.now();
    this.state = { ...state, since };
    this.onState(this.state);
  }
}

/** There was no answer that says anything: `kind` is why; `stalled` where it did not come in time. */
class Unanswered extends Error {
  constructor(kind, { retryMs = 0, stalled = false } = {}) {
    super(kind);
    this.kind = kind;
    this.retryMs = retryMs;
    this.stalled = stalled;
  }
}

async function answered(path) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    if (response.ok) return await response.json();
  } catch (error) {
    throw new Unanswered("away", { stalled: error.name === "TimeoutError" });
  }
  const retryMs = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
  throw new Unanswered(KINDS[response.status] ?? "failing", { retryMs });
}
