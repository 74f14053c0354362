"""The composition root: builds what is behind the web and what answers, and runs both.

    start: addresses bound, memory recovered, then pushes are taken
    stop:  pushes end, what was taken is written and kept, reads end

This is the only place that knows all stages. What one stage may not import from another, it is
given here, in `exporter.core` or in `exporter.front` as a plain function or object.
"""

import asyncio
import platform
from collections.abc import Callable

from exporter import __version__
from exporter.clock import Clock
from exporter.config import Config, ConfigError
from exporter.core import Core
from exporter.event.rejection import Refusal
from exporter.fault import StartError
from exporter.front import Front
from exporter.journal.files import Failpoint, go_on
from exporter.pulls import Sources, pull
from exporter.reconfiguration import require_live
from exporter.web.api_exporter import ExporterRoute
from exporter.web.health import Health, HealthRoutes
from exporter.web.lifecycle import LifecycleRoutes
from exporter.web.uptime import Uptime

Load = Callable[[], Config]
"""Reads the configuration anew; raises `ConfigError`."""


class Exporter:
    """The whole exporter, built from `config` and told the time by `clock`.

    `load` reads the configuration anew for `reload`; without it there is nothing to reload.
    `failpoint` is `exporter.journal.disk`'s, for tests. Raises `ConfigError` where a file that
    the configuration names cannot be used, `StartError` where it asks for what it does not allow.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        load: Load | None = None,
        failpoint: Failpoint = go_on,
    ) -> None:
        self._config = config
        self._load = load
        self._clock = clock
        self._uptime = Uptime(clock)
        self._one_reload_at_a_time = asyncio.Lock()
        self._reload_failed = False
        self._core = Core(config, clock=clock, failpoint=failpoint)
        self._front = Front(
            config,
            self._core,
            clock=clock,
            uptime=self._uptime,
            health=HealthRoutes(health=self._health, ready=lambda: self._core.ready),
            lifecycle=LifecycleRoutes(reload=self.reload if config.web.enable_lifecycle else None),
            exporter=self._exporter_route(),
        )
        if config.ingest.require_auth and self._front.takes_pushes_from_anybody:
            raise StartError("pushes would be taken from other machines without credentials")
        self._pull()

    @property
    def addresses(self) -> list[str]:
        """The bound addresses, `host:port`, once started."""
        return self._front.addresses

    @property
    def durable(self) -> bool:
        """Whether what was acknowledged outlives a restart."""
        return self._core.journal.durable

    @property
    def warnings(self) -> list[str]:
        """What whoever starts it must be told, each in one line."""
        if self._front.takes_pushes_from_anybody:
            return ["pushes are taken from other machines without credentials"]
        return []

    async def start(self) -> None:
        """Bind the addresses, bring memory back, and take pushes.

        Until memory is back, all but `/health` and `/-/*` is answered 503. Raises `OSError` where
        an address cannot be had, `StartError` where the journal is not for us to use.
        """
        try:
            await self._front.start()
            await self._core.start()
        except (OSError, StartError):
            await self.stop()
            raise

    async def failed(self) -> None:
        """Wait until only a new start can help."""
        await self._core.durability.gave_up.wait()

    async def linger(self) -> None:
        """Wait until a scrape that began from now on was answered, but not for too long."""
        linger_secs = self._config.shutdown.linger_secs
        if linger_secs:
            try:
                async with asyncio.timeout(linger_secs):
                    await self._front.scrape.next_answered()
            except TimeoutError:
                return

    async def stop(self) -> None:
        """Take no more pushes, answer those under way, keep all of it, and close."""
        # What is written must be answered: the client would count it again.
        await self._core.drain()
        await self._front.stop_pushes()
        await self._core.stop()
        await self._front.stop()

    async def reload(self) -> None:
        """Take a changed configuration over, all of it or nothing. Raises `ConfigError`."""
        async with self._one_reload_at_a_time:
            self._reload_failed = True
            if self._load is None:
                raise ConfigError("there is no configuration to read anew")
            # Long lists of prices take YAML half a second.
            config = await asyncio.to_thread(self._load)
            require_live(self._config, config)
            await self._front.access.reload()
            try:
                await self._core.reconfigure(config)
            except Refusal:
                raise ConfigError("metrics cannot change while the journal fails") from None
            self._front.reconfigure(config)
            self._config = config
            self._reload_failed = False

    def _pull(self) -> None:
        core, front = self._core, self._front
        pull(
            core.registry,
            Sources(
                store=core.store,
                intake=core.intake,
                journal=core.journal,
                tally=core.tally,
                answered=front.reception.answered,
                evictions=lambda: core.memory.evictions,
                refused=lambda: front.refused,
                refused_connections=lambda: front.refused_connections,
                reload_failed=lambda: self._reload_failed,
                version=__version__,
                python_version=platform.python_version(),
            ),
        )

    def _exporter_route(self) -> ExporterRoute:
        core = self._core
        return ExporterRoute(
            clock=self._clock,
            uptime=self._uptime,
            health=self._health,
            ready=lambda: core.ready,
            warnings=lambda: self.warnings,
            pushes=lambda: self._front.pushes,
            last_scrape_at=lambda: self._front.scrape.last_at,
            evictions=lambda: core.memory.evictions,
            store=core.store,
            registry=core.registry,
            journal=core.journal,
            intake=core.intake,
            tally=core.tally,
        )

    def _health(self) -> Health:
        now = self._clock.now()
        store = self._core.store
        access = "failing" if self._front.access.failing else "ok"
        config = "reload_failed" if self._reload_failed else "ok"
        checks = {**self._core.checks(), "access": access, "config": config}
        return Health(
            status="ok" if set(checks.values()) == {"ok"} else "degraded",
            uptime=self._uptime.secs,
            version=__version__,
            sessions=sum(store.sessions_active(now).values()),
            connections=self._front.connections,
            tools=store.tools_seen(),
            channels=store.channels_seen(),
            checks=checks,
        )
