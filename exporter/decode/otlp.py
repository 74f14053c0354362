"""OTLP/HTTP bodies in, records out: the same records from JSON and from protobuf.

OTLP is OpenTelemetry's protocol (opentelemetry.io/docs/specs/otlp). A body holds resources, which
hold scopes, which hold log records, spans or metrics, and a metric holds data points. What comes
out is flat: each record, span or point points to its origin, the resource and scope it came from.

`otlp_rules` is what both encodings are held to, `otlp_gathering` what they fill. JSON is read in
one call into typed messages (`otlp_json_messages`); only a body that does not fit them is read
record by record (`otlp_json_lenient`). Protobuf is parsed in one call, too
(`otlp_protobuf_request`), or where it is large cut into records (`otlp_wire`), each of which is
parsed by itself; the attributes of a log record are read from their bytes
(`otlp_protobuf_attributes`). Its modules take 50 ms and 5 MiB to load, so the first such body loads
them.
"""

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from exporter.decode import otlp_json
from exporter.decode.otlp_gathering import Decoded
from exporter.event.otel import LogRecord, Point, Span
from exporter.event.rejection import Code, Refusal

__all__ = ["Decoded", "Encoding", "decode_logs", "decode_metrics", "decode_traces"]

Encoding = Literal["json", "protobuf"]
R = TypeVar("R")


class _Decoder(Protocol):
    """What both encodings offer."""

    @property
    def logs(self) -> Callable[[bytes, int], Decoded[LogRecord]]: ...

    @property
    def traces(self) -> Callable[[bytes, int], Decoded[Span]]: ...

    @property
    def metrics(self) -> Callable[[bytes, int], Decoded[Point]]: ...


def decode_logs(body: bytes, encoding: Encoding, *, records_max: int) -> Decoded[LogRecord]:
    """Return the log records of a body, and how many could not be understood.

    Raises `Refusal`: `malformed` where the body is not of its encoding or no such request,
    `too_deep`, `too_many_events` where it holds more than `records_max`, and `too_large` where it
    holds more values than are safely made.
    """
    return _guarded(_decoder(encoding).logs, body, records_max)


def decode_traces(body: bytes, encoding: Encoding, *, records_max: int) -> Decoded[Span]:
    """Return the spans of a body, and how many could not be understood. Raises as `decode_logs`."""
    return _guarded(_decoder(encoding).traces, body, records_max)


def decode_metrics(body: bytes, encoding: Encoding, *, records_max: int) -> Decoded[Point]:
    """Return the data points of a body, and how many could not be understood.

    Points that say nothing are left out: those without a value, and those whose value is not
    finite. Raises as `decode_logs`.
    """
    return _guarded(_decoder(encoding).metrics, body, records_max)


def _decoder(encoding: Encoding) -> _Decoder:
    if encoding == "json":
        return otlp_json
    from exporter.decode import otlp_protobuf  # noqa: PLC0415 - loaded once it is needed

    return otlp_protobuf


def _guarded(decode: Callable[[bytes, int], Decoded[R]], body: bytes, most: int) -> Decoded[R]:
    try:
        return decode(body, most)
    except RecursionError:
        raise Refusal(Code.TOO_DEEP, "the body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Refusal(Code.MALFORMED, "the body is not UTF-8") from None
