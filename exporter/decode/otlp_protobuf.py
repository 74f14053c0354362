"""OTLP in protobuf.

A body that is not large is parsed in one go: 8 us a log record in place of 10. Of a large one only
records, and whom they are of, are parsed by protobuf itself, one by one; what holds them is gone
through on the wire, for what is made of a body can take eighty times its room.

What nobody writes may come out differently by its size alone: of a resource or scope that says
twice what it is, one go merges both and the other way takes the last; and it takes a level more of
lists within lists.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from exporter.decode import otlp_protobuf_logs as log_records
from exporter.decode import otlp_protobuf_records as records
from exporter.decode.otlp_gathering import Decoded, Gathering
from exporter.decode.otlp_protobuf_request import ABOUT, HELD, RESOURCES, request_of
from exporter.decode.otlp_rules import COUNTED_BYTES_MIN, NAME_LENGTH_MAX
from exporter.decode.otlp_wire import NotProtobufError, TooManyFieldsError, Wire
from exporter.event.otel import LogRecord, Origin, Point, Span
from exporter.event.rejection import Code, Refusal

R = TypeVar("R")

WHOLE_BYTES_MAX = 256 * 1024
"""Up to here a body is parsed in one go: it takes 22 MB if there is nothing but empty spans."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Signal(Generic[R]):
    """What the records of a request are, and are parsed as, and what is made of the items in them.

    `request` is what a whole body is parsed as. `reader` returns what reads the items of one body,
    of which so many are taken.
    """

    request: Any
    descriptor: Any
    message: Any
    each: Callable[[Iterable[Any]], Iterable[Any]]
    reader: Callable[[int], Callable[[Any, Origin], R | None]]


def logs(body: bytes, records_max: int) -> Decoded[LogRecord]:
    """Return the log records of a body. Raises `Refusal` or `UnicodeDecodeError`."""
    return _decode(_LOGS, body, records_max)


def traces(body: bytes, records_max: int) -> Decoded[Span]:
    """Return the spans of a body. Raises as `logs`."""
    return _decode(_TRACES, body, records_max)


def metrics(body: bytes, records_max: int) -> Decoded[Point]:
    """Return the data points of a body. Raises as `logs`."""
    return _decode(_METRICS, body, records_max)


def _decode(signal: _Signal[R], body: bytes, records_max: int) -> Decoded[R]:
    request = _Request(body, records_max, signal)
    try:
        return request.gathered()
    except (NotProtobufError, DecodeError):
        raise Refusal(Code.MALFORMED, "the body is no such request in protobuf") from None
    except TooManyFieldsError:
        raise Refusal(Code.TOO_LARGE, "the body holds more fields than are taken") from None


class _Request(Generic[R]):
    """One body that is being read."""

    def __init__(self, body: bytes, records_max: int, signal: _Signal[R]) -> None:
        self._body = body
        self._wire = Wire(body)
        self._gathering = Gathering[R](records_max)
        self._signal = signal
        self._read = signal.reader(records_max)

    def gathered(self) -> Decoded[R]:
        """Return what there is in all resources."""
        if len(self._body) <= WHOLE_BYTES_MAX:
            self._gather_whole()
        else:
            for number, start, end in self._wire.fields(0, len(self._body)):
                if number == RESOURCES:
                    self._gathering.enter()
                    self._gather((start, end))
        return self._gathering.decoded()

    def _gather_whole(self) -> None:
        for resource in self._signal.request.FromString(self._body).resources:
            self._gathering.enter()
            attributes = records.attributes(resource.about.attributes)
            for scope in resource.scopes:
                self._gathering.enter(1 + len(scope.items))
                origin = Origin(attributes, scope.about.name[:NAME_LENGTH_MAX])
                self._gathering.take(self._signal.each(scope.items), origin, self._read)

    def _gather(self, resource: _Place) -> None:
        about, scopes = self._opened(resource)
        [parsed] = self._parsed(Resource, [about])
        attributes = records.attributes(parsed.attributes)
        for scope in scopes:
            about, items = self._opened(scope)
            [parsed] = self._parsed(InstrumentationScope, [about])
            origin = Origin(attributes, parsed.name[:NAME_LENGTH_MAX])
            messages = self._parsed(self._signal.message, items, self._signal.descriptor)
            self._gathering.take(self._signal.each(messages), origin, self._read)

    def _opened(self, place: _Place) -> tuple[_Place, list[_Place]]:
        """Return where a resource or a scope says what it is, and where what it holds is."""
        about = (0, 0)
        items = []
        for number, start, end in self._wire.fields(*place):
            if number == HELD:
                self._gathering.enter()
                items.append((start, end))
            elif number == ABOUT:
                about = (start, end)
        return about, items

    def _parsed(
        self,
        message: Any,  # noqa: ANN401 - protobuf has no types
        places: Iterable[_Place],
        descriptor: Any = None,  # noqa: ANN401 - as above
    ) -> Iterator[Any]:
        """Go through the messages of a type at these places, which hold what a descriptor says."""
        body = self._body
        parse = message.FromString
        for start, end in places:
            if end - start >= COUNTED_BYTES_MIN:
                self._wire.go_through(start, end, descriptor or message.DESCRIPTOR)
            yield parse(body[start:end])


def _as_they_are(messages: Iterable[Any]) -> Iterable[Any]:
    return messages


def _of_spans(_records_max: int) -> Callable[[Any, Origin], Span | None]:
    return records.span


def _of_points(_records_max: int) -> Callable[[Any, Origin], Point | None]:
    return records.point


_LOGS: _Signal[LogRecord] = _Signal(
    request_of(log_records.Message),
    logs_pb2.LogRecord.DESCRIPTOR,
    log_records.Message,
    _as_they_are,
    log_records.reader,
)
_TRACES: _Signal[Span] = _Signal(
    request_of(trace_pb2.Span), trace_pb2.Span.DESCRIPTOR, trace_pb2.Span, _as_they_are, _of_spans
)
_METRICS: _Signal[Point] = _Signal(
    request_of(metrics_pb2.Metric),
    metrics_pb2.Metric.DESCRIPTOR,
    metrics_pb2.Metric,
    records.points,
    _of_points,
)
