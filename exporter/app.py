"""The composition root: builds every stage, starts them in the order of the flow, stops in reverse.

This is the only place that knows all stages. What one stage may not import from another, it is
given here as a plain function or object.
"""

import asyncio
import platform
from collections.abc import Callable, Sequence

import msgspec

from exporter import __version__
from exporter.clock import Clock
from exporter.config import Config, parse_address
from exporter.event.types import Event
from exporter.journal.journal import MemoryJournal
from exporter.metrics import catalogue
from exporter.metrics.budget import LabelBudgets
from exporter.metrics.exposition import render
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.recorder import Recorder
from exporter.metrics.registry import Registry
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.pipeline.writer import Writer
from exporter.pulls import Sources, pull
from exporter.store.telemetry import TelemetryStore
from exporter.web.api_activity import ActivityRoutes
from exporter.web.api_cardinality import CardinalityRoute
from exporter.web.api_models import ModelRoutes
from exporter.web.api_sessions import SessionRoutes
from exporter.web.body import Bodies
from exporter.web.health import Health, HealthRoutes
from exporter.web.push import PushRoute
from exporter.web.scrape import ScrapeRoute
from exporter.web.server import Routes, Server


class Exporter:
    """The whole exporter, built from `config` and told the time by `clock`."""

    def __init__(self, config: Config, *, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._started_at = clock.monotonic()
        self._journal = MemoryJournal()
        self._tally = Tally()
        self._store = _store(config)
        self._registry = _registry(config, started_at=clock.now())
        self._recorder = Recorder(self._registry)
        self._dedupe = Dedupe(
            keys_max=config.dedupe.keys_max,
            ids_max=config.dedupe.ids_max,
            ttl_secs=config.dedupe.ttl_secs,
        )
        self._intake = Intake(
            events_max=config.ingest.queue_events_max, bytes_max=config.ingest.queue_bytes_max
        )
        self._writer = Writer(
            intake=self._intake,
            dedupe=self._dedupe,
            commit=self._journal.append,
            apply=self._apply,
            tally=self._tally,
            clock=clock,
            observe_commit=self._observer(catalogue.JOURNAL_COMMIT),
        )
        self._writing: asyncio.Task[None] | None = None
        self._push = self._push_route()
        self._servers = self._build_servers()
        self.addresses: list[str] = []
        pull(
            self._registry,
            Sources(
                store=self._store,
                dedupe=self._dedupe,
                intake=self._intake,
                journal=self._journal,
                tally=self._tally,
                answered=self._push.answered,
                version=__version__,
                python_version=platform.python_version(),
            ),
        )

    async def start(self) -> None:
        """Begin to write and to serve. Raises `OSError` where an address cannot be had."""
        self._writing = asyncio.create_task(self._writer.run(), name="writer")
        try:
            for server, addresses in self._servers:
                bound = await server.start([parse_address(address) for address in addresses])
                self.addresses += [_written(host, port) for host, port in bound]
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take no more pushes, answer those under way, and close."""
        push_server, *read_servers = (server for server, _ in self._servers)
        await push_server.stop()
        self._intake.close()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await asyncio.gather(*(server.stop() for server in read_servers))

    def _apply(self, events: Sequence[Event], now: float) -> None:
        # The store first: it pairs the end of a request with its start, which the series need.
        self._store.apply(events, now)
        self._recorder.apply(events, now)

    def _build_servers(self) -> list[tuple[Server, Sequence[str]]]:
        """Return the servers and their addresses; the first is the one that takes pushes."""
        web, ingest = self._config.web, self._config.ingest
        reads = self._read_routes()
        if ingest.listen_address is None:
            routes: list[tuple[list[Routes], Sequence[str]]] = [
                ([self._push, *reads], web.listen_address)
            ]
        else:
            routes = [([self._push], [ingest.listen_address]), (reads, web.listen_address)]
        return [
            (Server(group, body_bytes_max=ingest.body_bytes_max), addresses)
            for group, addresses in routes
        ]

    def _push_route(self) -> PushRoute:
        ingest = self._config.ingest
        return PushRoute(
            intake=self._intake,
            tally=self._tally,
            clock=self._clock,
            observe=self._observer(catalogue.PUSH_DURATION),
            bodies=Bodies(
                bytes_max=ingest.body_bytes_max,
                held_bytes_max=ingest.queue_bytes_max,
                timeout_secs=ingest.body_timeout_secs,
            ),
            events_max=ingest.events_per_batch_max,
        )

    def _read_routes(self) -> list[Routes]:
        process = ProcessMetrics()
        return [
            ScrapeRoute(
                render=lambda form, now: render(self._registry, process, form, now),
                clock=self._clock,
                observe=self._observer(catalogue.SCRAPE_DURATION),
            ),
            HealthRoutes(health=self._health, ready=self._ready),
            ActivityRoutes(store=self._store, clock=self._clock, started_at=self._started_at),
            ModelRoutes(store=self._store, clock=self._clock),
            SessionRoutes(store=self._store, clock=self._clock),
            CardinalityRoute(registry=self._registry, clock=self._clock),
        ]

    def _observer(self, family: catalogue.Family) -> Callable[[float], None]:
        return self._registry.histograms(family).get((), self._clock.now()).observe

    def _ready(self) -> bool:
        return self._writing is not None and not self._writing.done()

    def _health(self) -> Health:
        now = self._clock.now()
        writer = "failing" if self._tally.writer_faults else "ok"
        checks = {"writer": writer if self._ready() else "stopped"}
        return Health(
            status="ok" if set(checks.values()) == {"ok"} else "degraded",
            uptime=self._clock.monotonic() - self._started_at,
            version=__version__,
            sessions=sum(self._store.sessions_active(now).values()),
            connections=sum(server.connections for server, _ in self._servers),
            tools=self._store.tools_seen(),
            channels=self._store.channels_seen(),
            checks=checks,
        )


def _store(config: Config) -> TelemetryStore:
    settings = msgspec.structs.asdict(config.store)
    return TelemetryStore(**settings, gauge_ttl_secs=config.metrics.gauge_ttl_secs)


def _registry(config: Config, *, started_at: float) -> Registry:
    metrics = config.metrics
    return Registry(
        LabelBudgets(msgspec.structs.asdict(metrics.label_values_max)),
        label_sets_max=metrics.label_sets_max,
        gauge_ttl_secs=metrics.gauge_ttl_secs,
        started_at=started_at,
    )


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
