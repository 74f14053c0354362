"""The families that are read from their owners at every scrape, and who the owners are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from exporter.event.rejection import Code
from exporter.event.types import EVENT_CLASSES, UNKNOWN, type_name
from exporter.journal.journal import Journal
from exporter.metrics import catalogue
from exporter.metrics.registry import Registry
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.store.telemetry import TelemetryStore
from exporter.web.otlp import SIGNALS
from exporter.web.problem import STATUS
from exporter.web.push import ROUTE, SOURCE

Row = tuple[tuple[str, ...], float]

# What is refused before a push is looked at, and what no push can be refused for.
_OF_WHO_ASKS = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.RATE_LIMITED, Code.NOT_ACCEPTING)
_OF_PUSHES = [code for code in Code if code not in (Code.INVALID_PARAMETER, *_OF_WHO_ASKS[:3])]

# What is counted from 0 on, so that `rate()` sees the first.
_ANSWERS = {
    (route, str(status)): 0
    for route in (ROUTE, *SIGNALS)
    for status in sorted({200, *(STATUS.get(code, 400) for code in _OF_PUSHES)})
}
_RECORDS = {
    (signal, result): 0
    for signal in SIGNALS.values()
    for result in catalogue.OTLP_RECORDS.closed_labels[1].values
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Who knows what the pulled families say.

    `evictions` counts what had to go, by what it was, `answered` pushes by route and status,
    `refused` requests that could not come in.
    """

    store: TelemetryStore
    intake: Intake
    journal: Journal
    tally: Tally
    answered: Counter[tuple[str, str]]
    evictions: Callable[[], Mapping[str, int]]
    refused: Callable[[], Counter[Code]]
    refused_connections: Callable[[], int]
    reload_failed: Callable[[], bool]
    version: str
    python_version: str


def pull(registry: Registry, sources: Sources) -> None:
    """Have the registry read every pulled family from its owner."""
    _pull_agents(registry, sources.store)
    _pull_exporter(registry, sources)
    _pull_pipeline(registry, sources)
    # Last, because it tells of all others.
    registry.pull(catalogue.SERIES, lambda _: registry.series_by_family())


def _pull_agents(registry: Registry, store: TelemetryStore) -> None:
    registry.pull(catalogue.REQUESTS_IN_FLIGHT, partial(_in_flight, store))
    registry.pull(catalogue.SESSIONS_ACTIVE, partial(_sessions, store))
    registry.pull(catalogue.RATE_LIMITED, partial(_limited, store), merge=max)
    registry.pull(catalogue.RATE_LIMIT_RESET, partial(_resets, store), merge=max)


def _pull_exporter(registry: Registry, sources: Sources) -> None:
    build = (sources.version, sources.python_version)
    registry.pull(catalogue.BUILD_INFO, lambda _: [(build, 1.0)])
    registry.pull(
        catalogue.LABEL_OVERFLOWS,
        lambda _: _by_name(registry.budgets.overflowed()),
    )
    registry.pull(catalogue.EVICTIONS, lambda _: _by_name(sources.evictions()))
    registry.pull(
        catalogue.CONFIG_RELOAD_SUCCESSFUL, lambda _: [((), float(not sources.reload_failed()))]
    )
    registry.pull(catalogue.PUSH_REQUESTS, lambda _: _counts(sources.answered, _ANSWERS))
    registry.pull(
        catalogue.REQUESTS_REFUSED,
        lambda _: _refused(sources.refused()),
    )
    registry.pull(
        catalogue.CONNECTIONS_REFUSED, lambda _: [((), float(sources.refused_connections()))]
    )


def _pull_pipeline(registry: Registry, sources: Sources) -> None:
    tally, journal = sources.tally, sources.journal
    registry.pull(catalogue.EVENTS, lambda _: _events(tally))
    registry.pull(catalogue.OTLP_RECORDS, lambda _: _counts(tally.records, _RECORDS))
    registry.pull(
        catalogue.REJECTIONS,
        lambda _: [((code,), float(tally.rejections[code])) for code in _OF_PUSHES],
    )
    registry.pull(catalogue.UNKNOWN_FIELDS, lambda _: [((), float(tally.unknown_fields))])
    registry.pull(catalogue.LATE_EVENTS, lambda _: [((), float(sources.store.late_events))])
    registry.pull(catalogue.QUEUE_EVENTS, lambda _: [((), float(sources.intake.events))])
    registry.pull(catalogue.LAST_PUSH_TIMESTAMP, lambda _: _known(tally.last_push_at))
    registry.pull(catalogue.JOURNAL_BYTES, lambda _: [((), float(journal.size_bytes))])
    registry.pull(catalogue.JOURNAL_FAILURES, lambda _: [((), float(tally.journal_failures))])
    registry.pull(catalogue.WRITER_FAULTS, lambda _: [((), float(tally.writer_faults))])
    registry.pull(catalogue.JOURNAL_SNAPSHOT_TIMESTAMP, lambda _: _known(journal.snapshot_at))
    registry.pull(
        catalogue.JOURNAL_SNAPSHOT_FAILURES, lambda _: [((), float(journal.snapshot_failures))]
    )
    registry.pull(
        catalogue.EPOCH_START, lambda _: [((journal.epoch.cause,), journal.epoch.started_at)]
    )


def _in_flight(store: TelemetryStore, now: float) -> Iterator[Row]:
    for labels, count in store.in_flight_by(now).items():
        yield labels, float(count)


def _sessions(store: TelemetryStore, now: float) -> Iterator[Row]:
    for agent, count in store.sessions_active(now).items():
        yield (agent,), float(count)


def _limited(store: TelemetryStore, now: float) -> Iterator[Row]:
    for provider, model, limited, _ in store.gauge_rows(now):
        yield (provider, model), float(limited)


def _resets(store: TelemetryStore, now: float) -> Iterator[Row]:
    for provider, model, limited, reset_at in store.gauge_rows(now):
        if limited and reset_at is not None:
            yield (provider, model), reset_at


def _by_name(counts: Mapping[str, int]) -> Iterator[Row]:
    for name, count in counts.items():
        yield (name,), float(count)


def _refused(refused: Counter[Code]) -> Iterator[Row]:
    for code in _OF_WHO_ASKS:
        yield (code,), float(refused[code])


def _events(tally: Tally) -> Iterator[Row]:
    """Yield the events by source, type and result, with a 0 for what has not come of a source."""
    sources = {SOURCE, *(source for source, _, _ in tally.events)}
    types = (*map(type_name, EVENT_CLASSES), UNKNOWN)
    zeros = dict.fromkeys(product(sorted(sources), types, catalogue.RESULT.values), 0)
    return _counts(tally.events, zeros)


def _counts(counts: Mapping[Any, int], zeros: Mapping[Any, int]) -> Iterator[Row]:
    for labels, count in {**zeros, **counts}.items():
        yield labels, float(count)


def _known(instant: float | None) -> list[Row]:
    return [] if instant is None else [((), instant)]
