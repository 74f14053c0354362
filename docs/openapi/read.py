"""A question that is answered with JSON."""

from typing import Any, Final

from docs.openapi.examples_answered import ANSWERED
from docs.openapi.operation import Paths, operation
from docs.openapi.plain import Schema
from docs.openapi.responses import GUARDED, answer, shared

TAG: Final = "reads"


def read(
    path: str,
    name: str,
    summary: str,
    schema: Schema,
    *parameters: Schema,
    description: str | None = None,
) -> Paths:
    """Return the path of a question that is answered with JSON, and its one operation."""
    content: dict[str, Any] = {"schema": schema}
    if path in ANSWERED:
        content["example"] = ANSWERED[path]
    refused = "InvalidParameter" if parameters else "MalformedRequest"
    asked = operation(
        name,
        summary,
        tag=TAG,
        description=description,
        parameters=parameters,
        responses={
            "200": answer("As of now.", {"application/json": content}, "Cache-Control"),
            "400": shared(refused),
            **GUARDED,
        },
    )
    return {path: {"get": asked}}
