"""How each model is doing, for whoever has to choose one."""

from aiohttp import web

from exporter.clock import Clock
from exporter.store.telemetry import TelemetryStore
from exporter.web.answer import SharedJSON, json
from exporter.web.query import integer

STALENESS_SECS_MAX = 10**9


class ModelRoutes:
    """Reads the model windows of the store."""

    def __init__(self, *, store: TelemetryStore, clock: Clock, shared: SharedJSON) -> None:
        self._store = store
        self._clock = clock
        self._shared = shared

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application. A model's name may hold slashes."""
        app.router.add_get("/api/v1/models", self.models)
        app.router.add_get(r"/api/v1/models/{model:[\s\S]+}", self.model)

    async def models(self, request: web.Request) -> web.StreamResponse:
        """Answer every model of the window."""
        max_staleness_secs = self._max_staleness_secs(request)

        def tell() -> object:
            performances = self._store.model_performances(
                now=self._clock.now(), max_staleness_secs=max_staleness_secs
            )
            return {"window_secs": self._store.window_secs, "models": performances}

        return await self._shared.answer(request, ("models", max_staleness_secs), tell)

    async def model(self, request: web.Request) -> web.Response:
        """Answer one model; one that is not known has an empty answer, not an error."""
        return json(
            self._store.model_performance(
                request.match_info["model"],
                provider=request.query.get("provider"),
                now=self._clock.now(),
                max_staleness_secs=self._max_staleness_secs(request),
            )
        )

    def _max_staleness_secs(self, request: web.Request) -> int:
        return integer(
            request,
            "max_staleness_secs",
            default=int(self._store.window_secs),
            minimum=0,
            maximum=STALENESS_SECS_MAX,
        )
