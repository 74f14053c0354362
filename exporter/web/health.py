"""Whether the process lives, whether it is ready, and how it is: never behind authentication."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from exporter.web.answer import json


class Health(msgspec.Struct):
    """How the exporter is. `uptime` is in seconds; `checks` names what is looked at, by result."""

    status: str
    uptime: float
    version: str
    sessions: int
    connections: int
    tools: int
    channels: list[str]
    checks: dict[str, str]


class HealthRoutes:
    """`/health` answers 200 while the process can answer at all: liveness must not depend on more.

    `/-/ready` answers 503 until, and whenever, pushes cannot be taken.
    """

    def __init__(self, *, health: Callable[[], Health], ready: Callable[[], bool]) -> None:
        self._health = health
        self._ready = ready

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/health", self.health)
        app.router.add_get("/-/healthy", self.healthy)
        app.router.add_get("/-/ready", self.ready)

    async def health(self, _request: web.Request) -> web.Response:
        """Answer how the exporter is, as JSON."""
        return json(self._health())

    async def healthy(self, _request: web.Request) -> web.Response:
        """Answer that the process can answer."""
        return web.Response(text="agent-exporter is healthy.\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """Answer whether pushes are taken."""
        if self._ready():
            return web.Response(text="agent-exporter is ready.\n")
        return web.Response(text="agent-exporter is not ready.\n", status=503)
