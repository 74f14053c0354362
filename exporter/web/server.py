"""Listeners: which routes are served where, and how a connection is kept and let go."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from aiohttp import web

from exporter.web.problem import problems

KEEPALIVE_SECS = 10
"""Also the time a client has for the headers of a request (aiohttp has one setting for both)."""

SHUTDOWN_SECS = 1
"""How long open requests may go on when the server stops; aiohttp may take it twice."""

BACKLOG = 1_024


class Routes(Protocol):
    """Something that answers on paths of its own."""

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        ...


class Server:
    """Serves one set of routes on one or more addresses."""

    def __init__(self, routes: Iterable[Routes], *, body_bytes_max: int) -> None:
        app = web.Application(middlewares=[problems], client_max_size=body_bytes_max)
        for group in routes:
            group.add_to(app)
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            handle_signals=False,
            keepalive_timeout=KEEPALIVE_SECS,
            shutdown_timeout=SHUTDOWN_SECS,
        )

    async def start(self, addresses: Sequence[tuple[str | None, int]]) -> list[tuple[str, int]]:
        """Bind every address and return what was bound, port 0 replaced by the port given.

        Raises `OSError` where an address cannot be had; what was bound before it is until `stop`.
        """
        await self._runner.setup()
        for host, port in addresses:
            await web.TCPSite(self._runner, host, port, backlog=BACKLOG).start()
        return [(str(bound[0]), int(bound[1])) for bound in self._runner.addresses]

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        server = self._runner.server
        return len(server.connections) if server is not None else 0

    async def stop(self) -> None:
        """Close the listeners, let open requests end, and close every connection."""
        await self._runner.cleanup()


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    # aiohttp would name itself and Python with their versions.
    response.headers["Server"] = "agent-exporter"
    # What agents push is shown as what it is, never as what a browser makes of it.
    response.headers["X-Content-Type-Options"] = "nosniff"
