"""OTLP in JSON.

A body is decoded in one call into typed messages, of which the records are made. One that does not
fit them, for a value of another type or a name in snake_case, is read again leniently, record by
record. What that costs is borne by the few who write it so.

Nearly everything in a body that takes room once it is made begins with a brace or a bracket, so
those are counted beforehand, wherever they stand. A record of eighteen attributes has forty of
them, and a body of 16 MiB can hold no more than 900,000 that say anything.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from exporter.decode import otlp_json_messages as wire
from exporter.decode import otlp_json_records as records
from exporter.decode.otlp_gathering import Decoded, Gathering
from exporter.decode.otlp_json_lenient import LenientReader, each_point
from exporter.decode.otlp_rules import COUNTED_BYTES_MIN, NAME_LENGTH_MAX, Unfit
from exporter.decode.surrogates import without_lone_surrogates
from exporter.event.otel import Attributes, LogRecord, Origin, Point, Span
from exporter.event.rejection import Code, Refusal

R = TypeVar("R")

MARKS_MAX = 1 << 20
"""Objects and lists of a body, however small."""


@dataclass(frozen=True, slots=True)
class _Signal(Generic[R]):
    """How a request is read: all at once, or record by record; and what is made of its items."""

    request: "msgspec.json.Decoder[Any]"
    lenient: LenientReader
    each: Callable[[Iterable[Any]], Iterable[Any]]
    read: Callable[[Any, Origin], R | None]


def logs(body: bytes, records_max: int) -> Decoded[LogRecord]:
    """Return the log records of a body. Raises `Refusal` or `RecursionError`."""
    return _decode(_LOGS, body, records_max)


def traces(body: bytes, records_max: int) -> Decoded[Span]:
    """Return the spans of a body. Raises as `logs`."""
    return _decode(_TRACES, body, records_max)


def metrics(body: bytes, records_max: int) -> Decoded[Point]:
    """Return the data points of a body. Raises as `logs`."""
    return _decode(_METRICS, body, records_max)


def _decode(signal: _Signal[R], body: bytes, records_max: int) -> Decoded[R]:
    if len(body) >= COUNTED_BYTES_MIN and body.count(b"{") + body.count(b"[") > MARKS_MAX:
        raise Refusal(Code.TOO_LARGE, f"the body holds more than {MARKS_MAX} objects and lists")
    try:
        try:
            return _decoded(signal, body, Gathering(records_max))
        except msgspec.DecodeError:
            mended = without_lone_surrogates(body)
            if mended is None:
                raise
            return _decoded(signal, mended, Gathering(records_max))
    except msgspec.DecodeError:
        raise Refusal(Code.MALFORMED, "the body is no such request in JSON") from None


def _decoded(signal: _Signal[R], body: bytes, gathering: Gathering[R]) -> Decoded[R]:
    try:
        request = signal.request.decode(body)
    except msgspec.ValidationError:
        _gather_leniently(signal, body, gathering)
    else:
        _gather(signal, request, gathering)
    return gathering.decoded()


def _gather(signal: _Signal[R], request: Any, gathering: Gathering[R]) -> None:  # noqa: ANN401 - any of the three
    for resource in request.resources or ():
        gathering.enter()
        about = _resource(resource.resource or wire.Resource())
        for scope in resource.scopes or ():
            gathering.enter()
            origin = _origin(about, scope.scope)
            _take(signal, scope.items or (), origin, gathering)


def _gather_leniently(signal: _Signal[R], body: bytes, gathering: Gathering[R]) -> None:
    for resource, scopes in signal.lenient.resources(body):
        gathering.enter()
        about = _resource(resource)
        for text in scopes:
            gathering.enter()
            scope, items = signal.lenient.scope(text)
            origin = _origin(about, scope)
            for message in signal.lenient.messages(items):
                if message is None:
                    gathering.pass_over(1)
                else:
                    _take(signal, (message,), origin, gathering)


def _take(
    signal: _Signal[R], messages: Iterable[Any], origin: Origin | None, gathering: Gathering[R]
) -> None:
    """Take the records of messages; where it cannot be understood whose they are, count them."""
    items = signal.each(messages)
    if origin is None:
        gathering.pass_over(sum(1 for _ in items))
    else:
        gathering.take(items, origin, signal.read)


def _resource(resource: wire.Resource | None) -> Attributes | None:
    try:
        return None if resource is None else records.attributes(resource.attributes)
    except Unfit:
        return None


def _origin(resource: Attributes | None, scope: wire.Scope | None) -> Origin | None:
    name = (scope.name or "") if scope else ""
    return None if resource is None else Origin(resource, name[:NAME_LENGTH_MAX])


def _as_they_are(records: Iterable[Any]) -> Iterable[Any]:
    return records


_LOGS: _Signal[LogRecord] = _Signal(
    msgspec.json.Decoder(wire.Logs, strict=False),
    LenientReader("Logs", "logRecords", wire.LogRecord),
    _as_they_are,
    records.log_record,
)
_TRACES: _Signal[Span] = _Signal(
    msgspec.json.Decoder(wire.Traces, strict=False),
    LenientReader("Spans", "spans", wire.Span),
    _as_they_are,
    records.span,
)
_METRICS: _Signal[Point] = _Signal(
    msgspec.json.Decoder(wire.Metrics, strict=False),
    LenientReader("Metrics", "metrics", wire.Metric, each_point),
    records.points,
    records.point,
)
