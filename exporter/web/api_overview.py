"""How everything is at one glance, and the course of the window for sparklines."""

from collections.abc import Callable, Generator
from datetime import datetime

import msgspec
from aiohttp import web

from exporter import __version__
from exporter.clock import Clock
from exporter.store.answers import instant
from exporter.store.board import POINTS_MAX
from exporter.store.recent import Recent
from exporter.store.telemetry import TelemetryStore
from exporter.store.timeline import Timeline
from exporter.web.answer import SharedJSON
from exporter.web.query import integer
from exporter.web.uptime import Uptime

LIMIT_DEFAULT = 20
LIMIT_MAX = 50
"""So many models of 120 slots take 20 ms."""
POINTS_DEFAULT = 60


class Overview(msgspec.Struct, frozen=True):
    """What `exporter.store.board.Glance` says, and since when it could have been seen."""

    now: datetime
    started_at: datetime
    uptime: float
    version: str
    window_secs: float
    recent_secs: float
    recent: Recent
    requests_in_flight: int
    sessions_active: int
    models_limited: int
    models: int
    queue_depth: int


class OverviewRoutes:
    """Reads all models together, and each of the busiest.

    `began_at` tells since when anything has been counted, Unix seconds, over restarts.
    """

    def __init__(
        self,
        *,
        store: TelemetryStore,
        clock: Clock,
        shared: SharedJSON,
        uptime: Uptime,
        began_at: Callable[[], float],
    ) -> None:
        self._board = store.board
        self._clock = clock
        self._shared = shared
        self._uptime = uptime
        self._began_at = began_at

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/api/v1/overview", self.overview)
        app.router.add_get("/api/v1/timeline", self.timeline)

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """Answer how everything is."""
        return await self._shared.answer(request, ("overview",), self._overview)

    async def timeline(self, request: web.Request) -> web.StreamResponse:
        """Answer the course of the window, of all models and of the busiest."""
        limit = integer(request, "limit", default=LIMIT_DEFAULT, minimum=1, maximum=LIMIT_MAX)
        points = integer(request, "points", default=POINTS_DEFAULT, minimum=1, maximum=POINTS_MAX)

        def tell() -> Generator[None, None, Timeline]:
            return self._board.timeline(now=self._clock.now(), limit=limit, points_max=points)

        return await self._shared.answer_in_turns(request, ("timeline", limit, points), tell)

    def _overview(self) -> Overview:
        now = self._clock.now()
        return Overview(
            now=instant(now),
            started_at=instant(self._uptime.started_at),
            uptime=self._uptime.secs,
            version=__version__,
            **msgspec.structs.asdict(self._board.glance(now, began_at=self._began_at())),
        )
