"""`POST /api/v1/events`: a batch in, its receipt out, once it is committed."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from exporter.clock import Clock
from exporter.decode.content import unpack
from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.web.body import Bodies
from exporter.web.media_type import media_type
from exporter.web.problem import STATUS, Problem, problem, refused

ROUTE = "/api/v1/events"
SOURCE = "native"
ERRORS_LISTED_MAX = 1_000

LARGE_BYTES = 256 * 1024
LARGE_PACKED_BYTES = 4 * 1024
"""From here on a body is decoded in a thread, one at a time, so that others are not kept waiting.

Below, it holds the event loop for a millisecond or two. Packed, 4 KiB may be 4 MiB of blanks."""

CLIENT_GONE = 499
"""What a push counts as whose client went away before it could be answered."""


class Decode(Protocol):
    """What turns a body into events."""

    def __call__(self, body: bytes, *, received_at: float, events_max: int) -> Decoded:
        """Return the events of a body that arrived at `received_at`, Unix seconds."""
        ...


_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_DECODERS: dict[str, Decode] = {
    "application/json": decode_json,
    "application/x-ndjson": decode_ndjson,
    "application/ndjson": decode_ndjson,
}


class PushReply(msgspec.Struct):
    """What became of a batch; `errors_truncated` where not every error is listed."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[Rejection]
    errors_truncated: bool | UnsetType = UNSET


class PushRoute:
    """Takes pushes in. `answered` counts them by route and status code."""

    def __init__(
        self,
        *,
        intake: Intake,
        tally: Tally,
        clock: Clock,
        observe: Callable[[float], None],
        bodies: Bodies,
        events_max: int,
    ) -> None:
        self._intake = intake
        self._tally = tally
        self._clock = clock
        self._observe = observe
        self._bodies = bodies
        self.events_max = events_max
        self._one_large_at_a_time = asyncio.Lock()
        self.answered: Counter[tuple[str, str]] = Counter()

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_post(ROUTE, self.handle, expect_handler=self._expect)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one push."""
        began = self._clock.monotonic()
        status = CLIENT_GONE
        try:
            response = await self._push(request)
            status = response.status
        except Refusal as refusal:
            response = self._refused(refusal)
            status = response.status
        except Exception:
            status = STATUS[Code.INTERNAL_ERROR]
            raise
        finally:
            self.answered[ROUTE, str(status)] += 1
            self._observe(self._clock.monotonic() - began)
        return response

    async def _push(self, request: web.Request) -> web.Response:
        decode = _decoder(request)
        key = _idempotency_key(request)
        received_at = self._clock.now()
        decoded, size_bytes = await self._decoded(request, decode, received_at)
        receipt = Receipt(0, 0)
        if decoded.events:
            batch = Batch(SOURCE, decoded.events, received_at, size_bytes, key)
            receipt = await self._intake.offer(batch)
        if decoded.rejections:
            codes = [rejection.code for rejection in decoded.rejections]
            self._tally.count_rejected(SOURCE, codes, decoded.rejected_types)
        self._tally.unknown_fields += decoded.unknown_fields
        return _reply(receipt, decoded)

    async def _decoded(
        self, request: web.Request, decode: Decode, received_at: float
    ) -> tuple[Decoded, int]:
        """Return what the body holds and how large it is; the body itself is let go of."""
        encoding = ",".join(request.headers.getall("Content-Encoding", ())) or None
        async with self._bodies.read(request) as body:

            def decode_body() -> tuple[Decoded, int]:
                content = unpack(body, encoding, bytes_max=self._bodies.bytes_max)
                decoded = decode(content, received_at=received_at, events_max=self.events_max)
                return decoded, len(content)

            if len(body) < (LARGE_PACKED_BYTES if encoding else LARGE_BYTES):
                return decode_body()
            async with self._one_large_at_a_time:
                return await asyncio.to_thread(decode_body)

    def _refused(self, refusal: Refusal) -> web.Response:
        self._tally.rejections[refusal.code] += 1
        return refused(refusal)

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        """Invite the body of a push that may come: say `100 Continue`."""
        if request.headers.get("Expect", "").lower() != "100-continue":
            return problem(Problem("expectation failed", 417, "expectation_failed"))
        try:
            _decoder(request)
            self._bodies.check_length(request)
        except Refusal as refusal:
            response = self._refused(refusal)
            self.answered[ROUTE, str(response.status)] += 1
            return response
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None


def _decoder(request: web.Request) -> Decode:
    decode = _DECODERS.get(media_type(request) or "")
    if decode is None:
        raise Refusal(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "send Content-Type: application/json or application/x-ndjson, in UTF-8",
        )
    return decode


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Refusal(
            Code.INVALID_KEY,
            "Idempotency-Key must be 1 to 255 visible ASCII characters",
            path="Idempotency-Key",
        )
    return key


def _reply(receipt: Receipt, decoded: Decoded) -> web.Response:
    rejected = len(decoded.rejections)
    errors = decoded.rejections[:ERRORS_LISTED_MAX]
    truncated = rejected > ERRORS_LISTED_MAX
    if rejected and not receipt.accepted and not receipt.duplicates:
        return problem(
            Problem(
                title="no event was accepted",
                status=400,
                code=errors[0].code.value,
                path=errors[0].path,
                accepted=0,
                duplicates=0,
                rejected=rejected,
                errors=errors,
                errors_truncated=truncated or None,
            )
        )
    reply = PushReply(receipt.accepted, receipt.duplicates, rejected, errors)
    if truncated:
        reply.errors_truncated = True
    return web.Response(body=msgspec.json.encode(reply), content_type="application/json")
