"""The schemas of OTLP's messages: what is read of a request, and what is answered.

Requests are those of opentelemetry-proto in JSON, as far as they are read here; all else in them is
passed over. What has another type than is told makes its own record unusable, not the request.
"""

from typing import Final

import msgspec

from docs.openapi.plain import PREFIX, Schema, shorten
from exporter.decode.otlp_json_messages import Logs, Metrics, Traces

_NAMED: Final = "OTLP"

_REQUESTS: Final = {
    "Logs": "An ExportLogsServiceRequest, as far as it is read.",
    "Metrics": "An ExportMetricsServiceRequest, as far as it is read.",
    "Traces": "An ExportTraceServiceRequest, as far as it is read.",
}

ERROR: Final = f"{_NAMED}Error"


def request_name(signal: str) -> str:
    """Return the name of the schema of a signal's request."""
    return f"{_NAMED}{signal.capitalize()}"


def reply_name(signal: str) -> str:
    """Return the name of the schema of a signal's reply."""
    return f"{_NAMED}{signal.capitalize()}Reply"


def export_schemas() -> dict[str, Schema]:
    """Return the component schemas of OTLP, by name."""
    template = f"{PREFIX}{_NAMED}{{name}}"
    _, made = msgspec.json.schema_components([Logs, Traces, Metrics], ref_template=template)
    for name, schema in made.items():
        schema.pop("title", None)
        # All of it may be left out, and what is not known is passed over.
        schema.pop("required", None)
        schema.pop("additionalProperties", None)
        if name in _REQUESTS:
            schema["description"] = _REQUESTS[name]
        for field in list(schema["properties"]):
            if "_" in field:
                # Known only so that whoever writes so is read leniently.
                del schema["properties"][field]
            else:
                _as_json(schema["properties"][field])
    requests = {f"{_NAMED}{name}": made[name] for name in sorted(made)}
    return {**requests, **_replies()}


def _as_json(field: Schema) -> None:
    """Describe a field as protobuf's JSON has it, where 64-bit numbers are strings."""
    field.pop("default", None)
    shorten(field)
    if "integer" in field.get("type", ()):
        field["type"] = ["integer", "string", "null"]


def _replies() -> dict[str, Schema]:
    rejected = {
        "logs": "rejectedLogRecords",
        "metrics": "rejectedDataPoints",
        "traces": "rejectedSpans",
    }
    return {
        **{reply_name(signal): _reply(member) for signal, member in rejected.items()},
        ERROR: {
            "description": "A google.rpc.Status.",
            "type": "object",
            "properties": {
                "code": {"type": "integer", "description": "A google.rpc.Code."},
                "message": {"type": "string", "description": "Our code, and why in words."},
            },
            "required": ["code", "message"],
        },
    }


def _reply(rejected: str) -> Schema:
    return {
        "description": "Empty where all of it was taken.",
        "type": "object",
        "properties": {
            "partialSuccess": {
                "type": "object",
                "properties": {
                    rejected: {
                        "type": "string",
                        "pattern": "^[0-9]+$",
                        "description": "How many could not be used; 64-bit, so a string.",
                    },
                    "errorMessage": {"type": "string", "description": "Why, by code and field."},
                },
                "required": [rejected, "errorMessage"],
            }
        },
        "additionalProperties": False,
    }
