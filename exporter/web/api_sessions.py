"""What each session used."""

from typing import get_args

from aiohttp import web

from exporter.clock import Clock
from exporter.store.ranking import Sort
from exporter.store.telemetry import TelemetryStore
from exporter.web.answer import SharedJSON, json
from exporter.web.query import choice, integer

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000


class SessionRoutes:
    """Reads the sessions of the store."""

    def __init__(self, *, store: TelemetryStore, clock: Clock, shared: SharedJSON) -> None:
        self._store = store
        self._clock = clock
        self._shared = shared

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application. A session's id may hold slashes."""
        app.router.add_get("/api/v1/sessions", self.sessions)
        app.router.add_get(r"/api/v1/sessions/{session:[\s\S]+}", self.session)

    async def sessions(self, request: web.Request) -> web.StreamResponse:
        """Answer the sessions that lead by cost, by tokens, or by how recent they are."""
        sorts: tuple[Sort, ...] = get_args(Sort)
        sort = choice(request, "sort", sorts, None) or "recent"
        limit = integer(request, "limit", default=LIMIT_DEFAULT, minimum=1, maximum=LIMIT_MAX)

        def tell() -> object:
            sessions = self._store.sessions(sort=sort, limit=limit, now=self._clock.now())
            return {"total": self._store.sessions_total, "sessions": sessions}

        return await self._shared.answer(request, ("sessions", sort, limit), tell)

    async def session(self, request: web.Request) -> web.Response:
        """Answer one session; one that is not known has used nothing."""
        return json(self._store.session_usage(request.match_info["session"], now=self._clock.now()))
