"""What is going on: events, calls, requests in flight, and a snapshot of it all."""

from typing import get_args

import msgspec
from aiohttp import web

from exporter.clock import Clock
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import Level
from exporter.store.answers import RingEvent
from exporter.store.telemetry import TelemetryStore
from exporter.web.answer import json
from exporter.web.query import choice, integer
from exporter.web.uptime import Uptime

EVENTS_LIMIT_MAX = 500
CALLS_LIMIT_MAX = 200
REQUESTS_LIMIT_MAX = 10_000
LIMIT_DEFAULT = 100


class EventPage(msgspec.Struct):
    """Events, newest first; `next` is the `before` of the page that follows, if there is one.

    `newest` is the number of the newest event there is, whether or not it was asked for.
    """

    events: list[RingEvent]
    next: int | None
    newest: int | None


class ActivityRoutes:
    """Reads the rings, the requests and the counts of the store."""

    def __init__(self, *, store: TelemetryStore, clock: Clock, uptime: Uptime) -> None:
        self._store = store
        self._clock = clock
        self._uptime = uptime

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/api/v1/events", self.events)
        app.router.add_get("/api/v1/calls", self.calls)
        app.router.add_get("/api/v1/requests", self.requests)
        app.router.add_get("/api/v1/snapshot", self.snapshot)

    async def events(self, request: web.Request) -> web.Response:
        """Answer a page of the event ring."""
        levels: tuple[Level, ...] = get_args(Level)
        level = choice(request, "level", levels, None)
        limit = integer(
            request, "limit", default=LIMIT_DEFAULT, minimum=1, maximum=EVENTS_LIMIT_MAX
        )
        before = integer(request, "before", default=0, minimum=1, maximum=COUNT_MAX) or None
        page, following = self._store.events(
            level=level, source=request.query.get("source"), limit=limit, before=before
        )
        return json(EventPage(page, following, self._store.last_seq or None))

    async def calls(self, request: web.Request) -> web.Response:
        """Answer the newest completions."""
        limit = integer(request, "limit", default=LIMIT_DEFAULT, minimum=1, maximum=CALLS_LIMIT_MAX)
        return json({"calls": self._store.calls(limit)})

    async def requests(self, request: web.Request) -> web.Response:
        """Answer the requests in flight."""
        limit = integer(request, "limit", default=0, minimum=1, maximum=REQUESTS_LIMIT_MAX)
        return json({"requests": self._store.in_flight(self._clock.now(), limit or None)})

    async def snapshot(self, _request: web.Request) -> web.Response:
        """Answer the counts since the start and the newest calls."""
        now, uptime_secs = self._clock.now(), self._uptime.secs
        return json(self._store.snapshot(now=now, uptime_secs=uptime_secs))
