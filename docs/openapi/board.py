"""How everything is at one glance: what the live page shows, and the exporter itself."""

from docs.openapi.operation import Paths, query, whole
from docs.openapi.plain import COUNT, SECS, array, members, of_which, ref
from docs.openapi.read import read
from exporter.store.board import POINTS_MAX
from exporter.store.bounds import TOOLS_MAX
from exporter.web import api_overview, api_readings


def paths() -> Paths:
    """Return the operations by path and method."""
    return {**_board(), **_readings(), **_exporter()}


def _board() -> Paths:
    return {
        **read("/api/v1/overview", "getOverview", "Everything at one glance", ref("Overview")),
        **read(
            "/api/v1/timeline",
            "getTimeline",
            "The course of the window, of all models and of the busiest",
            ref("Timeline"),
            query(
                "limit",
                "How many models.",
                whole(1, api_overview.LIMIT_MAX, api_overview.LIMIT_DEFAULT),
            ),
            query(
                "points",
                "How many points at the most. Each is of whole slots, so there are no more than "
                "the window has of those.",
                whole(1, POINTS_MAX, api_overview.POINTS_DEFAULT),
            ),
        ),
    }


def _readings() -> Paths:
    return {
        **read(
            "/api/v1/tools",
            "listTools",
            "Tools over the window, the most called first",
            members(window_secs=SECS, total=COUNT, tools=array("ToolPerformance")),
            query("limit", "How many.", whole(1, TOOLS_MAX, api_readings.TOOLS_DEFAULT)),
        ),
        **read(
            "/api/v1/quotas",
            "listQuotas",
            "How much of each allowance is used, as last read",
            members(quotas=array("QuotaReading")),
        ),
        **read(
            "/api/v1/queues",
            "listQueues",
            "How deep each queue is, as last read",
            members(queues=array("QueueReading")),
        ),
        **read(
            "/api/v1/agents",
            "listAgents",
            "Who pushes, the one heard last first",
            members(agents=array("HeardAgent")),
        ),
    }


def _exporter() -> Paths:
    return {
        **read(
            "/api/v1/exporter", "getExporter", "How the exporter itself is", ref("ExporterState")
        ),
        **read(
            "/api/v1/cardinality",
            "getCardinality",
            "Where the series come from, and what found no room",
            ref("Cardinality"),
        ),
        **read(
            "/api/v1/summary",
            "exportSummary",
            "What another exporter may take in",
            of_which(
                "Summary",
                export_id={"type": "string"},
                model_performances=array("ModelPerformance"),
                state=ref("State"),
            ),
            description="Two at a time; past it 429.",
        ),
    }
