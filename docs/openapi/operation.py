"""One operation: a method on a path."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from docs.openapi.plain import Schema
from docs.openapi.responses import Response

Operation = dict[str, Any]
Paths = dict[str, dict[str, Operation]]

ANYBODY: Final[list[dict[str, list[str]]]] = []
READERS: Final[list[dict[str, list[str]]]] = [{}, {"basic": []}]
PUSHERS: Final[list[dict[str, list[str]]]] = [{}, {"basic": []}, {"bearer": []}]


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    responses: Mapping[str, Response],
    description: str | None = None,
    parameters: Sequence[Schema] = (),
    body: Mapping[str, Schema] | None = None,
    security: Sequence[Mapping[str, list[str]]] = READERS,
) -> Operation:
    """Return an operation called `name`; `body` is by media type, and required."""
    described: Operation = {"operationId": name, "tags": [tag], "summary": summary}
    if description is not None:
        described["description"] = description
    if security is not READERS:
        described["security"] = list(security)
    if parameters:
        described["parameters"] = list(parameters)
    if body is not None:
        described["requestBody"] = {"required": True, "content": dict(body)}
    described["responses"] = dict(sorted(responses.items()))
    return described


def query(name: str, description: str, schema: Schema) -> Schema:
    """Return an optional query parameter."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def header(name: str, description: str, schema: Schema) -> Schema:
    """Return an optional header."""
    return {"name": name, "in": "header", "description": description, "schema": schema}


def in_path(name: str, description: str, schema: Schema) -> Schema:
    """Return a part of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def whole(minimum: int, maximum: int, default: int | None = None) -> Schema:
    """Return the schema of a whole number within bounds."""
    schema: Schema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    return schema if default is None else {**schema, "default": default}


CONTENT_ENCODING: Final = header(
    "Content-Encoding",
    "How the body is packed.",
    {"type": "string", "enum": ["gzip", "identity"]},
)
