"""OTLP in protobuf.

Only records, and whom they are of, are parsed by protobuf itself; what holds them is gone through
on the wire. The three kinds of request number its fields alike: a request has resources (1), a
resource what it is (1) and scopes (2), a scope what it is (1) and records, spans or metrics (2).
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
from exporter.decode.otlp_rules import COUNTED_BYTES_MIN, NAME_LENGTH_MAX
from exporter.decode.otlp_wire import NotProtobufError, TooManyFieldsError, Wire
from exporter.event.otel import LogRecord, Origin, Point, Span
from exporter.event.rejection import Code, Refusal

R = TypeVar("R")

_RESOURCES = 1
_ABOUT, _ITEMS = 1, 2

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Signal(Generic[R]):
    """What the records of a request are, and are parsed as, and what is made of the items in them.

    `reader` returns what reads the items of one body, of which so many are taken.
    """

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
        for number, start, end in self._wire.fields(0, len(self._body)):
            if number == _RESOURCES:
                self._gathering.enter()
                self._gather((start, end))
        return self._gathering.decoded()

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
            if number == _ITEMS:
                self._gathering.enter()
                items.append((start, end))
            elif number == _ABOUT:
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
    logs_pb2.LogRecord.DESCRIPTOR, log_records.Message, _as_they_are, log_records.reader
)
_TRACES: _Signal[Span] = _Signal(trace_pb2.Span.DESCRIPTOR, trace_pb2.Span, _as_they_are, _of_spans)
_METRICS: _Signal[Point] = _Signal(
    metrics_pb2.Metric.DESCRIPTOR, metrics_pb2.Metric, records.points, _of_points
)
