"""`POST /api/v1/events`: a batch in, its receipt out, once it is committed."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from exporter.clock import Clock
from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.web.body import read_body
from exporter.web.problem import STATUS, Problem, problem, refused

ROUTE = "/api/v1/events"
SOURCE = "native"
ERRORS_LISTED_MAX = 1_000

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_DECODERS = {
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
        body_bytes_max: int,
        body_timeout_secs: float,
        events_max: int,
    ) -> None:
        self._intake = intake
        self._tally = tally
        self._clock = clock
        self._observe = observe
        self._body_bytes_max = body_bytes_max
        self._body_timeout_secs = body_timeout_secs
        self._events_max = events_max
        self.answered: Counter[tuple[str, str]] = Counter()

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_post(ROUTE, self.handle, expect_handler=self._expect)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one push."""
        began = self._clock.monotonic()
        status = 500
        try:
            response = await self._push(request)
            status = response.status
        except Refusal as refusal:
            self._tally.rejections[refusal.code] += 1
            response = refused(refusal)
            status = response.status
        finally:
            self.answered[ROUTE, str(status)] += 1
            self._observe(self._clock.monotonic() - began)
        return response

    async def _push(self, request: web.Request) -> web.Response:
        decode = _DECODERS.get(request.content_type)
        if decode is None or "Content-Type" not in request.headers:
            raise Refusal(
                Code.UNSUPPORTED_MEDIA_TYPE,
                "Content-Type must be application/json or application/x-ndjson",
            )
        key = _idempotency_key(request)
        body = await read_body(
            request, bytes_max=self._body_bytes_max, timeout_secs=self._body_timeout_secs
        )
        received_at = self._clock.now()
        decoded = decode(body, received_at=received_at, events_max=self._events_max)
        receipt = Receipt(0, 0)
        if decoded.events:
            batch = Batch(SOURCE, decoded.events, received_at, len(body), key)
            receipt = await self._committed(self._intake.offer(batch))
        if decoded.rejections:
            codes = [rejection.code for rejection in decoded.rejections]
            self._tally.count_rejected(SOURCE, codes, decoded.rejected_types)
        self._tally.unknown_fields += decoded.unknown_fields
        return _reply(receipt, decoded)

    async def _committed(self, receipt: Awaitable[Receipt]) -> Receipt:
        # A client that goes away must not take back what is being committed.
        return await asyncio.shield(receipt)

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        """Say `100 Continue` only to a body that may come."""
        if (request.content_length or 0) > self._body_bytes_max:
            self._tally.rejections[Code.TOO_LARGE] += 1
            self.answered[ROUTE, str(STATUS[Code.TOO_LARGE])] += 1
            return refused(
                Refusal(Code.TOO_LARGE, f"the body is over {self._body_bytes_max} bytes")
            )
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None


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
