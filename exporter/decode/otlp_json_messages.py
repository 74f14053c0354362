"""OTLP's messages as JSON writes them: in camelCase, 64-bit integers as numbers or strings.

Only what is read is declared; the decoder passes over the rest and makes nothing of it. All fields
may be left out or null. Names and types are those of opentelemetry-proto's .proto files.

A message that writes a field's name in snake_case must not be taken for one without the field. So
each class gets its fields a second time, under that name and with a type that nothing fits. The
decoder then refuses the body, which costs right ones nothing, and it is read leniently instead. But
for values, of which there are eighteen a record and more: those have no field that is not declared,
or are refused, since six fields less to make are 0.7 us a record.
"""

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from exporter.decode.otlp_rules import INT64_MAX, INT64_MIN

M = TypeVar("M", bound=Struct)

Int64 = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)] | None
"""What only a decoder that is not strict reads from a string; five times as fast as we could."""

Nanoseconds = Annotated[int, Meta(ge=0)] | None
"""As `Int64`: the time of a log record, of which there are most."""

Whole = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)] | str | None
Unsigned = int | str | None
Real = float | str | None

_Nothing = Literal["a name in snake_case is read elsewhere"]
_CAPITAL = re.compile("[A-Z]")


def snake_case(name: str) -> str:
    """Return a name in camelCase as .proto files have it."""
    return _CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)


def camel_case_only(message: type[M]) -> type[M]:
    """Have a message refuse the names in snake_case of its fields."""
    refused = [
        (f"refused_{name}", _Nothing, msgspec.field(name=name, default=None))
        for name in map(snake_case, message.__struct_encode_fields__)
        if name not in message.__struct_encode_fields__
    ]
    return msgspec.defstruct(message.__name__, refused, bases=(message,), module=message.__module__)  # type: ignore[return-value]


class Message(Struct, rename="camel", gc=False):
    """What all messages are."""


class AnyValue(Message, forbid_unknown_fields=True):
    """One of these, or nothing. Bytes are passed over."""

    string_value: str | None = None
    int_value: Int64 = None
    double_value: Real = None
    bool_value: bool | None = None
    array_value: "ArrayValue | None" = None
    kvlist_value: "KeyValueList | None" = None
    bytes_value: str | None = None


class ArrayValue(Message):
    """A list."""

    values: list[AnyValue] | None = None


class KeyValue(Message):
    """An attribute."""

    key: str = ""
    value: AnyValue | None = None


class KeyValueList(Message):
    """A map."""

    values: list[KeyValue] | None = None


class Resource(Message):
    """Who sent records."""

    attributes: list[KeyValue] | None = None


class Scope(Message):
    """Which part of it did: the InstrumentationScope."""

    name: str | None = None


@camel_case_only
class LogRecord(Message):
    """A log record."""

    time_unix_nano: Nanoseconds = None
    observed_time_unix_nano: Nanoseconds = None
    event_name: str | None = None
    body: AnyValue | None = None
    attributes: list[KeyValue] | None = None
    trace_id: str | None = None
    span_id: str | None = None
    flags: Whole = None


@camel_case_only
class SpanEvent(Message):
    """Something that happened within a span."""

    time_unix_nano: Unsigned = None
    name: str | None = None
    attributes: list[KeyValue] | None = None


class Status(Message):
    """How a span ended."""

    code: Whole = None
    message: str | None = None


@camel_case_only
class Span(Message):
    """A span."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    start_time_unix_nano: Unsigned = None
    end_time_unix_nano: Unsigned = None
    attributes: list[KeyValue] | None = None
    events: list[SpanEvent] | None = None
    status: Status | None = None


@camel_case_only
class DataPoint(Message):
    """A data point of any kind: each has some of these."""

    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Unsigned = None
    time_unix_nano: Unsigned = None
    as_int: Whole = None
    as_double: Real = None
    count: Unsigned = None
    sum: Real = None
    flags: Unsigned = None


@camel_case_only
class Data(Message):
    """What a metric has, of any kind."""

    data_points: list[DataPoint] | None = None
    aggregation_temporality: Whole = None
    is_monotonic: bool | None = None


@camel_case_only
class Metric(Message):
    """A metric, with the data of one kind."""

    name: str | None = None
    unit: str | None = None
    sum: Data | None = None
    gauge: Data | None = None
    histogram: Data | None = None
    exponential_histogram: Data | None = None
    summary: Data | None = None


@camel_case_only
class ScopeLogs(Message):
    """The log records of a scope."""

    scope: Scope | None = None
    items: list[LogRecord] | None = msgspec.field(name="logRecords", default=None)


@camel_case_only
class ResourceLogs(Message):
    """The log records of a resource."""

    resource: Resource | None = None
    scopes: list[ScopeLogs] | None = msgspec.field(name="scopeLogs", default=None)


@camel_case_only
class Logs(Message):
    """An ExportLogsServiceRequest."""

    resources: list[ResourceLogs] | None = msgspec.field(name="resourceLogs", default=None)


class ScopeSpans(Message):
    """The spans of a scope."""

    scope: Scope | None = None
    items: list[Span] | None = msgspec.field(name="spans", default=None)


@camel_case_only
class ResourceSpans(Message):
    """The spans of a resource."""

    resource: Resource | None = None
    scopes: list[ScopeSpans] | None = msgspec.field(name="scopeSpans", default=None)


@camel_case_only
class Traces(Message):
    """An ExportTraceServiceRequest."""

    resources: list[ResourceSpans] | None = msgspec.field(name="resourceSpans", default=None)


class ScopeMetrics(Message):
    """The metrics of a scope."""

    scope: Scope | None = None
    items: list[Metric] | None = msgspec.field(name="metrics", default=None)


@camel_case_only
class ResourceMetrics(Message):
    """The metrics of a resource."""

    resource: Resource | None = None
    scopes: list[ScopeMetrics] | None = msgspec.field(name="scopeMetrics", default=None)


@camel_case_only
class Metrics(Message):
    """An ExportMetricsServiceRequest."""

    resources: list[ResourceMetrics] | None = msgspec.field(name="resourceMetrics", default=None)
