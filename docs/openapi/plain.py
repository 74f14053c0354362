"""The small forms that all of the document is put together from."""

from typing import Any, Final

Schema = dict[str, Any]

SECS: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}

PREFIX: Final = "#/components/schemas/"

INSTANT: Final[Schema] = {
    "description": "RFC 3339 with its offset, or Unix seconds; null is as good as absent.",
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "number", "minimum": 0},
        {"type": "null"},
    ],
    "examples": ["2026-11-21T09:30:00Z", 1795253400.25],
}


def ref(name: str) -> Schema:
    """Return a reference to a component schema."""
    return {"$ref": f"{PREFIX}{name}"}


def array(name: str) -> Schema:
    """Return the schema of an array of what a component schema is of."""
    return {"type": "array", "items": ref(name)}


def members(**schemas: Schema) -> Schema:
    """Return the schema of an object that has exactly these members."""
    return {"type": "object", "properties": schemas, "required": list(schemas)}


def of_which(name: str, **schemas: Schema) -> Schema:
    """Return the schema of what a component schema is of that has these members, as told here."""
    return {"allOf": [ref(name), members(**schemas)]}


def shorten(field: Schema) -> None:
    """Write several plain types as one that may be any, and whole bounds without a fraction."""
    options = field.get("anyOf", [field])
    for option in options:
        for bound in {"minimum", "maximum"} & option.keys():
            if float(option[bound]).is_integer():
                option[bound] = int(option[bound])
    if options == [field]:
        return
    if "enum" in options[0]:
        del field["anyOf"]
        field["enum"] = [*options[0]["enum"], None]
    elif all("type" in option for option in options):
        del field["anyOf"]
        for option in options:
            field.update({**option, "type": [*field.get("type", []), option["type"]]})
