"""How the exporter itself is: what it takes in, what it holds, and what found no room."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from aiohttp import web

from exporter.clock import Clock
from exporter.journal.epoch import Cause
from exporter.journal.journal import Journal
from exporter.metrics.registry import Registry
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import ACCEPTED, DUPLICATE, REJECTED, Tally
from exporter.store.answers import instant
from exporter.store.telemetry import TelemetryStore
from exporter.web.access import PushAuth
from exporter.web.answer import SharedJSON
from exporter.web.health import Health
from exporter.web.uptime import Uptime


class Pushed(msgspec.Struct, frozen=True):
    """Events pushed since the start, by what became of them."""

    accepted: int
    duplicate: int
    rejected: int


class PushAddresses(msgspec.Struct, frozen=True):
    """Where pushes are taken: at the address that answers this (`here`), or at others alone.

    `auth` is the easiest that a push can show.
    """

    here: bool
    addresses: Sequence[str]
    scheme: Literal["http", "https"]
    auth: PushAuth


class JournalState(msgspec.Struct, frozen=True):
    """What a restart would find: `bytes` to replay since the snapshot. `failures` are commits."""

    durable: bool
    bytes: int
    snapshot_at: datetime | None
    failures: int


class EpochState(msgspec.Struct, frozen=True):
    """When the agents' counters began at 0, and why they had to."""

    cause: Cause
    started_at: datetime


class ExporterState(msgspec.Struct, frozen=True):
    """How the exporter is.

    `checks` are those of `/health`; `warnings` are what whoever runs it must be told. What is
    counted is counted since the start of the process.
    """

    version: str
    started_at: datetime
    uptime: float
    ready: bool
    checks: dict[str, str]
    warnings: Sequence[str]
    pushes: PushAddresses
    last_push_at: datetime | None
    last_scrape_at: datetime | None
    series: int
    series_max: int
    events: Pushed
    late_events: int
    evictions: Mapping[str, int]
    label_overflows: Mapping[str, int]
    queue_events: int
    journal: JournalState
    epoch: EpochState


class ExporterRoute:
    """Reads the state of the exporter from whoever owns each part of it."""

    def __init__(
        self,
        *,
        clock: Clock,
        uptime: Uptime,
        health: Callable[[], Health],
        ready: Callable[[], bool],
        warnings: Callable[[], Sequence[str]],
        pushes: Callable[[], PushAddresses],
        last_scrape_at: Callable[[], float | None],
        evictions: Callable[[], Mapping[str, int]],
        store: TelemetryStore,
        registry: Registry,
        journal: Journal,
        intake: Intake,
        tally: Tally,
    ) -> None:
        self._shared = SharedJSON(clock)
        self._clock = clock
        self._uptime = uptime
        self._health = health
        self._ready = ready
        self._warnings = warnings
        self._pushes = pushes
        self._last_scrape_at = last_scrape_at
        self._evictions = evictions
        self._store = store
        self._registry = registry
        self._journal = journal
        self._intake = intake
        self._tally = tally

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_get("/api/v1/exporter", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer how the exporter is."""
        return await self._shared.answer(request, ("exporter",), self._state)

    def _state(self) -> ExporterState:
        health = self._health()
        series, series_max = self._registry.size(self._clock.now())
        return ExporterState(
            version=health.version,
            started_at=instant(self._uptime.started_at),
            uptime=health.uptime,
            ready=self._ready(),
            checks=health.checks,
            warnings=self._warnings(),
            pushes=self._pushes(),
            last_push_at=_known(self._tally.last_push_at),
            last_scrape_at=_known(self._last_scrape_at()),
            series=series,
            series_max=series_max,
            events=self._pushed(),
            late_events=self._store.late_events,
            evictions=self._evictions(),
            label_overflows=self._registry.budgets.overflowed(),
            queue_events=self._intake.events,
            journal=JournalState(
                durable=self._journal.durable,
                bytes=self._journal.size_bytes,
                snapshot_at=_known(self._journal.snapshot_at),
                failures=self._tally.journal_failures,
            ),
            epoch=EpochState(self._journal.epoch.cause, instant(self._journal.epoch.started_at)),
        )

    def _pushed(self) -> Pushed:
        results: Counter[str] = Counter()
        for (_, _, result), events in self._tally.events.items():
            results[result] += events
        return Pushed(results[ACCEPTED], results[DUPLICATE], results[REJECTED])


def _known(at: float | None) -> datetime | None:
    return None if at is None else instant(at)
