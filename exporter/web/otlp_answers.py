"""The answers to exports, in the encoding of the request.

protobuf is imported with the first request that needs it: it takes 15 MB.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from exporter.decode.otlp import Encoding
from exporter.event.otel import Signal
from exporter.event.rejection import Code, Refusal
from exporter.web.problem import STATUS
from exporter.web.wire import Success

_CONTENT_TYPES: Mapping[Encoding, str] = {
    "json": "application/json",
    "protobuf": "application/x-protobuf",
}
_REJECTED: Mapping[Signal, tuple[str, str]] = {
    "logs": ("rejectedLogRecords", "rejected_log_records"),
    "traces": ("rejectedSpans", "rejected_spans"),
    "metrics": ("rejectedDataPoints", "rejected_data_points"),
}
_INVALID_ARGUMENT = 3
_GRPC_CODES: Mapping[Code, int] = {
    Code.TIMEOUT: 4,
    Code.TOO_LARGE: 8,
    Code.TOO_MANY_EVENTS: 8,
    Code.QUEUE_FULL: 8,
    Code.RATE_LIMITED: 8,
    Code.FORBIDDEN: 7,
    Code.UNAUTHORIZED: 16,
    Code.INTERNAL_ERROR: 13,
    Code.JOURNAL_FAILING: 14,
    Code.NOT_ACCEPTING: 14,
}
"""The codes of google.rpc.Code; what is not here is the sender's mistake."""

_STATUS: Mapping[Code, int] = {**STATUS, Code.TIMEOUT: 503, Code.INTERNAL_ERROR: 503}
"""Clients of OTLP try again after 429, 502, 503 and 504 only."""


def exported(signal: Signal, encoding: Encoding, rejected: int, reasons: str) -> Success:
    """Return the answer to an export of which so many records were rejected, and why."""
    if encoding == "json":
        name, _ = _REJECTED[signal]
        # 64-bit numbers are strings in the JSON of protobuf.
        partial = {name: str(rejected), "errorMessage": reasons}
        answer: dict[str, Any] = {"partialSuccess": partial} if rejected else {}
        body = msgspec.json.encode(answer)
    else:
        body = _protobuf(signal, rejected, reasons) if rejected else b""
    return Success(body, _CONTENT_TYPES[encoding])


def refused(refusal: Refusal, encoding: Encoding) -> web.Response:
    """Return the answer to an export that was not taken: a `google.rpc.Status`."""
    code = _GRPC_CODES.get(refusal.code, _INVALID_ARGUMENT)
    message = f"{refusal.code}: {refusal}"
    if encoding == "json":
        body = msgspec.json.encode({"code": code, "message": message})
    else:
        from google.rpc.status_pb2 import Status  # noqa: PLC0415 - as above

        body = Status(code=code, message=message).SerializeToString()
    headers = dict(refusal.headers)
    if refusal.retry_after_secs is not None:
        headers["Retry-After"] = str(refusal.retry_after_secs)
    return web.Response(
        body=body,
        status=_STATUS.get(refusal.code, 400),
        headers=headers,
        content_type=_CONTENT_TYPES[encoding],
    )


def _protobuf(signal: Signal, rejected: int, reasons: str) -> bytes:
    _, name = _REJECTED[signal]
    response: Any
    if signal == "logs":
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (  # noqa: PLC0415 - as above
            ExportLogsServiceResponse,
        )

        response = ExportLogsServiceResponse()
    elif signal == "traces":
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - as above
            ExportTraceServiceResponse,
        )

        response = ExportTraceServiceResponse()
    else:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (  # noqa: PLC0415 - as above
            ExportMetricsServiceResponse,
        )

        response = ExportMetricsServiceResponse()
    setattr(response.partial_success, name, rejected)
    response.partial_success.error_message = reasons
    body: bytes = response.SerializeToString()
    return body
