"""OTLP bodies: one export in every form that it may come in, which all say the same.

An export is written as JSON in camelCase. The other forms are made of it by protobuf's own JSON
mapping, but for the ids: those are hexadecimal in OTLP, where the mapping has base64.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from exporter.decode.otlp import Decoded, Encoding, decode_logs, decode_metrics, decode_traces
from exporter.decode.otlp_json_messages import snake_case

RECORDS_MAX = 1000
PADDING = b"\xa2\x06\x80\x80\x10" + bytes(1 << 18)
"""A field of protobuf that nobody knows. A body that begins with it is read record by record."""

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"

Json = dict[str, Any]

_IDS = {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}
_WHOLE = {
    "timeUnixNano",
    "observedTimeUnixNano",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "intValue",
    "asInt",
    "count",
}
_NULLS = [
    "resource", "scope", "attributes", "traceId", "span_id", "name", "key", "value", "body", "sum",
    "dataPoints", "asInt", "arrayValue", "bytesValue", "isMonotonic", "flags", "status", "future",
]  # fmt: skip
_SCALARS: dict[type, str] = {
    bool: "boolValue",
    int: "intValue",
    float: "doubleValue",
    str: "stringValue",
}
_EXACT_MAX = 2**53


class Signal(NamedTuple):
    """A kind of export: what decodes it, what it is in protobuf, and its names in JSON."""

    decode: Callable[..., Decoded[Any]]
    request: type[Message]
    resources: str
    scopes: str
    items: str

    def export(self, *items: Any, resource: Any = None, scope: Any = None) -> Json:  # noqa: ANN401 - any JSON
        """Return an export of these items of one scope."""
        inner = {"scope": scope, self.items: list(items)}
        return {self.resources: [{"resource": resource, self.scopes: [inner]}]}

    def read(
        self, body: bytes, encoding: Encoding = "json", *, records_max: int = RECORDS_MAX
    ) -> Decoded[Any]:
        """Decode a body."""
        return self.decode(body, encoding, records_max=records_max)

    def read_json(self, *items: Any, resource: Any = None, scope: Any = None) -> Decoded[Any]:  # noqa: ANN401 - any JSON
        """Decode an export of these items, as it is written."""
        export = self.export(*items, resource=resource, scope=scope)
        return self.read(json.dumps(export).encode())

    def message(self, export: Json) -> Message:
        """Return an export as protobuf's message."""
        return ParseDict(_ids_mapped(export, _base64), self.request())

    def read_alike(self, export: Json) -> Decoded[Any]:
        """Decode an export as it is written and in all forms, which come to the same."""
        decoded = self.read(json.dumps(export).encode())
        for form, (body, encoding) in forms(self.message(export)).items():
            assert repr(self.read(body, encoding)) == repr(decoded), form
        return decoded


LOGS = Signal(decode_logs, ExportLogsServiceRequest, "resourceLogs", "scopeLogs", "logRecords")
TRACES = Signal(decode_traces, ExportTraceServiceRequest, "resourceSpans", "scopeSpans", "spans")
METRICS = Signal(
    decode_metrics, ExportMetricsServiceRequest, "resourceMetrics", "scopeMetrics", "metrics"
)
SIGNALS = {"logs": LOGS, "traces": TRACES, "metrics": METRICS}


def forms(message: Message) -> dict[str, tuple[bytes, Encoding]]:
    """Return an export in every form: a body, and its encoding."""
    camel = _ids_mapped(MessageToDict(message), _hex)
    snake = _ids_mapped(MessageToDict(message, preserving_proto_field_name=True), _hex)
    numbers = _ids_mapped(MessageToDict(message, use_integers_for_enums=True), _hex)
    written = {
        "camelCase": camel,
        "snake_case": snake,
        "both mixed": _rewritten(camel, _mixed),
        "numbers for integers and enums": _numbered(numbers, int),
        "floats for integers": _numbered(numbers, _float_if_exact),
        "fractions of zero": _numbered(numbers, _fraction_if_exact),
        "nulls beside what is told": _rewritten(camel, _with_nulls),
    }
    bodies: dict[str, tuple[bytes, Encoding]] = {
        form: (json.dumps(export).encode(), "json") for form, export in written.items()
    }
    in_protobuf = message.SerializeToString()
    return bodies | {
        "protobuf": (in_protobuf, "protobuf"),
        "protobuf that is large": (PADDING + in_protobuf, "protobuf"),
    }


def attribute(key: str, value: Any) -> Json:  # noqa: ANN401 - as `any_value`
    """Return an attribute."""
    return {"key": key, "value": any_value(value)}


def any_value(value: Any) -> Json:  # noqa: ANN401 - any that an attribute may have
    """Return a value as an attribute has it."""
    for kind, name in _SCALARS.items():
        if isinstance(value, kind):
            return {name: value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"kvlistValue": {"values": [attribute(*item) for item in value.items()]}}


def _rewritten(value: Any, rewrite: Callable[[Json], Json]) -> Any:  # noqa: ANN401 - any JSON
    """Return a value with every object in it rewritten, the innermost first."""
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if not isinstance(value, dict):
        return value
    return rewrite({name: _rewritten(held, rewrite) for name, held in value.items()})


def _ids_mapped(export: Json, write: Callable[[str], str]) -> Json:
    def rewrite(fields: Json) -> Json:
        return {name: write(held) if name in _IDS else held for name, held in fields.items()}

    rewritten: Json = _rewritten(export, rewrite)
    return rewritten


def _numbered(export: Json, write: Callable[[int], Any]) -> Json:
    def rewrite(fields: Json) -> Json:
        return {name: write(int(held)) if name in _WHOLE else held for name, held in fields.items()}

    rewritten: Json = _rewritten(export, rewrite)
    return rewritten


def _mixed(fields: Json) -> Json:
    return {snake_case(name) if len(name) % 2 else name: held for name, held in fields.items()}


def _with_nulls(fields: Json) -> Json:
    return dict.fromkeys(_NULLS) | fields


def _float_if_exact(number: int) -> float | int:
    return float(number) if abs(number) <= _EXACT_MAX else number


def _fraction_if_exact(number: int) -> str:
    return f"{number}.0" if abs(number) <= _EXACT_MAX else str(number)


def _base64(id_hex: str) -> str:
    return base64.b64encode(bytes.fromhex(id_hex)).decode()


def _hex(id_base64: str) -> str:
    return base64.b64decode(id_base64).hex().upper()
