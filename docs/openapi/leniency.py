"""The schemas of events as the wire takes them, which is more than the Structs hold.

`exporter.decode.lenient` leaves out fields that are not known and optional names that are empty,
and cuts a name that is too long for a label. So those are no errors, and a schema that called them
so would have clients refuse what is taken.
"""

from collections.abc import Mapping

from docs.openapi.event_fields import COMMON, OF_TYPE, TOKENS
from docs.openapi.plain import Schema
from exporter.event.types import EVENT_CLASSES, NAME_LENGTH_MAX

CUT_IF_LONG = frozenset(
    {"agent", "channel", "model", "provider", "queue", "source", "tool", "window"}
)
LEFT_OUT_IF_EMPTY = frozenset(
    {"id", "agent", "session_id", "request_id", "trace_id", "channel", "provider"}
)


def as_taken(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of the events and their parts, loosened, and each field told."""
    for event_class in EVENT_CLASSES:
        name = event_class.__name__
        schema = schemas[name]
        for field, about in schema["properties"].items():
            _loosen(about, field, required=field in schema["required"])
        _describe(schema, {**COMMON, **OF_TYPE[name]})
    _describe(schemas["Tokens"], TOKENS)
    for schema in schemas.values():
        schema.pop("additionalProperties", None)
    return schemas


def _loosen(field: Schema, name: str, *, required: bool) -> None:
    if name in CUT_IF_LONG:
        field.pop("maxLength", None)
        field["description"] = f"Cut to {NAME_LENGTH_MAX} characters."
    if name in LEFT_OUT_IF_EMPTY and not required:
        field.pop("minLength", None)
        field["type"] = ["string", "null"]


def _describe(schema: Schema, told: Mapping[str, str]) -> None:
    # What the class says after its first paragraph is said again, field by field.
    schema["description"] = schema["description"].split("\n\n")[0]
    for field, about in schema["properties"].items():
        if field == "type":
            continue
        said = about.pop("description", None)
        about["description"] = f"{told[field]} {said}" if said else told[field]
