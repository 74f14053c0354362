"""`/api/v1/summary`: what this store knows, for another to take in, and what another knew.

The two are routes of their own, since they may be served in different places: reading is for
whoever looks, taking in is a push.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from exporter.clock import Clock
from exporter.decode.content import unpack
from exporter.decode.diagnosis import diagnose
from exporter.event.rejection import Code, Refusal
from exporter.pipeline.batch import Receipt
from exporter.store.summary import Imported
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from exporter.web.answer import JSON_HEADERS, json, send
from exporter.web.body import Bodies
from exporter.web.media_type import media_type

ROUTE = "/api/v1/summary"

EXPORTS_MAX = 2
"""Exports at a time, each until it is sent: one may be as large as all that is remembered."""

EXPORT_SEND_SECS_MAX = 120.0
RETRY_AFTER_SECS = 1

LARGE_BYTES = 64 * 1024
"""From here on a summary is decoded in a thread, one at a time."""

Write = Callable[[Imported], Awaitable[Receipt]]
"""Commit and absorb; `duplicates` is 1 where the same export was taken in before."""


class Held(msgspec.Struct):
    """How much of a summary lies within the window, and how many limits are in force."""

    models: int
    sessions: int
    limits: int


class ImportReply(msgspec.Struct):
    """What was taken in, unless the same export was before (`duplicate`)."""

    imported: Held
    duplicate: bool


class SummaryExportRoute:
    """Writes summaries; `make_id` returns an id that was never returned before."""

    def __init__(self, *, store: TelemetryStore, clock: Clock, make_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._make_id = make_id
        self._exports = 0

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_get(ROUTE, self.export)

    async def export(self, request: web.Request) -> web.StreamResponse:
        """Answer with a summary as of now. Raises `Refusal` while others get theirs."""
        if self._exports >= EXPORTS_MAX:
            raise Refusal(
                Code.RATE_LIMITED,
                "other summaries are being exported",
                retry_after_secs=RETRY_AFTER_SECS,
            )
        self._exports += 1
        try:
            body = await self._summary()
            return await send(request, body, JSON_HEADERS, secs_max=EXPORT_SEND_SECS_MAX)
        finally:
            self._exports -= 1

    async def _summary(self) -> bytes:
        pieces = []
        for piece in self._store.summary(now=self._clock.now(), export_id=self._make_id()):
            pieces.append(piece)
            await asyncio.sleep(0)
        return b"".join(pieces)


class SummaryImportRoute:
    """Takes summaries in, through `write`."""

    def __init__(
        self, *, store: TelemetryStore, clock: Clock, bodies: Bodies, write: Write
    ) -> None:
        self._window_secs = store.window_secs
        self._clock = clock
        self._bodies = bodies
        self._write = write
        self._one_large_at_a_time = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_put(ROUTE, self.take_in)

    async def take_in(self, request: web.Request) -> web.Response:
        """Answer one import, once it is committed. Raises `Refusal`."""
        if media_type(request) != _JSON:
            raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, f"send Content-Type: {_JSON}, in UTF-8")
        now = self._clock.now()
        imported = await self._decoded(request, now)
        receipt = await self._write(imported)
        state = imported.state
        held = Held(len(state.models), len(state.sessions), imported.limited(now))
        return json(ImportReply(held, receipt.duplicates > 0))

    async def _decoded(self, request: web.Request, now: float) -> Imported:
        encoding = ",".join(request.headers.getall("Content-Encoding", ())) or None
        async with self._bodies.read(request) as body:

            def decode() -> Imported:
                content = unpack(body, encoding, bytes_max=self._bodies.bytes_max)
                return _summary(content, now=now, window_secs=self._window_secs)

            if len(body) < LARGE_BYTES and encoding is None:
                return decode()
            async with self._one_large_at_a_time:
                return await asyncio.to_thread(decode)


_JSON = "application/json"
_raw = msgspec.json.Decoder(msgspec.Raw)


def _summary(content: bytes, *, now: float, window_secs: float) -> Imported:
    """Return what a body holds. Raises `Refusal`."""
    try:
        return decode_summary(content, now=now, window_secs=window_secs)
    except msgspec.ValidationError as error:
        code, path = (Code.TOO_DEEP, "$") if _is_too_deep(content) else diagnose(str(error))
    except RecursionError:
        code, path = Code.TOO_DEEP, "$"
    except (msgspec.DecodeError, UnicodeDecodeError):
        code, path = Code.MALFORMED, "$"
    raise Refusal(code, "the body is no summary", path=path)


def _is_too_deep(content: bytes) -> bool:
    try:
        _raw.decode(content)
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return False
