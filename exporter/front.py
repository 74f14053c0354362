"""What answers: every route group, on one server or on two, and who may come in."""

import asyncio
import ipaddress
import ssl
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.clock import Clock
from exporter.config import Config, parse_address
from exporter.core import Core
from exporter.event.rejection import Code
from exporter.metrics import catalogue
from exporter.metrics.exposition import render
from exporter.metrics.process import ProcessMetrics
from exporter.pipeline.batch import Batch, Receipt
from exporter.store.summary import Imported
from exporter.web.access import Access
from exporter.web.answer import SharedJSON
from exporter.web.api_activity import ActivityRoutes
from exporter.web.api_cardinality import CardinalityRoute
from exporter.web.api_exporter import ExporterRoute, PushAddresses
from exporter.web.api_models import ModelRoutes
from exporter.web.api_overview import OverviewRoutes
from exporter.web.api_readings import ReadingRoutes
from exporter.web.api_sessions import SessionRoutes
from exporter.web.api_summary import SummaryExportRoute, SummaryImportRoute
from exporter.web.body import Bodies
from exporter.web.fast_path import PushFastPath
from exporter.web.gate import gate
from exporter.web.guard import Guard
from exporter.web.health import HealthRoutes
from exporter.web.lifecycle import LifecycleRoutes
from exporter.web.otlp import OTLPRoutes
from exporter.web.page import PageRoutes
from exporter.web.push import PushRoute
from exporter.web.reception import Reception
from exporter.web.scrape import Render, ScrapeRoute
from exporter.web.server import Routes, Server
from exporter.web.stream import StreamRoute
from exporter.web.uptime import Uptime
from exporter.web.wire import Wire

SUMMARY_SOURCE = "summary"


