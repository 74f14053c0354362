"""`POST /api/v1/events`: a batch in, its receipt out, once it is committed."""

import re
from functools import partial
from typing import Protocol

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.pipeline.batch import Batch, Receipt
from exporter.web.media_type import media_type
from exporter.web.problem import Problem, problem, refused
from exporter.web.reception import Reception

ROUTE = "/api/v1/events"
SOURCE = "native"
ERRORS_LISTED_MAX = 1_000


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
        key = _idempotency_key(request)
        received_at = self._reception.now()
        decoded, size_bytes = await self._reception.decoded(
            request, partial(decode, received_at=received_at, events_max=self.events_max)
        )
        receipt = Receipt(0, 0)
        if decoded.events:
            batch = Batch(SOURCE, decoded.events, received_at, size_bytes, key)
            receipt = await self._reception.offer(batch)
        tally = self._reception.tally
        if decoded.rejections:
            codes = [rejection.code for rejection in decoded.rejections]
            tally.count_rejected(SOURCE, codes, decoded.rejected_types)
        tally.unknown_fields += decoded.unknown_fields
        return _reply(receipt, decoded)

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        return await self._reception.invite(request, ROUTE, _decoder, _refused)


def _refused(_request: web.Request, refusal: Refusal) -> web.Response:
    return refused(refusal)


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
