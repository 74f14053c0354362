// The live page: asks the exporter every few seconds, and gives each answer to whoever shows it.

import { showAttention } from "./attention.js";
import { learnTime, startTicking } from "./clock.js";
import { startCopying } from "./copy.js";
import { byId, setAttribute, setText } from "./dom.js";
import { EventList } from "./events.js";
import { Own } from "./exporter.js";
import { count, timeOfDay } from "./format.js";
import { Models } from "./models.js";
import { Poller } from "./poll.js";
import { showQueues, showQuotas } from "./readings.js";
import { requestsTable } from "./requests.js";
import { sessionsTable } from "./sessions.js";
import { showStart } from "./start.js";
import { EventFeed } from "./stream.js";
import { showCourse, showLimits, showOverview, startTiles } from "./tiles.js";
import { toolsTable } from "./tools.js";

const SOON_MS = 2_000;
const LATER_MS = 5_000;
const SELDOM_MS = 15_000;

const ROWS_ASKED = 200;
const COURSES_ASKED = 50;

startTiles();
startCopying();
startTicking();

const models = new Models(byId("models-table"), byId("models-sub"));
const sessions = sessionsTable(byId("sessions-table"));
const requests = requestsTable(byId("requests-table"));
const tools = toolsTable(byId("tools-table"));
const own = new Own();
const events = new EventList();
const feed = new EventFeed({
  onEvents: (fresh) => {
    known.events ||= fresh.length > 0;
    events.add(fresh);
    showWhetherEmpty();
  },
  onBreak: (gap) => events.note(gap),
  onMode: (mode) => events.tell(mode),
});

/** What has been heard of: as long as it is nothing, the page says how to begin. */
const known = { models: 0, agents: 0, requests: 0, events: false, asked: false };

const poller = new Poller(
  [
    resource("overview", SOON_MS, "api/v1/overview", takeOverview),
    resource("models", SOON_MS, "api/v1/models", takeModels),
    resource("timeline", SOON_MS, `api/v1/timeline?limit=${COURSES_ASKED}`, takeTimeline),
    resource("requests", SOON_MS, `api/v1/requests?limit=${ROWS_ASKED}`, takeRequests),
    { name: "events", everyMs: 0, path: () => feed.path(), take: (page) => feed.take(page) },
    resource("sessions", LATER_MS, `api/v1/sessions?sort=cost&limit=${ROWS_ASKED}`, takeSessions),
    resource("tools", LATER_MS, `api/v1/tools?limit=${ROWS_ASKED}`, takeTools),
    resource("quotas", LATER_MS, "api/v1/quotas", ({ quotas }) =>
      showQuotas(byId("quotas-list"), byId("quotas-sub"), quotas),
    ),
    resource("queues", LATER_MS, "api/v1/queues", ({ queues }) =>
      showQueues(byId("queues-list"), byId("queues-sub"), queues),
    ),
    resource("agents", LATER_MS, "api/v1/agents", takeAgents),
    resource("exporter", SOON_MS, "api/v1/exporter", takeExporter),
    resource("cardinality", SELDOM_MS, "api/v1/cardinality", (use) => own.showCardinality(use)),
  ],
  showConnection,
);

function resource(name, everyMs, path, take) {
  return { name, everyMs, path: () => path, take };
}

function takeOverview(overview) {
  learnTime(overview.now);
  known.requests = overview.requests_in_flight;
  setText(byId("version"), overview.version);
  showOverview(overview);
}

function takeModels(answer) {
  known.models = answer.models.length;
  models.show(answer);
  showLimits(answer.models);
  showWhetherEmpty();
}

function takeTimeline(timeline) {
  showCourse(timeline);
  models.showCourses(timeline);
}

function takeRequests(answer) {
  setText(byId("requests-sub"), count(known.requests));
  requests.update(answer.requests, Math.max(known.requests, answer.requests.length));
}

function takeSessions(answer) {
  const all = answer.sessions.length < ROWS_ASKED ? "" : " dearest";
  setText(byId("sessions-sub"), `${count(answer.sessions.length)}${all}`);
  sessions.update(answer.sessions);
}

function takeTools(answer) {
  setText(byId("tools-sub"), count(answer.tools.length));
  tools.update(answer.tools);
}

function takeAgents({ agents }) {
  known.agents = agents.length;
  known.asked = true;
  own.agents.update(agents);
  showWhetherEmpty();
}

function takeExporter(answer) {
  own.show(answer);
  showAttention(answer);
  showStart(answer.pushes);
}

function showWhetherEmpty() {
  if (!known.asked) return;
  const empty = !(known.models || known.agents || known.requests || known.events);
  document.body.dataset.state = empty ? "empty" : "busy";
  byId("start").hidden = !empty;
}

function showConnection({ kind, since, retryAt }) {
  const node = byId("connection");
  setAttribute(node, "data-kind", kind);
  setAttribute(document.body, "data-connection", kind);
  const said = {
    live: "Live",
    paused: "Paused",
    away: `Disconnected since ${timeOfDay(new Date(since))}`,
    starting: `Starting: not ready since ${timeOfDay(new Date(since))}`,
    refused: "Refused: the exporter asks for credentials",
  };
  setText(node, said[kind]);
  setAttribute(node, "title", retryAt ? `tries again at ${timeOfDay(new Date(retryAt))}` : null);
  if (kind === "away" || kind === "starting") explain();
}

/** `/health` is answered where nothing else is: it knows why. */
async function explain() {
  try {
    const response = await fetch("health", { cache: "no-store" });
    showAttention(await response.json());
  } catch {
    // It is gone, as the page says already.
  }
}

function goOn() {
  const wanted = document.visibilityState === "visible" && !pausing();
  if (wanted) {
    poller.start();
  } else {
    poller.pause();
    feed.close();
  }
}

const pausing = () => byId("pause").getAttribute("aria-pressed") === "true";

byId("pause").addEventListener("click", () => {
  setAttribute(byId("pause"), "aria-pressed", String(!pausing()));
  goOn();
});
document.addEventListener("visibilitychange", goOn);

for (const button of document.querySelectorAll("[data-level][aria-pressed]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-level][aria-pressed]")) {
      setAttribute(other, "aria-pressed", String(other === button));
    }
    events.clear();
    feed.choose(button.dataset.level);
    poller.hurry("events");
  });
}

setText(byId("host"), location.host);
showStart(null);
goOn();
