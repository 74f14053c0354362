"""Exporter: the journal, the bounds of memory, and the process."""

from deploy.grafana.generator import looks
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import bar_gauge, timeseries
from deploy.grafana.generator.queries import (
    PROCESS_CPU,
    PROCESS_FILES_MAX,
    PROCESS_MEMORY,
    PROCESS_OPEN_FILES,
    Query,
    at_once,
    highest,
    of_exporters,
    quantile,
    rate,
    ratio,
    select,
    total,
)
from exporter.metrics.catalogue import (
    CONFIG_RELOAD_SUCCESSFUL,
    EVICTIONS,
    JOURNAL_BYTES,
    JOURNAL_COMMIT,
    JOURNAL_FAILURES,
    JOURNAL_SNAPSHOT_FAILURES,
    JOURNAL_SNAPSHOT_TIMESTAMP,
    LABEL_OVERFLOWS,
    SCRAPE_DURATION,
    SERIES,
    WRITER_FAULTS,
)

_INSTANCE = "{{instance}}"


def journal() -> list[Json]:
    """Return the panels of what keeps the facts on disk."""
    return [
        timeseries(
            "Duration of commits",
            "How long one group commit takes: a slow disk shows here first.",
            [
                Query(quantile(0.5, JOURNAL_COMMIT), "p50"),
                Query(quantile(0.99, JOURNAL_COMMIT), "p99"),
            ],
            "s",
            colours=looks.QUANTILES,
            none=looks.NO_PUSHES,
        ),
        timeseries(
            "Size of the journal",
            "What a restart would replay: it falls with every snapshot.",
            Query(total(select(JOURNAL_BYTES), "instance"), _INSTANCE),
            "bytes",
            none=looks.NO_JOURNAL,
        ),
        timeseries(
            "Age of the snapshot",
            "Time since the newest snapshot was taken.",
            Query(f"time() - {highest(select(JOURNAL_SNAPSHOT_TIMESTAMP), 'instance')}", _INSTANCE),
            "s",
            none=looks.NO_JOURNAL,
        ),
        timeseries(
            "Failures",
            "Commits and snapshots that failed, and errors of the exporter's own, a minute.",
            [
                Query(f"{rate(JOURNAL_FAILURES)} * 60", "commits"),
                Query(f"{rate(JOURNAL_SNAPSHOT_FAILURES)} * 60", "snapshots"),
                Query(f"{rate(WRITER_FAULTS)} * 60", "faults"),
            ],
            "cpm",
            none=looks.NONE,
        ),
    ]


def series() -> list[Json]:
    """Return the panels of how many series there are, and of what found no room."""
    return [
        bar_gauge(
            "Series by family",
            "Where the series come from, the fifteen largest families.",
            at_once(f"topk(15, {total(select(SERIES), 'family')})", "{{family}}"),
            "short",
        ),
        timeseries(
            "Series",
            "Series that each exporter holds.",
            Query(total(select(SERIES), "instance"), _INSTANCE),
            "short",
        ),
        timeseries(
            "Folded into _other",
            "Events a minute whose value of a label found no room, by label.",
            Query(f"{rate(LABEL_OVERFLOWS, by='label')} * 60", "{{label}}"),
            "cpm",
            none=looks.NONE,
        ),
        timeseries(
            "Evictions",
            "Entries a minute that bounded memory pushed out.",
            Query(f"{rate(EVICTIONS, by='what')} * 60", "{{what}}"),
            "cpm",
            none=looks.NONE,
        ),
    ]


def process() -> list[Json]:
    """Return the panels of scrapes, and of what the processes use."""
    files = ratio(
        highest(of_exporters(PROCESS_OPEN_FILES), "instance"),
        highest(of_exporters(PROCESS_FILES_MAX), "instance"),
    )
    return [
        timeseries(
            "Duration of scrapes",
            "From a request for the metrics to its answer.",
            [
                Query(quantile(0.5, SCRAPE_DURATION), "p50"),
                Query(quantile(0.99, SCRAPE_DURATION), "p99"),
            ],
            "s",
            colours=looks.QUANTILES,
        ),
        timeseries(
            "CPU",
            "Cores that each exporter keeps busy.",
            Query(total(of_exporters(PROCESS_CPU), "instance"), _INSTANCE),
            "short",
        ),
        timeseries(
            "Memory",
            "Resident memory of each exporter.",
            Query(total(of_exporters(PROCESS_MEMORY), "instance"), _INSTANCE),
            "bytes",
        ),
        timeseries(
            "Files and configuration",
            "Share of the open files it may have, and 1 for a configuration that was not taken.",
            [
                Query(files, f"files {_INSTANCE}"),
                Query(f"1 - {_least(select(CONFIG_RELOAD_SUCCESSFUL))}", f"refused {_INSTANCE}"),
            ],
            "percentunit",
        ),
    ]


def _least(expr: str) -> str:
    return f"min by (instance) ({expr})"
