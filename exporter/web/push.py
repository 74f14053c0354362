"""`POST /api/v1/events`: a batch in, its receipt out, once it is committed.

A push comes as a request that is read and answered in a task, or whole and without one; what it is
taken for and what it is answered is the same.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Protocol

import msgspec
from aiohttp import hdrs, web
from msgspec import UNSET, UnsetType
from multidict import istr

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.pipeline.batch import Batch, Receipt
from exporter.web.fast_route import FastRoute, Offered, Tell, answer_whole
from exporter.web.media_type import media_type
from exporter.web.problem import Problem, problem, refused
from exporter.web.reception import LARGE_BYTES, Reception
from exporter.web.wire import Reply, Success

ROUTE = "/api/v1/events"
SOURCE = "native"
ERRORS_LISTED_MAX = 1_000


class Decode(Protocol):
    """What turns a body into events."""

    def __call__(self, body: bytes, *, received_at: float, events_max: int) -> Decoded:
        """Return the events of a body that arrived at `received_at`, Unix seconds."""
        ...


KEY = istr("Idempotency-Key")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
DECODERS: Mapping[str | None, Decode] = {
    "application/json": decode_json,
    "application/x-ndjson": decode_ndjson,
    "application/ndjson": decode_ndjson,
}
"""What decodes a body, by its media type."""

NOTHING = Receipt(0, 0)


class PushReply(msgspec.Struct):
    """What became of a batch; `errors_truncated` where not every error is listed."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[Rejection]
    errors_truncated: bool | UnsetType = UNSET


class PushRoute:
    """Takes pushes of events in, at most `events_max` at a time."""

    def __init__(self, *, reception: Reception, events_max: int) -> None:
        self._reception = reception
        self.events_max = events_max

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_post(ROUTE, self.handle, expect_handler=self._expect)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one push."""
        return await self._reception.answer(request, ROUTE, self._push, _refused)

    async def _push(self, request: web.Request) -> web.Response:
        decode = _decoder(request)
        key = _idempotency_key(request.headers)
        received_at = self._reception.now()
        decoded, size_bytes = await self._reception.decoded(
            request, partial(decode, received_at=received_at, events_max=self.events_max)
        )
        receipt = NOTHING
        if decoded.events:
            batch = Batch(SOURCE, decoded.events, received_at, size_bytes, key)
            receipt = await self._reception.offer(batch)
        reply = self._reply(receipt, decoded)
        return reply.response() if isinstance(reply, Success) else reply

    @property
    def fast_routes(self) -> dict[str, FastRoute]:
        """What takes pushes that are here whole, by its path."""
        return {ROUTE: FastRoute(DECODERS, LARGE_BYTES, self._take)}

    def _take(self, headers: Mapping[str, str], body: bytes, tell: Tell) -> None:
        answer_whole(self._reception, ROUTE, lambda: self._offered(headers, body), refused, tell)

    def _offered(self, headers: Mapping[str, str], body: bytes) -> Offered:
        decode = DECODERS[headers[hdrs.CONTENT_TYPE]]
        key = _idempotency_key(headers)
        received_at = self._reception.now()
        decoded = decode(body, received_at=received_at, events_max=self.events_max)
        if not decoded.events:
            return Offered(None, lambda _: self._reply(NOTHING, decoded))
        batch = Batch(SOURCE, decoded.events, received_at, len(body), key)
        receipt = self._reception.offer(batch)
        return Offered(receipt, lambda receipt: self._reply(receipt, decoded))

    def _reply(self, receipt: Receipt, decoded: Decoded) -> Reply:
        """Return what a push is answered of which this was decoded and that was committed."""
        tally = self._reception.tally
        tally.unknown_fields += decoded.unknown_fields
        if not decoded.rejections:
            return Success(
                b'{"accepted":%d,"duplicates":%d,"rejected":0,"errors":[]}'
                % (receipt.accepted, receipt.duplicates)
            )
        codes = [rejection.code for rejection in decoded.rejections]
        tally.count_rejected(SOURCE, codes, decoded.rejected_types)
        return _with_errors(receipt, decoded)

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        return await self._reception.invite(request, ROUTE, _decoder, _refused)


def _refused(_request: web.Request, refusal: Refusal) -> web.Response:
    return refused(refusal)


def _decoder(request: web.Request) -> Decode:
    decode = DECODERS.get(media_type(request))
    if decode is None:
        raise Refusal(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "send Content-Type: application/json or application/x-ndjson, in UTF-8",
        )
    return decode


def _idempotency_key(headers: Mapping[str, str]) -> str | None:
    key = headers.get(KEY)
    if key is not None and not _KEY.fullmatch(key):
        raise Refusal(
            Code.INVALID_KEY,
            "Idempotency-Key must be 1 to 255 visible ASCII characters",
            path="Idempotency-Key",
        )
    return key


def _with_errors(receipt: Receipt, decoded: Decoded) -> Reply:
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
    return Success(msgspec.json.encode(reply))