class Front:
    """The servers over `core`; the routes it is given know more than the core.

    Raises `ConfigError` where a file that says who may come in cannot be used.
    """

    def __init__(
        self,
        config: Config,
        core: Core,
        *,
        clock: Clock,
        uptime: Uptime,
        health: HealthRoutes,
        lifecycle: LifecycleRoutes,
        exporter: ExporterRoute,
    ) -> None:
        self._config = config
        self._core = core
        self._clock = clock
        self._uptime = uptime
        self.access = Access(
            _path(config.web.config_file), _path(config.ingest.token_file), clock=clock
        )
        self._bodies = Bodies(
            bytes_max=config.ingest.body_bytes_max,
            held_bytes_max=config.ingest.queue_bytes_max,
            timeout_secs=config.ingest.body_timeout_secs,
        )
        self.reception = Reception(
            intake=core.intake,
            tally=core.tally,
            clock=clock,
            observe=self._observer(catalogue.PUSH_DURATION),
            bodies=self._bodies,
        )
        events_max = config.ingest.events_per_batch_max
        self._push = PushRoute(reception=self.reception, events_max=events_max)
        self._otlp = OTLPRoutes(reception=self.reception, records_max=events_max)
        self._import = SummaryImportRoute(
            store=core.store, clock=clock, bodies=self._bodies, write=self._write_summary
        )
        self._stream = StreamRoute(store=core.store)
        core.memory.on_change = self._stream.wake
        self.access.on_change = self._stream.end_all
        self.scrape = ScrapeRoute(
            render=self._renderer(), clock=clock, observe=self._observer(catalogue.SCRAPE_DURATION)
        )
        self._servers = self._build_servers([*self._read_routes(), exporter, lifecycle], health)
        self._watching: asyncio.Task[None] | None = None
        self.addresses: list[str] = []
        self._push_addresses: list[str] = []

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return sum(server.connections for server, _ in self._servers)

    @property
    def refused(self) -> Counter[Code]:
        """How many requests were refused, by reason; a push by its own route excepted."""
        return sum((server.refused for server, _ in self._servers), Counter())

    @property
    def refused_connections(self) -> int:
        """How many clients were turned away because too many were connected and busy."""
        return sum(server.refused_connections for server, _ in self._servers)

    @property
    def pushes(self) -> PushAddresses:
        """Where pushes are taken, once started."""
        return PushAddresses(
            here=self._config.ingest.listen_address is None,
            addresses=self._push_addresses,
            scheme="http" if self.access.ssl_context is None else "https",
            auth=self.access.push_auth,
        )

    @property
    def takes_pushes_from_anybody(self) -> bool:
        """Whether other machines can push without showing who they are."""
        _, addresses = self._servers[0]
        return not self.access.pushes_guarded and not all(map(_is_loopback, addresses))

    async def start(self) -> None:
        """Bind every address. Raises `OSError`; what was bound before is until `stop`."""
        for server, addresses in self._servers:
            bound = await server.start(
                [parse_address(address) for address in addresses], self.access.ssl_context
            )
            self.addresses += [_written(host, port) for host, port in bound]
            # The first server is the one that takes pushes.
            self._push_addresses = self._push_addresses or self.addresses.copy()
        self._watching = asyncio.create_task(self.access.watch(self._use_tls), name="access")

    async def stop_pushes(self) -> None:
        """Take no more pushes, and let go of whoever follows the stream."""
        self._stream.close()
        await self._servers[0][0].stop()

    async def stop(self) -> None:
        """Answer nobody any more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await asyncio.gather(*(server.stop() for server, _ in self._servers[1:]))
        self.access.close()

    def reconfigure(self, config: Config) -> None:
        """Take over what may change while it runs."""
        ingest = config.ingest
        self._bodies.bytes_max = ingest.body_bytes_max
        self._bodies.held_bytes_max = ingest.queue_bytes_max
        self._bodies.timeout_secs = ingest.body_timeout_secs
        self._push.events_max = self._otlp.records_max = ingest.events_per_batch_max

    def _build_servers(
        self, reads: Sequence[Routes], health: HealthRoutes
    ) -> list[tuple[Server, Sequence[str]]]:
        """Return the servers and their addresses; the first is the one that takes pushes.

        Each tells its health: whoever pushes may want to know that somebody is there.
        """
        web, ingest = self._config.web, self._config.ingest
        pushes: list[Routes] = [self._push, self._otlp, self._import, health]
        if ingest.listen_address is None:
            routes: list[tuple[list[Routes], Sequence[str]]] = [
                ([*pushes, *reads], web.listen_address)
            ]
        else:
            routes = [
                (pushes, [ingest.listen_address]),
                ([*reads, health], web.listen_address),
            ]
        guard = Guard(web.hosts_allowed)

        def is_open() -> bool:
            return self._core.recovered

        middlewares = [guard.middleware, self.access.middleware, gate(is_open)]
        fast_path = PushFastPath(
            guard=guard,
            access=self.access,
            is_open=is_open,
            routes=self._push.fast_routes | self._otlp.fast_routes,
            bodies=self._bodies,
            wire=Wire(configured=lambda: self.access.headers, clock=self._clock),
        )
        return [
            (
                Server(
                    [self.access, *group],
                    body_bytes_max=ingest.body_bytes_max,
                    middlewares=middlewares,
                    connections_max=web.connections_max,
                    fast_path=fast_path if self._push in group else None,
                ),
                addresses,
            )
            for group, addresses in routes
        ]

    def _read_routes(self) -> list[Routes]:
        store, clock = self._core.store, self._clock
        shared = SharedJSON(clock)
        return [
            self.scrape,
            self._stream,
            ActivityRoutes(store=store, clock=clock, uptime=self._uptime),
            ModelRoutes(store=store, clock=clock, shared=shared),
            OverviewRoutes(
                store=store,
                clock=clock,
                shared=shared,
                uptime=self._uptime,
                began_at=lambda: self._core.journal.epoch.started_at,
            ),
            ReadingRoutes(store=store, clock=clock, shared=shared),
            SessionRoutes(store=store, clock=clock, shared=shared),
            SummaryExportRoute(store=store, clock=clock, make_id=lambda: str(uuid.uuid4())),
            CardinalityRoute(registry=self._core.registry, clock=clock, shared=shared),
            PageRoutes(),
        ]

    def _renderer(self) -> Render:
        process = ProcessMetrics()
        return lambda form, now: render(self._core.registry, process, form, now)

    def _observer(self, family: catalogue.Family) -> Callable[[float], None]:
        return self._core.registry.histograms(family).get((), self._clock.now()).observe

    async def _write_summary(self, imported: Imported) -> Receipt:
        return await self._core.intake.offer(
            Batch(
                source=SUMMARY_SOURCE,
                events=[],
                received_at=self._clock.now(),
                # What it may have been at the most, so that but a few can wait.
                size_bytes=self._bodies.bytes_max,
                # With a blank, which no key of a push can have.
                idempotency_key=f"{SUMMARY_SOURCE} {imported.export_id}",
                summary=imported,
            )
        )

    def _use_tls(self, context: ssl.SSLContext | None) -> None:
        for server, _ in self._servers:
            server.use_tls(context)


def _path(name: str | None) -> Path | None:
    return Path(name) if name is not None else None


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(address: str) -> bool:
    host, _ = parse_address(address)
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.removesuffix(".").lower() == "localhost"
