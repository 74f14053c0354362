"""Made-up exports, as messages of protobuf: right ones, and some whose records are unfit."""

from typing import Any

from google.protobuf.message import Message
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1 import logs_pb2 as logs
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as trace

from tests.event.strategies import texts

Strategy = st.SearchStrategy[Any]

times = st.sampled_from([0, 1, 1_700_000_000_000_000_000, 2**63 - 1, 2**63, 2**64 - 1])
times |= st.integers(0, 2**64 - 1)
int64s = st.integers(-9, 9) | st.integers(-(2**63), 2**63 - 1)
ids = st.sampled_from([b"", bytes(8), bytes(16), bytes(7) + b"\x01"]) | st.binary(max_size=17)
trace_ids = ids | st.binary(min_size=16, max_size=16)
span_ids = ids | st.binary(min_size=8, max_size=8)
keys = texts | st.sampled_from(["event.name", "service.name", "a", "trace_id", "time_unix_nano"])
long_texts = texts | st.integers(250, 5000).map("x".__mul__)
scalars = st.one_of(
    st.builds(AnyValue),
    st.builds(AnyValue, string_value=long_texts),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, int_value=int64s),
    st.builds(AnyValue, double_value=st.floats()),
    st.builds(AnyValue, bytes_value=st.binary(max_size=4)),
)


def _nested(children: Strategy) -> Strategy:
    pairs = st.lists(st.builds(KeyValue, key=keys, value=children), max_size=3)
    return st.one_of(
        st.builds(
            AnyValue, array_value=st.builds(ArrayValue, values=st.lists(children, max_size=3))
        ),
        st.builds(AnyValue, kvlist_value=st.builds(KeyValueList, values=pairs)),
    )


values = st.recursive(scalars, _nested, max_leaves=6)
attributes = st.lists(
    st.builds(KeyValue, key=keys, value=values) | st.builds(KeyValue, key=keys), max_size=4
)
log_records = st.builds(
    logs.LogRecord,
    time_unix_nano=times,
    observed_time_unix_nano=times,
    severity_number=st.integers(0, 24),
    severity_text=texts,
    body=values | st.none(),
    attributes=attributes,
    flags=st.integers(0, 2**32 - 1),
    trace_id=trace_ids,
    span_id=span_ids,
    event_name=long_texts,
)
span_events = st.builds(
    trace.Span.Event, time_unix_nano=times, name=long_texts, attributes=attributes
)
spans = st.builds(
    trace.Span,
    trace_id=trace_ids,
    span_id=span_ids,
    parent_span_id=span_ids,
    trace_state=texts,
    name=long_texts,
    kind=st.integers(0, 5),
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    attributes=attributes,
    events=st.lists(span_events, max_size=2),
    links=st.lists(
        st.builds(trace.Span.Link, trace_id=trace_ids, attributes=attributes), max_size=1
    ),
    status=st.none() | st.builds(trace.Status, code=st.integers(0, 2), message=long_texts),
)
common: dict[str, Strategy] = {
    "start_time_unix_nano": times,
    "time_unix_nano": times,
    "attributes": attributes,
    "flags": st.integers(0, 3),
}
exemplars = st.lists(
    st.builds(metrics.Exemplar, trace_id=trace_ids, as_int=int64s, time_unix_nano=times),
    max_size=1,
)
number_points = st.lists(
    st.one_of(
        st.builds(metrics.NumberDataPoint, **common),
        st.builds(metrics.NumberDataPoint, **common, as_int=int64s, exemplars=exemplars),
        st.builds(metrics.NumberDataPoint, **common, as_double=st.floats()),
    ),
    max_size=3,
)
histogram: dict[str, Strategy] = common | {"count": times, "sum": st.none() | st.floats()}
histogram_points = st.lists(
    st.builds(
        metrics.HistogramDataPoint,
        **histogram,
        bucket_counts=st.lists(times, max_size=2),
        explicit_bounds=st.lists(st.floats(), max_size=2),
    ),
    max_size=2,
)
exponential_points = st.lists(
    st.builds(metrics.ExponentialHistogramDataPoint, **histogram, scale=st.integers(-3, 3)),
    max_size=2,
)
summary_points = st.lists(
    st.builds(metrics.SummaryDataPoint, **common, count=times, sum=st.floats()), max_size=2
)
temporalities = st.integers(0, 2)


def _kinds() -> Strategy:
    told = {"aggregation_temporality": temporalities}
    monotonic = told | {"is_monotonic": st.booleans()}
    return st.one_of(
        st.just({}),
        _kind("gauge", metrics.Gauge, number_points),
        _kind("sum", metrics.Sum, number_points, **monotonic),
        _kind("histogram", metrics.Histogram, histogram_points, **told),
        _kind("exponential_histogram", metrics.ExponentialHistogram, exponential_points, **told),
        _kind("summary", metrics.Summary, summary_points),
    )


def _kind(name: str, data: type[Message], points: Strategy, **told: Strategy) -> Strategy:
    return st.fixed_dictionaries({name: st.builds(data, data_points=points, **told)})


metric_messages = st.builds(
    lambda name, unit, kind: metrics.Metric(name=name, unit=unit, description="x", **kind),
    long_texts,
    texts,
    _kinds(),
)
resources = st.none() | st.builds(Resource, attributes=attributes)
scopes = st.none() | st.builds(InstrumentationScope, name=long_texts, version=texts)


def _several(message: type[Message], **fields: Strategy) -> Strategy:
    return st.lists(st.builds(message, **fields), max_size=2)


def _requests() -> dict[str, Strategy]:
    scope_logs = _several(
        logs.ScopeLogs, scope=scopes, log_records=st.lists(log_records, max_size=3)
    )
    scope_spans = _several(trace.ScopeSpans, scope=scopes, spans=st.lists(spans, max_size=3))
    scope_metrics = _several(
        metrics.ScopeMetrics, scope=scopes, metrics=st.lists(metric_messages, max_size=3)
    )
    return {
        "logs": st.builds(
            ExportLogsServiceRequest,
            resource_logs=_several(logs.ResourceLogs, resource=resources, scope_logs=scope_logs),
        ),
        "traces": st.builds(
            ExportTraceServiceRequest,
            resource_spans=_several(
                trace.ResourceSpans, resource=resources, scope_spans=scope_spans
            ),
        ),
        "metrics": st.builds(
            ExportMetricsServiceRequest,
            resource_metrics=_several(
                metrics.ResourceMetrics, resource=resources, scope_metrics=scope_metrics
            ),
        ),
    }


REQUESTS = _requests()
