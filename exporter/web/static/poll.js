// Asks the exporter again and again, gently.
//
// It goes in rounds. A round first asks the heartbeat, and only if that is answered the resources
// that are due, and it waits for all of them: so there is never more than one request under way for
// a resource, and a slow exporter is asked more slowly. While the heartbeat is not answered, rounds
// come further and further apart.

const ROUND_MS = 2_500;
const PATIENCE_MS = 15_000;
const AWAY_MS_MAX = 15_000;

/** A round may take this share of the time at the most, so that a busy exporter has rest. */
const BUSY_SHARE = 0.2;

export class Poller {
  /**
   * `resources` are `{name, path, everyMs, take}`: `path()` may return `null` for "not now", `take`
   * gets the answer. The first one is the heartbeat. `onState` is told `{kind, since, retryAt}`:
   * kind is live, paused, away (no answer), starting (not ready to answer) or refused.
   */
  constructor(resources, onState) {
    const [heartbeat, ...others] = resources.map((resource) => ({ dueAt: 0, ...resource }));
    this.heartbeat = heartbeat;
    this.others = others;
    this.onState = onState;
    this.failures = 0;
    this.paused = false;
    this.timer = null;
    this.rounding = false;
    this.state = { kind: "connecting" };
  }

  /** Ask everything now. */
  start() {
    this.paused = false;
    for (const resource of this.others) resource.dueAt = 0;
    this.#schedule(0);
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
    if (!this.paused) this.#schedule(0);
  }

  #schedule(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#round(), delayMs);
  }

  async #round() {
    if (this.rounding) {
      this.again = true;
      return;
    }
    this.rounding = true;
    const began = performance.now();
    const delayMs = await this.#asked();
    this.rounding = false;
    if (this.paused) {
      this.again = false;
      return;
    }
    const restMs = (performance.now() - began) * (1 / BUSY_SHARE - 1);
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
    this.failures = 0;
    if (!this.paused) this.#tell({ kind: "live" });
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
      // What was shown stays; the heartbeat tells if the exporter is gone.
      if (!(error instanceof Unanswered)) reportError(error);
    }
  }

  async #ask(resource) {
    const path = resource.path();
    const answer = await answered(path);
    if (!this.paused && resource.path() === path) resource.take(answer);
  }

  #awayFor(error) {
    if (!(error instanceof Unanswered)) {
      // A fault of the page's own: told in the console, and the rounds go on.
      reportError(error);
      return ROUND_MS;
    }
    this.failures += 1;
    const backoffMs = Math.min(1_000 * 2 ** (this.failures - 1), AWAY_MS_MAX);
    const delayMs = Math.max(error.retryMs, backoffMs * (0.75 + Math.random() / 2));
    if (!this.paused) this.#tell({ kind: error.kind, retryAt: Date.now() + delayMs });
    for (const resource of this.others) resource.dueAt = 0;
    return delayMs;
  }

  #tell(state) {
    const since = state.kind === this.state.kind ? this.state.since : Date.now();
    this.state = { ...state, since };
    this.onState(this.state);
  }
}

/** There was no answer that says anything: `kind` is why. */
class Unanswered extends Error {
  constructor(kind, retryMs = 0) {
    super(kind);
    this.kind = kind;
    this.retryMs = retryMs;
  }
}

async function answered(path) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    if (response.ok) return await response.json();
  } catch {
    throw new Unanswered("away");
  }
  const retryMs = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
  if (response.status === 503) throw new Unanswered("starting", retryMs);
  if (response.status === 401 || response.status === 403) throw new Unanswered("refused");
  throw new Unanswered("away", retryMs);
}
