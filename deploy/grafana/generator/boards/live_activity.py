"""Live ops below the models: requests and queues, tools, the work done and what was logged."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import FAILED, HOUR_SECS
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import timeseries
from deploy.grafana.generator.queries import (
    SHOWN,
    Query,
    growth,
    quantile,
    rate,
    ratio,
    select,
    total,
)
from deploy.grafana.generator.tables import Column, count, table
from exporter.metrics.catalogue import (
    ACTIVE_SECONDS,
    COMMITS,
    EDIT_DECISIONS,
    LINES_OF_CODE,
    LOG_EVENTS,
    PULL_REQUESTS,
    QUEUE_DEPTH,
    REQUEST_DURATION,
    REQUESTS,
    REQUESTS_IN_FLIGHT,
    SESSIONS,
    TOOL_CALLS,
    TOOL_DURATION,
    USER_WAIT,
)

_TROUBLE: Final = 'level=~"warn|error"'


def requests() -> list[Json]:
    """Return the panels of user requests, and of what waits."""
    return [
        timeseries(
            "Requests in flight",
            "What agents are working on, by where it was asked.",
            Query(total(select(REQUESTS_IN_FLIGHT), "agent, channel"), "{{agent}} {{channel}}"),
            "short",
            stacked=True,
            none=looks.NO_REQUESTS,
        ),
        timeseries(
            "Requests by outcome",
            "User requests that ended, a minute.",
            Query(f"{rate(REQUESTS, by='outcome')} * 60", "{{outcome}}"),
            "cpm",
            colours=looks.OUTCOMES,
            stacked=True,
            none=looks.NO_REQUESTS,
        ),
        timeseries(
            "Duration of requests",
            "From the start of a request to its end, with all its calls and tools.",
            [
                Query(quantile(0.5, REQUEST_DURATION), "p50"),
                Query(quantile(0.95, REQUEST_DURATION), "p95"),
            ],
            "s",
            colours=looks.QUANTILES,
            none=looks.NO_REQUESTS,
        ),
        timeseries(
            "Queues",
            "Items that wait, as last reported; a queue that is heard of no more vanishes.",
            Query(total(select(QUEUE_DEPTH), "agent, queue"), "{{agent}} {{queue}}"),
            "short",
            none=looks.NOT_TOLD,
        ),
    ]


def tools() -> list[Json]:
    """Return the panels of tool calls."""
    failing = ratio(growth(TOOL_CALLS, FAILED, by="tool"), growth(TOOL_CALLS, by="tool"))
    return [
        table(
            "Tools",
            "Every tool over the time shown.",
            ["tool"],
            [
                count("Calls", growth(TOOL_CALLS, by="tool")),
                Column(
                    "Errors",
                    failing,
                    "percentunit",
                    looks.thresholds("green", (0.15, "orange"), (0.3, "red")),
                ),
                Column("p50", quantile(0.5, TOOL_DURATION, by="tool", over=SHOWN), "s"),
                Column("p95", quantile(0.95, TOOL_DURATION, by="tool", over=SHOWN), "s"),
            ],
            none=looks.NO_TOOLS,
        ),
        timeseries(
            "Tool calls",
            "Tool calls a minute, the ten that are called most.",
            Query(f"topk(10, {rate(TOOL_CALLS, by='tool')}) * 60", "{{tool}}"),
            "cpm",
            stacked=True,
            none=looks.NO_TOOLS,
        ),
        timeseries(
            "Slowest tools",
            "95 of 100 calls of a tool took no longer, the ten slowest.",
            Query(f"topk(10, {quantile(0.95, TOOL_DURATION, by='tool')})", "{{tool}}"),
            "s",
            none=looks.NO_TOOLS,
        ),
    ]


def work() -> list[Json]:
    """Return the panels of what came of it, as far as agents tell."""
    return [
        timeseries(
            "Lines of code",
            "Lines added and removed, an hour.",
            Query(f"{rate(LINES_OF_CODE, by='type')} * {HOUR_SECS}", "{{type}}"),
            "short",
            colours={"added": "green", "removed": "red"},
            none=looks.NOT_TOLD,
        ),
        timeseries(
            "Handed in",
            "Sessions begun, commits and pull requests, an hour.",
            [
                Query(f"{rate(SESSIONS)} * {HOUR_SECS}", "sessions"),
                Query(f"{rate(COMMITS)} * {HOUR_SECS}", "commits"),
                Query(f"{rate(PULL_REQUESTS)} * {HOUR_SECS}", "pull requests"),
            ],
            "short",
            none=looks.NOT_TOLD,
        ),
        timeseries(
            "Agents at work",
            "How many agents were at work by themselves, with their users, or waited for them.",
            [
                Query(rate(ACTIVE_SECONDS, by="type"), "{{type}}"),
                Query(rate(USER_WAIT), "waiting"),
            ],
            "short",
            colours={"cli": "green", "user": "blue", "waiting": "orange"},
            none=looks.NOT_TOLD,
        ),
    ]


def decisions_and_log() -> list[Json]:
    """Return the panels of what users decided, and of what agents logged."""
    return [
        timeseries(
            "Edits decided on",
            "What users made of the edits that agents proposed, a minute.",
            Query(f"{rate(EDIT_DECISIONS, by='decision')} * 60", "{{decision}}"),
            "cpm",
            colours=looks.DECISIONS,
            stacked=True,
            none=looks.NOT_TOLD,
        ),
        timeseries(
            "Log events",
            "What agents logged, a minute.",
            Query(f"{rate(LOG_EVENTS, by='level')} * 60", "{{level}}"),
            "cpm",
            colours=looks.LEVELS,
            stacked=True,
            none=looks.NONE,
        ),
        timeseries(
            "Warnings and errors by source",
            "Where most warnings and errors in the log come from, a minute.",
            Query(
                f"topk(10, {rate(LOG_EVENTS, _TROUBLE, by='source')}) * 60",
                "{{source}}",
            ),
            "cpm",
            none=looks.NONE,
        ),
    ]
