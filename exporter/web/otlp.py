"""OTLP over HTTP: `POST /v1/logs`, `/v1/traces` and `/v1/metrics`, in JSON or protobuf.

Whoever exports telemetry needs no more than the address. What of an export says nothing that counts
here is taken and passed over: a client would only retry, or complain, if it were refused. The
answers are those of the OTLP specification ("OTLP/HTTP Response"): in the encoding of the request,
200 with `partialSuccess` where some records could not be used, and a `Status` where nothing was
taken.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from aiohttp import hdrs, web

from exporter.agents.translate import Misread, Translated, translate
from exporter.decode.otlp import Decoded, Encoding, decode_logs, decode_metrics, decode_traces
from exporter.event.otel import Signal
from exporter.event.rejection import Code, Refusal
from exporter.pipeline.batch import Batch, Receipt
from exporter.web.fast_route import FastRoute, Offered, Tell, answer_whole
from exporter.web.media_type import media_type
from exporter.web.otlp_answers import exported, refused
from exporter.web.problem import REFUSED_BY_PATH
from exporter.web.reception import Reception
from exporter.web.wire import Success

SIGNALS: dict[str, Signal] = {"/v1/logs": "logs", "/v1/traces": "traces", "/v1/metrics": "metrics"}
"""The signals by their routes."""

_DECODE: dict[Signal, Callable[..., Decoded[Any]]] = {
    "logs": decode_logs,
    "traces": decode_traces,
    "metrics": decode_metrics,
}
_ENCODINGS: dict[str, Encoding] = {
    "application/json": "json",
    "application/x-protobuf": "protobuf",
}
_REASONS_TOLD_MAX = 5

LARGE_BYTES: dict[Signal, int] = {"logs": 128 * 1024, "traces": 32 * 1024, "metrics": 32 * 1024}
"""From here on an export is read in a thread: what is written oddly takes up to 1 us a byte.

