"""The same completions as Claude Code exports them: OTLP log records, in JSON and in protobuf.

Every record names a request of its own. In a template its place is held by text of the same length,
so that no length inside the protobuf changes when a number is put there.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Form = Literal["otlp-json", "otlp-protobuf"]
Fact = dict[str, Any]
Value = str | int | float

PLACE = "#" * 20
"""Where the number of a request goes, as `%020d`."""

RESOURCE = {
    "service.name": "claude-code",
    "service.version": "2.1.260",
    "os.type": "linux",
    "os.version": "6.8.0",
    "host.arch": "amd64",
}
SCOPE = "com.anthropic.claude_code.events"


def template(batch: Sequence[Fact], form: Form, now: float) -> bytes:
    """Return an export of these completions, made at `now`, Unix seconds.

    It is to be filled with the numbers of their requests.
    """
    began_ns = int(now * 1e9)
    body = _json(batch, began_ns) if form == "otlp-json" else _protobuf(batch, began_ns)
    return body.replace(b"%", b"%%").replace(PLACE.encode(), b"%020d")


def _attributes(fact: Fact, sequence: int) -> dict[str, Value]:
    failed = "error" in fact
    common: dict[str, Value] = {
        "session.id": fact["session_id"],
        "user.id": "5f0c5e1f9b6b4ac1b7c9d0f2a7e1c3d5",
        "organization.id": "0b5a3f0e-9d1c-4b57-8a52-8f2f2a1f0c11",
        "terminal.type": "vscode",
        "event.name": "api_error" if failed else "api_request",
        "event.timestamp": fact["completed_at"],
        "event.sequence": sequence,
        "prompt.id": "e2a5b7cc-5d43-4d54-9a5e-3f7d1c0b2a19",
        "model": fact["model"],
        "duration_ms": int(fact["latency_ms"]),
        "request_id": f"req_{PLACE}",
        "query_source": "repl_main_thread",
        "speed": "normal",
    }
    if failed:
        return common | {"error": fact["error"], "status_code": fact["status_code"], "attempt": 1}
    tokens = fact["tokens"]
    return common | {
        "cost_usd": fact["cost_usd"],
        "input_tokens": tokens["input"],
        "output_tokens": tokens["output"] + tokens["reasoning"],
        "cache_read_tokens": tokens["cache_read"],
        "cache_creation_tokens": tokens["cache_write"],
    }


def _json(batch: Sequence[Fact], began_ns: int) -> bytes:
    records = [
        {
            "timeUnixNano": str(began_ns + sequence),
            "body": {"stringValue": "claude_code.api_request"},
            "attributes": _json_attributes(_attributes(fact, sequence)),
        }
        for sequence, fact in enumerate(batch)
    ]
    scope = {"scope": {"name": SCOPE}, "logRecords": records}
    resource = {"attributes": _json_attributes(RESOURCE)}
    export = {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}
    return json.dumps(export, separators=(",", ":")).encode()


def _json_attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _protobuf(batch: Sequence[Fact], began_ns: int) -> bytes:
    export = ExportLogsServiceRequest()
    of_resource = export.resource_logs.add()
    of_resource.resource.attributes.extend(_protobuf_attributes(RESOURCE))
    of_scope = of_resource.scope_logs.add()
    of_scope.scope.name = SCOPE
    for sequence, fact in enumerate(batch):
        record = of_scope.log_records.add()
        record.time_unix_nano = began_ns + sequence
        record.body.string_value = "claude_code.api_request"
        record.attributes.extend(_protobuf_attributes(_attributes(fact, sequence)))
    body: bytes = export.SerializeToString()
    return body


def _protobuf_attributes(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_protobuf_value(value)) for key, value in attributes.items()]


def _protobuf_value(value: Value) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    return AnyValue(double_value=value)
