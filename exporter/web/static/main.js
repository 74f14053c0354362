// The live page: asks the exporter every few seconds, and gives each answer to whoever shows it.

import { showAttention } from "./attention.js";
import { learnTime, startTicking } from "./clock.js";
import { startCopying } from "./copy.js";
import { byId, setAttribute, setText } from "./dom.js";
import { EventList } from "./events.js";
import { Own } from "./exporter.js";
import { count, timeOfDay } from "./format.js";
import { showStale } from "./freshness.js";
import { Models } from "./models.js";
import { Poller } from "./poll.js";
import { queuesList, quotasList } from "./readings.js";
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
const quotas = quotasList(byId("quotas-list"), byId("quotas-sub"));
const queues = queuesList(byId("queues-list"), byId("queues-sub"));
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
  onMore: () => poller.hurry("events"),
});

/** What has been heard of: as long as it is nothing, the page says how to begin. */
const known = { models: 0, agents: 0, requests: 0, events: false, asked: false };

const poller = new Poller(
  [
    resource("glance", "overview", SOON_MS, "api/v1/overview", takeOverview),
    resource("models", "models", SOON_MS, "api/v1/models", takeModels),
    resource("glance", "charts", SOON_MS, `api/v1/timeline?limit=${COURSES_ASKED}`, takeTimeline),
    resource("requests", "requests", SOON_MS, `api/v1/requests?limit=${ROWS_ASKED}`, takeRequests),
    {
      name: "events",
      section: byId("events"),
      everyMs: 0,
      path: () => feed.path(),
      take: (page) => feed.take(page),
    },
    resource("sessions", "sessions", LATER_MS, `api/v1/sessions?sort=cost&limit=${ROWS_ASKED}`, takeSessions),
    resource("tools", "tools", LATER_MS, `api/v1/tools?limit=${ROWS_ASKED}`, takeTools),
    resource("quotas", "quotas", LATER_MS, "api/v1/quotas", (answer) => quotas.show(answer.quotas)),
    resource("queues", "queues", LATER_MS, "api/v1/queues", (answer) => queues.show(answer.queues)),
    resource("exporter", "agents", LATER_MS, "api/v1/agents", takeAgents),
    resource("exporter", "health", SOON_MS, "api/v1/exporter", takeExporter),
    resource("exporter", "labels and families", SELDOM_MS, "api/v1/cardinality", (use) => own.showCardinality(use)),
  ],
  { onState: showConnection, onStale: takeStale, onStall: () => feed.makeRoom() },
);

/** Something that is asked for and shown in a section; `name` is how people call it. */
function resource(section, name, everyMs, path, take) {
  return { name, section: byId(section), everyMs, path: () => path, take };
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
  setText(byId("sessions-sub"), shownOf(answer.sessions, answer.total));
  sessions.update(answer.sessions, answer.total);
}

function takeTools(answer) {
  setText(byId("tools-sub"), shownOf(answer.tools, answer.total));
  tools.update(answer.tools, answer.total);
}

const shownOf = (rows, total) =>
  rows.length < total ? `${count(rows.length)} of ${count(total)}` : count(rows.length);

function takeAgents({ agents }) {
  known.agents = agents.length;
  known.asked = true;
  own.showAgents(agents);
  showWhetherEmpty();
}

function takeExporter(answer) {
  own.show(answer);
  showAttention(answer);
  showStart(answer.pushes);
}

function takeStale(stale) {
  showStale(stale);
  // What is not told must not keep back what is.
  if (stale.length && !known.asked) {
    known.asked = true;
    document.body.dataset.state = "busy";
  }
}

function showWhetherEmpty() {
  if (!known.asked) return;
  const empty = !(known.models || known.agents || known.requests || known.events);
  document.body.dataset.state = empty ? "empty" : "busy";
  byId("start").hidden = !empty;
  setAttribute(byId("skip"), "href", empty ? "#start" : "#models");
  setText(byId("skip"), empty ? "Skip to how to begin" : "Skip to the models");
}

function showConnection({ kind, since, retryAt }) {
  const node = byId("connection");
  setAttribute(node, "data-kind", kind);
  setAttribute(document.body, "data-connection", kind);
  const at = timeOfDay(new Date(since));
  const said = {
    live: "Live",
    paused: "Paused",
    away: `Disconnected since ${at}`,
    starting: `Starting: not ready since ${at}`,
    refused: "Refused: the exporter asks for credentials",
    forbidden: `Not allowed: refused since ${at}`,
    slowed: `Asked to slow down since ${at}`,
    failing: `The exporter answers with errors since ${at}`,
  };
  setText(node, said[kind]);
  setAttribute(node, "title", retryAt ? `tries again at ${timeOfDay(new Date(retryAt))}` : null);
  if (["away", "starting", "failing"].includes(kind)) explain();
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
    feed.resume();
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
byId("unloaded").remove();
goOn();
