"""`GET /metrics`: rendered in turns with everything else, and once for all who wait for it.

One rendering runs at a time. Whoever asks while it runs shares the next one, never the one that
has begun: that could miss a push acknowledged before they asked. So a crowd of scrapers costs two
renderings, not one each.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping

from aiohttp import web

from exporter.clock import Clock
from exporter.decode.content import GZIP_WINDOW_BITS
from exporter.metrics.exposition import Format
from exporter.metrics.negotiation import accepts_gzip, choose_format

SLICE_BYTES = 64 * 1024

SEND_SECS_MAX = 30.0
"""How long a scraper may take to read its answer; Prometheus gives up after 10 by default."""

GZIP_LEVEL = 1
"""Levels above 1 cost several times the CPU for a tenth of the size."""

Render = Callable[[Format, float], Iterator[str]]
"""Yields the exposition in a format, as of an instant in Unix seconds, piece by piece."""


class ScrapeRoute:
    """Serves the exposition that `render` yields; `observe` is told how many seconds each took."""

    def __init__(self, *, render: Render, clock: Clock, observe: Callable[[float], None]) -> None:
        self._render = render
        self._clock = clock
        self._observe = observe
        self._one_at_a_time = asyncio.Lock()
        self._next: dict[tuple[Format, bool], asyncio.Task[bytes]] = {}
        self._awaited: list[asyncio.Event] = []

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
        body = await asyncio.shield(self._shared(form, gzip=gzip))
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        self._observe(self._clock.monotonic() - began)
        if len(body) <= SLICE_BYTES or request.method == "HEAD":
            return web.Response(body=body, headers=headers)
        return await _sliced(request, body, headers)

    def _shared(self, form: Format, *, gzip: bool) -> asyncio.Task[bytes]:
        """Return the rendering of this form that is yet to begin, the first to ask making it."""
        task = self._next.get((form, gzip))
        if task is None:
            task = self._next[form, gzip] = asyncio.create_task(self._body(form, gzip=gzip))
        return task

    async def _body(self, form: Format, *, gzip: bool) -> bytes:
        async with self._one_at_a_time:
            del self._next[form, gzip]
            pieces = []
            for piece in self._render(form, self._clock.now()):
                pieces.append(piece)
                await asyncio.sleep(0)
            text = "".join(pieces).encode()
        return await asyncio.to_thread(packed, text) if gzip else text


async def _sliced(
    request: web.Request, body: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a body that others may be sending too, so that a slow reader holds a slice of it."""
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    view = memoryview(body)
    try:
        async with asyncio.timeout(SEND_SECS_MAX):
            for start in range(0, len(body), SLICE_BYTES):
                await response.write(view[start : start + SLICE_BYTES])
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def packed(text: bytes) -> bytes:
    """Return a text in gzip's format."""
    # Not gzip.compress: it writes the time into its header, so equal states would differ.
    deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
    return deflater.compress(text) + deflater.flush()
