"""The live page, and the files it is made of."""

from collections.abc import Mapping, Sequence
from typing import Final

from docs.openapi.operation import Operation, Paths, header, in_path, operation
from docs.openapi.plain import Schema
from docs.openapi.responses import GUARDED, Response, answer, problem, shared
from exporter.web.page import HEADERS

TAG: Final = "page"

_HEADERS: Final = (*HEADERS, "ETag")
_TEXT: Final[Schema] = {"schema": {"type": "string"}}
_IF_NONE_MATCH: Final = header(
    "If-None-Match", "The `ETag` of what the browser has.", {"type": "string"}
)
_VERSION: Final = in_path(
    "version", "The hash of them all.", {"type": "string", "pattern": "^[0-9a-f]+$"}
)
_NAME: Final = in_path("name", "Its name.", {"type": "string", "pattern": r"^[a-z_]+\.[a-z]+$"})


def paths() -> Paths:
    """Return the operations by path and method."""
    page = _file("getPage", "The live page", {"text/html": _TEXT})
    asset = _file(
        "getAsset",
        "A file that the live page is made of",
        {"text/javascript": _TEXT, "text/css": _TEXT, "image/svg+xml": _TEXT},
        parameters=[_VERSION, _NAME],
        responses={"404": problem("There is none in this version.", ["not_found"])},
    )
    return {"/": {"get": page}, "/static/{version}/{name}": {"get": asset}}


def _file(
    name: str,
    summary: str,
    content: Mapping[str, Schema],
    *,
    parameters: Sequence[Schema] = (),
    responses: Mapping[str, Response] | None = None,
) -> Operation:
    return operation(
        name,
        summary,
        tag=TAG,
        parameters=[*parameters, _IF_NONE_MATCH],
        responses={
            "200": answer("The file.", content, *_HEADERS),
            "304": answer("The browser has it.", None, *_HEADERS),
            "400": shared("MalformedRequest"),
            **GUARDED,
            **(responses or {}),
        },
    )
