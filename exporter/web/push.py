"""`POST /api/v1/events`: a batch in, its receipt out, once it is committed.

A push comes as a request that is read and answered in a task, or whole and without one; what it is
taken for and what it is answered is the same.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType
from multidict import istr

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.pipeline.batch import Batch, Receipt
from exporter.web.media_type import media_type
from exporter.web.problem import Problem, fault, problem, refused
from exporter.web.reception import Reception
from exporter.web.wire import Reply

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
        if isinstance(reply, bytes):
            return web.Response(body=reply, content_type="application/json")
        return reply

    def take(self, headers: Mapping[str, str], body: bytes, tell: Callable[[Reply], None]) -> None:
        """Answer one push that is here whole, by `tell`, as `handle` would.

        Its `Content-Type` must be one of `DECODERS`, and its body not be packed.
        """
        began = self._reception.begin()

        def end(reply: Reply) -> None:
            status = 200 if isinstance(reply, bytes) else reply.status
            self._reception.end(ROUTE, status, began)
            tell(reply)

        try:
            decoded, receipt = self._offered(headers, body)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            end(self._failed(error))
            return
        if receipt is None:
            end(self._reply(NOTHING, decoded))
        else:
            receipt.add_done_callback(lambda committed: end(self._answer(committed, decoded)))

    def _offered(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[Decoded, asyncio.Future[Receipt] | None]:
        """Return what a body holds, and what brings its receipt where there is one to come."""
        decode = DECODERS[headers["Content-Type"]]
        key = _idempotency_key(headers)
        received_at = self._reception.now()
        decoded = decode(body, received_at=received_at, events_max=self.events_max)
        if not decoded.events:
            return decoded, None
        batch = Batch(SOURCE, decoded.events, received_at, len(body), key)
        return decoded, self._reception.offer(batch)

    def _answer(self, committed: asyncio.Future[Receipt], decoded: Decoded) -> Reply:
        try:
            return self._reply(committed.result(), decoded)
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(error)

    def _failed(self, error: Exception) -> web.Response:
        if not isinstance(error, Refusal):
            return fault(error)
        self._reception.tally.rejections[error.code] += 1
        return refused(error)

    def _reply(self, receipt: Receipt, decoded: Decoded) -> Reply:
        """Return what a push is answered of which this was decoded and that was committed."""
        tally = self._reception.tally
        tally.unknown_fields += decoded.unknown_fields
        if not decoded.rejections:
            return b'{"accepted":%d,"duplicates":%d,"rejected":0,"errors":[]}' % (
                receipt.accepted,
                receipt.duplicates,
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
    return msgspec.json.encode(reply)
