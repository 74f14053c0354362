"""Answers: what is JSON, and what is so large that its reader must keep up."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web

from exporter.web.shared import Shared

SLICE_BYTES = 64 * 1024

SEND_SECS_MAX = 30.0
"""How long a reader may take over a large answer; Prometheus gives up after 10 by default."""

JSON_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    # It is about now.
    "Cache-Control": "no-store",
}

Key = tuple[str, *tuple[object, ...]]


class SharedJSON:
    """Answers JSON that takes long to make, once for all who wait for the same."""

    def __init__(self) -> None:
        self._shared: Shared[Key] = Shared()

    async def answer(
        self, request: web.Request, key: Key, tell: Callable[[], object]
    ) -> web.StreamResponse:
        """Answer what `tell` returns, as of now. `key` says what is asked for, in full."""

        async def make() -> bytes:
            return msgspec.json.encode(tell())

        body = await self._shared.answer(key, make)
        return await send(request, body, JSON_HEADERS)


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
