"""OTLP's messages, as protobuf parses them, made into records.

Each look at a field of a parsed message makes an object or a string, and that is where the time
goes. So `attributes` asks a value for what it usually is before it asks what it is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from exporter.decode.otlp_rules import (
    ATTRIBUTES_MAX,
    DEPTH_MAX,
    NAME_LENGTH_MAX,
    NO_RECORDED_VALUE,
    SPAN_ID_DIGITS,
    STATUS_ERROR,
    TEXT_LENGTH_MAX,
    TRACE_ID_DIGITS,
    VALUES_MAX,
    Kind,
    Stream,
    Unfit,
    hex_id,
    unsigned,
)
from exporter.event.otel import Attributes, Origin, Point, Span, SpanEvent

_ValueOf = Callable[[Any], float | None]


class PointItem(NamedTuple):
    """A data point of any kind, what its metric says of it, and where its value is."""

    stream: Stream
    point: Any
    value: _ValueOf


def span(record: trace_pb2.Span, origin: Origin) -> Span:
    """Return a span. Raises `Unfit`, for one without ids too."""
    trace_id = record_id(record.trace_id, TRACE_ID_DIGITS)
    span_id = record_id(record.span_id, SPAN_ID_DIGITS)
    if trace_id is None or span_id is None:
        raise Unfit
    return Span(
        origin,
        record.name[:NAME_LENGTH_MAX],
        unsigned(record.start_time_unix_nano),
        unsigned(record.end_time_unix_nano),
        attributes(record.attributes),
        trace_id,
        span_id,
        record_id(record.parent_span_id, SPAN_ID_DIGITS),
        record.status.code == STATUS_ERROR,
        record.status.message[:TEXT_LENGTH_MAX],
        [_span_event(event) for event in record.events[:VALUES_MAX]],
    )


def points(metrics: Iterable[metrics_pb2.Metric]) -> Iterator[PointItem]:
    """Go through the data points of metrics."""
    for metric in metrics:
        field = metric.WhichOneof("data")
        if field is None:
            continue
        kind, value = _KINDS[field]
        data = getattr(metric, field)
        stream = Stream.of(
            metric.name,
            metric.unit,
            kind,
            getattr(data, "aggregation_temporality", 0),
            monotonic=getattr(data, "is_monotonic", False),
        )
        for one in data.data_points:
            yield PointItem(stream, one, value)


def point(item: PointItem, origin: Origin) -> Point | None:
    """Return a data point; `None` where it says nothing. Raises `Unfit`."""
    stream, one, value = item
    if one.flags & NO_RECORDED_VALUE:
        return None
    return stream.point(
        origin,
        unsigned(one.start_time_unix_nano),
        unsigned(one.time_unix_nano),
        value(one),
        attributes=attributes(one.attributes),
        count=unsigned(getattr(one, "count", 0)),
    )


def attributes(pairs: Any) -> Attributes:  # noqa: ANN401 - a container of KeyValue
    """Return attributes; those that hold nothing, or bytes, are left out."""
    found: Attributes = {}
    if len(pairs) > ATTRIBUTES_MAX:
        pairs = pairs[:ATTRIBUTES_MAX]
    for pair in pairs:
        value = pair.value
        text = value.string_value
        if text:
            found[pair.key] = text if len(text) <= TEXT_LENGTH_MAX else text[:TEXT_LENGTH_MAX]
            continue
        number = value.int_value or value.double_value
        if number:
            found[pair.key] = number
            continue
        other = _value(value, DEPTH_MAX)
        if other is not None:
            found[pair.key] = other
    return found


def record_id(id_bytes: bytes, digits: int) -> str | None:
    """Return an id in hexadecimal; `None` where it is none."""
    return hex_id(id_bytes.hex(), digits) if id_bytes else None


def _value(value: AnyValue, levels: int) -> Any:  # noqa: ANN401 - as an attribute is
    """Return a value of at most so many levels; `None` where it holds nothing that is kept."""
    field = value.WhichOneof("value")
    if field == "string_value":
        return value.string_value[:TEXT_LENGTH_MAX]
    if field in _SCALARS:
        return getattr(value, field)
    if levels == 0:
        return None
    if field == "array_value":
        return [_value(item, levels - 1) for item in value.array_value.values[:VALUES_MAX]]
    if field == "kvlist_value":
        pairs = value.kvlist_value.values[:VALUES_MAX]
        return {pair.key: _value(pair.value, levels - 1) for pair in pairs}
    return None


def _number(one: metrics_pb2.NumberDataPoint) -> float | None:
    field = one.WhichOneof("value")
    return None if field is None else float(getattr(one, field))


def _sum(one: Any) -> float | None:  # noqa: ANN401 - of either kind of histogram
    return one.sum if one.HasField("sum") else None


def _total(one: metrics_pb2.SummaryDataPoint) -> float | None:
    return one.sum


def _span_event(event: trace_pb2.Span.Event) -> SpanEvent:
    return SpanEvent(
        event.name[:NAME_LENGTH_MAX],
        unsigned(event.time_unix_nano),
        attributes(event.attributes),
    )


_SCALARS = frozenset({"int_value", "double_value", "bool_value"})
_KINDS: dict[str, tuple[Kind, _ValueOf]] = {
    "sum": ("sum", _number),
    "gauge": ("gauge", _number),
    "histogram": ("histogram", _sum),
    "exponential_histogram": ("histogram", _sum),
    "summary": ("summary", _total),
}
