"""A server with two routes, for what is about connections alone."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from exporter.web.server import Server
from tests.hostile.raw import PATIENCE_SECS

LARGE_BYTES = 32 * 1024 * 1024


class Slow:
    """Answers `/quick` at once, `/slow` once it is told to go on, `/large` with much to read.

    `/broken` fails at an expectation, which is before any middleware is asked.
    """

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.waiting = 0

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/quick", self.quick)
        app.router.add_get("/slow", self.slow)
        app.router.add_get("/large", self.large)
        app.router.add_get("/broken", self.quick, expect_handler=self.broken)

    async def quick(self, _request: web.Request) -> web.Response:
        """Answer at once."""
        return web.Response(text="quick")

    async def slow(self, _request: web.Request) -> web.Response:
        """Answer when told."""
        self.waiting += 1
        await self.go_on.wait()
        return web.Response(text="slow")

    async def broken(self, request: web.Request) -> web.StreamResponse | None:
        """Fail, with a text that repeats the request."""
        raise RuntimeError(request.headers["Expect"])

    async def large(self, _request: web.Request) -> web.Response:
        """Answer more than the kernel takes in."""
        return web.Response(body=bytes(LARGE_BYTES))


@contextlib.asynccontextmanager
async def serving(
    *,
    connections_max: int = 1_000,
    header_secs: float = 30,
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[Server, Slow, str]]:
    """Run a server on a free port; yield it, its routes and its address."""
    routes = Slow()
    server = Server(
        [routes],
        body_bytes_max=1_000,
        connections_max=connections_max,
        header_secs=header_secs,
    )
    try:
        ((host, port),) = await server.start([("127.0.0.1", 0)], ssl_context)
        yield server, routes, f"{host}:{port}"
    finally:
        routes.go_on.set()
        await server.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until it is so."""
    async with asyncio.timeout(PATIENCE_SECS):
        while not condition():  # noqa: ASYNC110 - no event tells of the server's own state
            await asyncio.sleep(0)
