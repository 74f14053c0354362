"""Where the series come from."""

from aiohttp import web

from exporter.clock import Clock
from exporter.metrics.registry import Registry
from exporter.web.answer import SharedJSON


class CardinalityRoute:
    """Reads how full each family and each label is."""

    def __init__(self, *, registry: Registry, clock: Clock, shared: SharedJSON) -> None:
        self._registry = registry
        self._clock = clock
        self._shared = shared

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_get("/api/v1/cardinality", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer per family its series and cap, per label its values, budget and folds."""
        return await self._shared.answer(
            request, ("cardinality",), lambda: self._registry.cardinality(self._clock.now())
        )
