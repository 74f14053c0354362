"""Tools over the window, what agents gauged last, and which agents there are."""

from aiohttp import web

from exporter.clock import Clock
from exporter.store.bounds import TOOLS_MAX
from exporter.store.telemetry import TelemetryStore
from exporter.web.answer import SharedJSON
from exporter.web.query import integer

TOOLS_DEFAULT = 50


class ReadingRoutes:
    """Reads the tools, the quotas, the queues and the agents of the store."""

    def __init__(self, *, store: TelemetryStore, clock: Clock, shared: SharedJSON) -> None:
        self._store = store
        self._clock = clock
        self._shared = shared

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/api/v1/tools", self.tools)
        app.router.add_get("/api/v1/quotas", self.quotas)
        app.router.add_get("/api/v1/queues", self.queues)
        app.router.add_get("/api/v1/agents", self.agents)

    async def tools(self, request: web.Request) -> web.StreamResponse:
        """Answer how tools did, the most called first."""
        limit = integer(request, "limit", default=TOOLS_DEFAULT, minimum=1, maximum=TOOLS_MAX)

        def tell() -> object:
            board = self._store.board
            tools = board.tools(now=self._clock.now(), limit=limit)
            return {
                "window_secs": self._store.window_secs,
                "total": board.tools_total,
                "tools": tools,
            }

        return await self._shared.answer(request, ("tools", limit), tell)

    async def quotas(self, request: web.Request) -> web.StreamResponse:
        """Answer how much of each allowance is used."""
        return await self._shared.answer(
            request,
            ("quotas",),
            lambda: {"quotas": self._store.board.quotas(self._clock.now())},
        )

    async def queues(self, request: web.Request) -> web.StreamResponse:
        """Answer how deep each queue is."""
        return await self._shared.answer(
            request,
            ("queues",),
            lambda: {"queues": self._store.board.queues(self._clock.now())},
        )

    async def agents(self, request: web.Request) -> web.StreamResponse:
        """Answer who pushes, the one heard last first."""
        return await self._shared.answer(
            request, ("agents",), lambda: {"agents": self._store.board.agents()}
        )
