"""Exporter: the tiles, and the table of all exporters."""

from deploy.grafana.generator import looks
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import stat
from deploy.grafana.generator.queries import (
    PROCESS_MEMORY,
    PROCESS_START,
    UP,
    Query,
    at_once,
    growth,
    highest,
    of_exporters,
    or_zero,
    rate,
    ratio,
    select,
    total,
)
from deploy.grafana.generator.tables import Column, count, only_this, table
from exporter.metrics.catalogue import (
    BUILD_INFO,
    EPOCH_START,
    EVENTS,
    JOURNAL_FAILURES,
    LABEL_OVERFLOWS,
    LAST_PUSH_TIMESTAMP,
    QUEUE_EVENTS,
    SERIES,
    WRITER_FAULTS,
)

_REJECTED = 'result="rejected"'
_TARGET = "job, instance"


def tiles() -> list[Json]:
    """Return the tiles."""
    last_push = f"time() - {highest(select(LAST_PUSH_TIMESTAMP))}"
    faults = f"{or_zero(growth(WRITER_FAULTS))} + {or_zero(growth(JOURNAL_FAILURES))}"
    return [
        stat(
            "Exporters up",
            "Exporters that answered the last scrape.",
            at_once(or_zero(total(of_exporters(UP)))),
            "short",
        ),
        stat(
            "Exporters down",
            "Exporters that Prometheus could not scrape last time.",
            at_once(or_zero(f"count({of_exporters(UP)} == 0)")),
            "short",
            judge=looks.NONE_IS_GOOD,
        ),
        stat("Events", "Events pushed, a second.", Query(or_zero(rate(EVENTS))), "cps"),
        stat(
            "Rejected",
            "Share of events that could not be used.",
            at_once(ratio(or_zero(rate(EVENTS, _REJECTED)), rate(EVENTS))),
            "percentunit",
            judge=looks.FEW_ARE_GOOD,
            decimals=1,
            none=looks.NO_PUSHES,
        ),
        stat(
            "Last push",
            "Since any exporter accepted a push.",
            at_once(last_push),
            "dtdurations",
            none=looks.NO_PUSHES,
        ),
        stat("Series", "Series of all exporters.", Query(or_zero(total(select(SERIES)))), "short"),
        stat(
            "Folded",
            "Events over the time shown whose label value was counted under _other.",
            at_once(or_zero(growth(LABEL_OVERFLOWS))),
            "short",
            judge=looks.thresholds("green", (1, "orange")),
            decimals=0,
        ),
        stat(
            "Faults",
            "Commits that failed, and errors of the exporter's own, over the time shown.",
            at_once(faults),
            "short",
            judge=looks.NONE_IS_GOOD,
            decimals=0,
        ),
    ]


def instances() -> Json:
    """Return the table of all exporters."""
    began = highest(select(EPOCH_START), f"{_TARGET}, cause")
    up_since = highest(of_exporters(PROCESS_START), _TARGET)
    return table(
        "Exporters",
        "Every exporter. The cause is why its counters began at 0 when they last did.",
        ["version", "cause", "job", "instance"],
        [
            Column("Up for", f"time() - {up_since}", "dtdurations"),
            Column("Counting for", f"time() - {began}", "dtdurations"),
            Column("Events/s", rate(EVENTS, by=_TARGET), "cps"),
            count("Waiting", total(select(QUEUE_EVENTS), _TARGET)),
            count("Series", total(select(SERIES), _TARGET)),
            Column("Memory", total(of_exporters(PROCESS_MEMORY), _TARGET), "bytes"),
            Column("", total(select(BUILD_INFO), f"{_TARGET}, version")),
        ],
        link=only_this("agent-exporter", {"job": "job", "instance": "instance"}),
        none=looks.NO_DATA,
    )
