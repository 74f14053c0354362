"""OpenTelemetry's Python SDK as a program sets it up, its telemetry sent to an exporter.

What is recorded in a block is sent when it ends, and the SDK shut down.
"""

import contextlib
import math
import time
from collections.abc import Iterator, Mapping

from opentelemetry._logs import Logger
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Tracer, use_span
from opentelemetry.util.types import AttributeValue

Attributes = Mapping[str, AttributeValue]

DELTA = AggregationTemporality.DELTA
CUMULATIVE = AggregationTemporality.CUMULATIVE


def _resource(service: str) -> Resource:
    return Resource.create({"service.name": service})


@contextlib.contextmanager
def tracer(
    url: str, service: str, *, scope: str = "instrumentation", gzip: bool = False
) -> Iterator[Tracer]:
    """Make spans of a service."""
    compression = Compression.Gzip if gzip else None
    provider = TracerProvider(resource=_resource(service))
    exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=compression)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    yield provider.get_tracer(scope)
    assert provider.force_flush()
    provider.shutdown()


@contextlib.contextmanager
def logger(
    url: str, service: str, *, scope: str = "instrumentation", gzip: bool = False
) -> Iterator[Logger]:
    """Make log records of a service."""
    compression = Compression.Gzip if gzip else None
    provider = LoggerProvider(_resource(service))
    exporter = OTLPLogExporter(f"{url}/v1/logs", compression=compression)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    yield provider.get_logger(scope)
    assert provider.force_flush()
    provider.shutdown()


@contextlib.contextmanager
def meters(
    url: str, service: str, temporality: AggregationTemporality, *, gzip: bool = False
) -> Iterator[MeterProvider]:
    """Make metrics of a service, which are sent whenever they are flushed."""
    exporter = OTLPMetricExporter(
        f"{url}/v1/metrics",
        compression=Compression.Gzip if gzip else None,
        preferred_temporality={Counter: temporality, Histogram: temporality},
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=math.inf)
    provider = MeterProvider([reader], resource=_resource(service))
    yield provider
    assert provider.force_flush()
    provider.shutdown()


@contextlib.contextmanager
def span(tracer: Tracer, name: str, attributes: Attributes, *, took_ms: int) -> Iterator[Span]:
    """Make a span that ends now, and says that it took so long."""
    now_ns = time.time_ns()
    made = tracer.start_span(name, attributes=attributes, start_time=now_ns - took_ms * 1_000_000)
    try:
        with use_span(made):
            yield made
    finally:
        made.end(now_ns)