Below, the thread would take as long as all else: a hundred usual log records are read in a
millisecond, and two threads that both want the interpreter make it two."""

RECORDS_AT_ONCE = 200
"""How many records are read on the event loop: they may be short, and still take 5 us each. As
their number bounds that of their attributes, a body made to take long is given up on in 50 ms."""


def source(signal: Signal) -> str:
    """Return what events of a signal are counted under as their source."""
    return f"otlp_{signal}"


class _Export(NamedTuple):
    """What an export holds: how many records, those that could not be read, what the others say.

    It arrived at `received_at`, Unix seconds, and was so many bytes, unpacked.
    """

    received_at: float
    size_bytes: int
    records: int
    unfit: int
    translated: Translated


class OTLPRoutes:
    """Takes exports in, at most `records_max` records at a time."""

    def __init__(self, *, reception: Reception, records_max: int) -> None:
        self._reception = reception
        self._reading: set[asyncio.Task[_Export]] = set()
        self.records_max = records_max

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        for route in SIGNALS:
            app.router.add_post(route, self.handle, expect_handler=self._expect)
            app[REFUSED_BY_PATH][route] = _refused

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one export."""
        return await self._reception.answer(request, request.path, self._export, _refused)

    @property
    def fast_routes(self) -> dict[str, FastRoute]:
        """What takes exports that are here whole, by their paths."""
        return {
            route: FastRoute(_ENCODINGS, LARGE_BYTES[signal] - 1, partial(self._take, route))
            for route, signal in SIGNALS.items()
        }

    async def _export(self, request: web.Request) -> web.Response:
        encoding = _encoding(request)
        signal = SIGNALS[request.path]
        received_at = self._reception.now()
        read = partial(self._read, signal=signal, encoding=encoding, received_at=received_at)
        export, _ = await self._reception.decoded(
            request,
            partial(read, records_max=self.records_max),
            large_bytes=LARGE_BYTES[signal],
            at_once=partial(self._read_at_once, read),
        )
        receipt = self._offered(signal, export)
        if receipt is not None:
            await receipt
        return self._exported(signal, encoding, export).response()

    def _take(self, route: str, headers: Mapping[str, str], body: bytes, tell: Tell) -> None:
        encoding = _ENCODINGS[headers[hdrs.CONTENT_TYPE]]
        offer = partial(self._offered_whole, SIGNALS[route], encoding, body)
        answer_whole(self._reception, route, offer, partial(refused, encoding=encoding), tell)

    def _offered_whole(self, signal: Signal, encoding: Encoding, body: bytes) -> Offered:
        received_at = self._reception.now()
        read = partial(self._read, signal=signal, encoding=encoding, received_at=received_at)
        export = self._read_at_once(read, body)
        if export is None:
            later = self._exported_later(signal, partial(read, records_max=self.records_max), body)
            reading = asyncio.create_task(later, name="export")
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
            return Offered(reading, partial(self._exported, signal, encoding))
        receipt = self._offered(signal, export)
        return Offered(receipt, lambda _: self._exported(signal, encoding, export))

    async def _exported_later(
        self, signal: Signal, read: Callable[[bytes], _Export], body: bytes
    ) -> _Export:
        """Return an export that has more in it than is read at once, once it is committed."""
        export = await self._reception.decoded_in_thread(body, read)
        receipt = self._offered(signal, export)
        if receipt is not None:
            await receipt
        return export

    def _offered(self, signal: Signal, export: _Export) -> asyncio.Future[Receipt] | None:
        events = export.translated.events
        if not events:
            return None
        batch = Batch(source(signal), events, export.received_at, export.size_bytes)
        return self._reception.offer(batch)

    def _exported(self, signal: Signal, encoding: Encoding, export: _Export) -> Success:
        """Return the answer to an export that is committed, and count it."""
        self._count(signal, export)
        misread = export.translated.misread
        rejected = export.unfit + len(misread)
        return exported(signal, encoding, rejected, _reasons(export.unfit, misread))

    def _read_at_once(self, read: Callable[..., _Export], body: bytes) -> _Export | None:
        """Return what an export holds, `None` where there is more in it than is read at once."""
        try:
            return read(body, records_max=min(self.records_max, RECORDS_AT_ONCE))
        except Refusal as refusal:
            if refusal.code in (Code.TOO_MANY_EVENTS, Code.TOO_LARGE):
                return None
            raise

    def _read(
        self,
        body: bytes,
        *,
        signal: Signal,
        encoding: Encoding,
        received_at: float,
        records_max: int,
    ) -> _Export:
        decoded = _DECODE[signal](body, encoding, records_max=records_max)
        translated = translate(decoded.records, received_at)
        records = len(decoded.records) + decoded.unfit
        return _Export(received_at, len(body), records, decoded.unfit, translated)

    def _count(self, signal: Signal, export: _Export) -> None:
        tally = self._reception.tally
        misread = export.translated.misread
        if misread:
            codes, _, types = zip(*misread, strict=True)
            tally.count_rejected(source(signal), codes, types)
        rejected = export.unfit + len(misread)
        used = export.translated.used
        tally.count_records(signal, used=used, rejected=rejected, all_=export.records)

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        return await self._reception.invite(request, request.path, _encoding, _refused)


def _encoding(request: web.Request) -> Encoding:
    encoding = _ENCODINGS.get(media_type(request) or "")
    if encoding is None:
        raise Refusal(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "send Content-Type: application/x-protobuf or application/json",
        )
    return encoding


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    return refused(refusal, _ENCODINGS.get(media_type(request) or "", "json"))


def _reasons(unfit: int, misread: list[Misread]) -> str:
    """Return why records were rejected, in our own words: codes, and names of fields."""
    reasons = dict.fromkeys(f"{one.code} at {one.path}" for one in misread)
    told = list(reasons)[:_REASONS_TOLD_MAX]
    return ", ".join(["malformed"] * bool(unfit) + told)
