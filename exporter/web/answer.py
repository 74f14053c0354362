"""Answers: what is JSON, and what is so large that its reader must keep up."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Generator, Mapping

import msgspec
from aiohttp import web

from exporter.clock import Clock
from exporter.metrics.negotiation import accepts_gzip
from exporter.pipeline.turns import Turns
from exporter.web.shared import Shared

SLICE_BYTES = 64 * 1024

SEND_SECS_MAX = 30.0
"""How long a reader may take over a large answer; Prometheus gives up after 10 by default."""

JSON_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    # It is about now.
    "Cache-Control": "no-store",
}

_SHARED_HEADERS = {**JSON_HEADERS, "Vary": "Accept-Encoding"}
_PACKED_HEADERS = {**_SHARED_HEADERS, "Content-Encoding": "gzip"}
_GZIP_MAGIC = b"\x1f\x8b"

Key = tuple[str, *tuple[object, ...]]


PACKED_BYTES_MIN = 4 * 1024
PACKING_LEVEL = 1
"""Half of what the highest level takes off is left, at a tenth of its time."""


class SharedJSON:
    """Answers JSON that takes long to make, once for all who wait for the same.

    It is compressed for whoever takes that. Raises `Refusal` (`rate_limited`) where too many
    different answers are waited for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shared: Shared[Key] = Shared()

    async def answer(
        self, request: web.Request, key: Key, tell: Callable[[], object]
    ) -> web.StreamResponse:
        """Answer what `tell` returns, as of now. `key` says what is asked for, in full."""

        async def told() -> object:
            return tell()

        return await self._answer(request, key, told)

    async def answer_in_turns(
        self, request: web.Request, key: Key, tell: Callable[[], Generator[None, None, object]]
    ) -> web.StreamResponse:
        """Do the same with what takes so long that others are let go on at every stop of it."""
        return await self._answer(request, key, lambda: Turns(self._clock).through(tell()))

    async def _answer(
        self, request: web.Request, key: Key, tell: Callable[[], Awaitable[object]]
    ) -> web.StreamResponse:
        packed = accepts_gzip(request.headers.get("Accept-Encoding", ""))

        async def make() -> bytes:
            body = msgspec.json.encode(await tell())
            if packed and len(body) >= PACKED_BYTES_MIN:
                return await asyncio.to_thread(gzip.compress, body, PACKING_LEVEL, mtime=0)
            return body

        body = await self._shared.answer((*key, packed), make)
        # No JSON begins so.
        is_packed = body.startswith(_GZIP_MAGIC)
        return await send(request, body, _PACKED_HEADERS if is_packed else _SHARED_HEADERS)


def json(answer: object) -> web.Response:
    """Return an answer as JSON, never to be cached: it is about now."""
    return web.Response(body=msgspec.json.encode(answer), headers=JSON_HEADERS)


async def send(
    request: web.Request,
    body: bytes,
    headers: Mapping[str, str],
    *,
    secs_max: float | None = None,
) -> web.StreamResponse:
    """Send a body that others may be sending too, so that a slow reader holds a slice of it.

    A reader that takes longer than `secs_max`, by default `SEND_SECS_MAX`, is cut off.
    """
    if len(body) <= SLICE_BYTES or request.method == "HEAD":
        return web.Response(body=body, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    view = memoryview(body)
    try:
        async with asyncio.timeout(SEND_SECS_MAX if secs_max is None else secs_max):
            for start in range(0, len(body), SLICE_BYTES):
                await response.write(view[start : start + SLICE_BYTES])
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response
