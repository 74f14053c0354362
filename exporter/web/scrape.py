"""`GET /metrics`: rendered in turns with everything else, and once for all who wait for it."""

import asyncio
import zlib
from collections.abc import Callable, Iterable, Iterator

from aiohttp import web

from exporter.clock import Clock
from exporter.decode.content import GZIP_WINDOW_BITS
from exporter.metrics.exposition import Format
from exporter.metrics.negotiation import accepts_gzip, choose_format
from exporter.web.answer import send
from exporter.web.shared import Shared

GZIP_LEVEL = 1
"""Levels above 1 cost several times the CPU for a tenth of the size."""

TURNS_BETWEEN_PIECES = 10
"""Turns of the event loop, 3 us each where there is nothing to do: in about as many a push that has
come is committed and answered, so that it waits for few pieces and not for one a turn."""

SECS_BETWEEN_PIECES = 0.001
"""What these turns may take but for the last: a scrape must come to its end beside long work."""

Render = Callable[[Format, float], Iterator[str]]
"""Yields the exposition in a format, as of an instant in Unix seconds, piece by piece."""


class ScrapeRoute:
    """Serves the exposition that `render` yields; `observe` is told how many seconds each took.

    `last_at` is when the last one was answered, Unix seconds.
    """

    def __init__(self, *, render: Render, clock: Clock, observe: Callable[[float], None]) -> None:
        self._render = render
        self._clock = clock
        self._observe = observe
        self._shared: Shared[tuple[Format, bool]] = Shared()
        self._awaited: list[asyncio.Event] = []
        self.last_at: float | None = None

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_get("/metrics", self.handle)

    async def next_answered(self) -> None:
        """Wait for a scrape that begins from now on to be answered."""
        answered = asyncio.Event()
        self._awaited.append(answered)
        await answered.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one scrape."""
        awaited = self._awaited.copy()
        try:
            return await self._handle(request)
        finally:
            for answered in awaited:
                answered.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        began = self._clock.monotonic()
        form, content_type = choose_format(request.headers.get("Accept", ""))
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        body = await self._shared.answer((form, gzip), lambda: self._body(form, gzip=gzip))
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        self._observe(self._clock.monotonic() - began)
        response = await send(request, body, headers)
        self.last_at = self._clock.now()
        return response

    async def _body(self, form: Format, *, gzip: bool) -> bytes:
        pieces = []
        for piece in self._render(form, self._clock.now()):
            pieces.append(piece.encode())
            await self._let_others_go_on()
        return await asyncio.to_thread(packed, pieces) if gzip else b"".join(pieces)

    async def _let_others_go_on(self) -> None:
        until = self._clock.monotonic() + SECS_BETWEEN_PIECES
        for _ in range(TURNS_BETWEEN_PIECES):
            await asyncio.sleep(0)
            if self._clock.monotonic() >= until:
                break


def packed(pieces: Iterable[bytes]) -> bytes:
    """Return a text in gzip's format."""
    # Not gzip.compress: it writes the time into its header, so equal states would differ.
    deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
    return b"".join([*map(deflater.compress, pieces), deflater.flush()])
