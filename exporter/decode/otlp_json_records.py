"""OTLP's messages, as JSON writes them, made into records.

`attributes` is where the time goes: it settles the usual values itself.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from exporter.decode import otlp_json_messages as wire
from exporter.decode.otlp_rules import (
    ATTRIBUTES_MAX,
    DEPTH_MAX,
    NAME_LENGTH_MAX,
    NO_RECORDED_VALUE,
    SAMPLED,
    SPAN_ID_DIGITS,
    STATUS_ERROR,
    TEMPORALITY_CUMULATIVE,
    TEMPORALITY_DELTA,
    TEXT_LENGTH_MAX,
    TRACE_ID_DIGITS,
    VALUES_MAX,
    Kind,
    Stream,
    Unfit,
    hex_id,
    log_name,
    real_number,
    unsigned,
    whole_number,
)
from exporter.event.otel import Attributes, LogRecord, Origin, Point, Span, SpanEvent

_ENUM_NAMES = {
    "STATUS_CODE_ERROR": STATUS_ERROR,
    "AGGREGATION_TEMPORALITY_DELTA": TEMPORALITY_DELTA,
    "AGGREGATION_TEMPORALITY_CUMULATIVE": TEMPORALITY_CUMULATIVE,
}


_ValueOf = Callable[[wire.DataPoint], float | None]


class PointItem(NamedTuple):
    """A data point, what its metric says of it, and where its value is."""

    stream: Stream
    point: wire.DataPoint
    value: _ValueOf


def log_record(record: wire.LogRecord, origin: Origin) -> LogRecord:
    """Return a log record. Raises `Unfit`."""
    found = attributes(record.attributes)
    return LogRecord(
        origin,
        log_name(record.event_name or "", found) or _text(record.body),
        unsigned(record.time_unix_nano or record.observed_time_unix_nano or 0),
        found,
        hex_id(record.trace_id, TRACE_ID_DIGITS) if record.trace_id else None,
        hex_id(record.span_id, SPAN_ID_DIGITS) if record.span_id else None,
        bool(record.flags) and bool(_whole(record.flags) & SAMPLED),
    )


def span(record: wire.Span, origin: Origin) -> Span:
    """Return a span. Raises `Unfit`, for one without ids too."""
    trace_id = hex_id(record.trace_id or "", TRACE_ID_DIGITS)
    span_id = hex_id(record.span_id or "", SPAN_ID_DIGITS)
    if trace_id is None or span_id is None:
        raise Unfit
    status = record.status
    return Span(
        origin,
        (record.name or "")[:NAME_LENGTH_MAX],
        _unsigned(record.start_time_unix_nano),
        _unsigned(record.end_time_unix_nano),
        attributes(record.attributes),
        trace_id,
        span_id,
        hex_id(record.parent_span_id or "", SPAN_ID_DIGITS),
        status is not None and _enum(status.code) == STATUS_ERROR,
        (status.message or "")[:TEXT_LENGTH_MAX] if status else "",
        [_span_event(event) for event in (record.events or ())[:VALUES_MAX]],
    )


def points(metrics: Iterable[wire.Metric]) -> Iterator[PointItem]:
    """Go through the data points of metrics."""
    for metric in metrics:
        yield from _points(metric, metric.sum, "sum", _number)
        yield from _points(metric, metric.gauge, "gauge", _number)
        yield from _points(metric, metric.histogram, "histogram", _sum)
        yield from _points(metric, metric.exponential_histogram, "histogram", _sum)
        yield from _points(metric, metric.summary, "summary", _total)


def point(item: PointItem, origin: Origin) -> Point | None:
    """Return a data point; `None` where it says nothing. Raises `Unfit`."""
    stream, one, value = item
    if _whole(one.flags) & NO_RECORDED_VALUE:
        return None
    return stream.point(
        origin,
        _unsigned(one.start_time_unix_nano),
        _unsigned(one.time_unix_nano),
        value(one),
        attributes=attributes(one.attributes),
        count=_unsigned(one.count),
    )


def attributes(pairs: list[wire.KeyValue] | None) -> Attributes:
    """Return attributes; those that hold nothing, or bytes, are left out. Raises `Unfit`."""
    found: Attributes = {}
    if not pairs:
        return found
    if len(pairs) > ATTRIBUTES_MAX:
        pairs = pairs[:ATTRIBUTES_MAX]
    for pair in pairs:
        value = pair.value
        if value is None:
            continue
        text = value.string_value
        if text is not None:
            found[pair.key] = text if len(text) <= TEXT_LENGTH_MAX else text[:TEXT_LENGTH_MAX]
            continue
        number: Any = value.int_value
        if number is None:
            number = value.double_value
            if not isinstance(number, float):
                number = _value(value, DEPTH_MAX)
                if number is None:
                    continue
        found[pair.key] = number
    return found


def _value(value: wire.AnyValue | None, levels: int) -> Any:  # noqa: ANN401 - as an attribute is
    """Return a value of at most so many levels; `None` where it holds nothing that is kept."""
    if value is None:
        return None
    scalar = _scalar(value)
    return _nested(value, levels) if scalar is None else scalar


def _scalar(value: wire.AnyValue) -> str | int | float | None:
    if value.string_value is not None:
        return value.string_value[:TEXT_LENGTH_MAX]
    if value.int_value is not None:
        return value.int_value
    if value.double_value is not None:
        return _real(value.double_value)
    return value.bool_value


def _nested(value: wire.AnyValue, levels: int) -> list[Any] | dict[str, Any] | None:
    if levels == 0:
        return None
    if value.array_value is not None:
        items = value.array_value.values or ()
        return [_value(item, levels - 1) for item in items[:VALUES_MAX]]
    if value.kvlist_value is not None:
        pairs = value.kvlist_value.values or ()
        return {pair.key: _value(pair.value, levels - 1) for pair in pairs[:VALUES_MAX]}
    return None


def _points(
    metric: wire.Metric, data: wire.Data | None, kind: Kind, value: _ValueOf
) -> Iterator[PointItem]:
    if data is None or not data.data_points:
        return
    stream = Stream.of(
        metric.name or "",
        metric.unit or "",
        kind,
        _enum(data.aggregation_temporality),
        monotonic=data.is_monotonic or False,
    )
    for one in data.data_points:
        yield PointItem(stream, one, value)


def _number(one: wire.DataPoint) -> float | None:
    return _real(one.as_double) if one.as_int is None else float(_whole(one.as_int))


def _sum(one: wire.DataPoint) -> float | None:
    return _real(one.sum)


def _total(one: wire.DataPoint) -> float | None:
    return _real(one.sum) or 0.0


def _text(body: wire.AnyValue | None) -> str:
    return (body.string_value or "")[:NAME_LENGTH_MAX] if body else ""


def _span_event(event: wire.SpanEvent) -> SpanEvent:
    return SpanEvent(
        (event.name or "")[:NAME_LENGTH_MAX],
        _unsigned(event.time_unix_nano),
        attributes(event.attributes),
    )


def _whole(number: int | str | None) -> int:
    if isinstance(number, str):
        return whole_number(number)
    return number or 0


def _unsigned(number: int | str | None) -> int:
    return unsigned(_whole(number)) if number else 0


def _real(number: float | str | None) -> float | None:
    return real_number(number) if isinstance(number, str) else number


def _enum(value: int | str | None) -> int:
    """Return an enum's number, 0 where it is none of those that matter."""
    if isinstance(value, str):
        return _ENUM_NAMES.get(value, 0)
    return value or 0
