"""A server: which routes are served where, and how it starts and stops."""

import socket
import ssl
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from exporter.event.rejection import Code
from exporter.web.connection import FastPath
from exporter.web.connections import Connections
from exporter.web.file_limit import connections_within
from exporter.web.framing import strictly
from exporter.web.headers import EVERY_ANSWER
from exporter.web.listeners import Listeners
from exporter.web.problem import REFUSED_BY_PATH, problems

HEADER_SECS = 9
"""What a client has for the headers of a request, so that within 10 s it is closed for certain."""

CONNECTIONS_MAX = 1_000

SHUTDOWN_SECS = 1
"""How long open requests may go on when the server stops; aiohttp may take it twice."""


class Routes(Protocol):
    """Something that answers on paths of its own."""

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        ...


class Server:
    """Serves one set of routes on one or more addresses.

    A request goes through `middlewares` in their order before its route. `connections_max` is how
    many clients may be connected, where the limit of open files allows as many; `header_secs` what
    the headers of a request may take, and how long a connection is kept between requests.
    `refused` counts requests that were, a push by its own route excepted. `fast_path` takes what it
    can before any of that.
    """

    def __init__(
        self,
        routes: Iterable[Routes],
        *,
        body_bytes_max: int,
        middlewares: Sequence[Middleware] = (),
        connections_max: int = CONNECTIONS_MAX,
        header_secs: float = HEADER_SECS,
        fast_path: FastPath | None = None,
    ) -> None:
        self.refused: Counter[Code] = Counter()
        app = web.Application(
            middlewares=[problems(self.refused), *middlewares], client_max_size=body_bytes_max
        )
        app[REFUSED_BY_PATH] = {}
        for group in routes:
            group.add_to(app)
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=SHUTDOWN_SECS)
        self._connections_max = connections_max
        self._header_secs = header_secs
        self._fast_path = fast_path
        self._ssl_context: ssl.SSLContext | None = None
        self._listeners: Listeners | None = None
        self._connections: Connections | None = None

    async def start(
        self,
        addresses: Sequence[tuple[str | None, int]],
        ssl_context: ssl.SSLContext | None = None,
    ) -> list[tuple[str, int]]:
        """Bind every address and return what was bound, port 0 replaced by the port given.

        Raises `OSError` where an address cannot be had; what was bound before it is until `stop`.
        """
        self._ssl_context = ssl_context
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("aiohttp made no server")
        server.request_handler = strictly(server.request_handler)
        self._connections = Connections(
            server,
            connections_max=connections_within(self._connections_max),
            header_secs=self._header_secs,
            fast_path=self._fast_path,
        )
        self._listeners = Listeners(self._take)
        for host, port in addresses:
            await self._listeners.listen(host, port)
        return self._listeners.addresses

    def use_tls(self, ssl_context: ssl.SSLContext | None) -> None:
        """Encrypt connections from now on by this context, or not at all; open ones go on."""
        self._ssl_context = ssl_context

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections) if self._connections is not None else 0

    @property
    def refused_connections(self) -> int:
        """How many clients were turned away because too many were connected and busy."""
        return self._connections.refused if self._connections is not None else 0

    async def stop(self) -> None:
        """Close the listeners, let open requests end, and close every connection."""
        if self._listeners is not None:
            self._listeners.close()
        if self._connections is not None:
            await self._connections.stop()
        await self._runner.cleanup()

    def _take(self, client: socket.socket) -> None:
        if self._connections is not None:
            self._connections.take(client, self._ssl_context)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(EVERY_ANSWER)
    body = request.content
    if not body.is_eof() or body.exception() is not None:
        # What is left of the body is not worth reading, so the connection cannot go on.
        response.force_close()
        response.headers["Connection"] = "close"
