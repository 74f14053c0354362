"""The answers that many routes have in common: errors, and what every answer carries."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from docs.openapi.plain import Schema, ref
from exporter.event.rejection import Code
from exporter.web.headers import EVERY_ANSWER
from exporter.web.page import HEADERS as PAGE_HEADERS
from exporter.web.problem import PROBLEM_JSON, STATUS

Response = dict[str, Any]

RESPONSES: Final = "#/components/responses/"

HEADERS: Final[dict[str, Schema]] = {
    **{
        name: {"required": True, "schema": {"type": "string", "const": value}}
        for name, value in {**EVERY_ANSWER, **PAGE_HEADERS}.items()
    },
    "Cache-Control": {
        "description": "Answers are about now.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "Retry-After": {
        "description": "After how many seconds to come again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Vary": {
        "description": "What of the request the answer depends on.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Of the content, whatever it is packed as.",
        "required": True,
        "schema": {"type": "string", "pattern": '^W/"[0-9a-f]+"$'},
    },
    "WWW-Authenticate": {
        "description": "How to show who asks: `Basic`, `Bearer`, or both.",
        "required": True,
        "schema": {"type": "string"},
    },
}

_OF_AN_EVENT: Final = (
    Code.MALFORMED,
    Code.NOT_AN_OBJECT,
    Code.UNKNOWN_TYPE,
    Code.MISSING_FIELD,
    Code.WRONG_TYPE,
    Code.INVALID_VALUE,
    Code.INVALID_TIME,
    Code.OUT_OF_RANGE,
    Code.TOO_LONG,
    Code.TOO_NEW,
    Code.TOO_DEEP,
)


def answer(
    description: str, content: Mapping[str, Schema] | None = None, *headers: str
) -> Response:
    """Return a response with its content by media type, and these headers beside the usual ones."""
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in (*EVERY_ANSWER, *headers)}
    response: Response = {"description": description, "headers": named}
    if content is not None:
        response["content"] = dict(content)
    return response


def problem(description: str, codes: Iterable[str], *headers: str) -> Response:
    """Return a response that carries a problem document with one of these codes."""
    code = {"properties": {"code": {"enum": list(map(str, codes))}}}
    schema = {"allOf": [ref("Problem"), code]}
    return answer(description, {PROBLEM_JSON: {"schema": schema}}, *headers)


def shared(name: str) -> Response:
    """Return a reference to one of the shared responses."""
    return {"$ref": f"{RESPONSES}{name}"}


def with_status(status: int) -> tuple[Code, ...]:
    """Return the codes that are answered with a status other than 400."""
    return tuple(code for code, its in STATUS.items() if its == status)


MALFORMED_REQUEST: Final = "malformed_request"
"""What is no proper HTTP; no route has seen it."""

TOO_MANY_CONNECTIONS: Final = "too_many_connections"
"""Whoever connects gets it, whatever they ask for."""


def shared_responses() -> dict[str, Response]:
    """Return the component responses, by name."""
    return {
        "MalformedRequest": problem("It is no proper HTTP.", [MALFORMED_REQUEST]),
        "InvalidParameter": problem(
            "A parameter is not what it may be; `path` names it.",
            [Code.INVALID_PARAMETER, MALFORMED_REQUEST],
        ),
        "Unauthorized": problem("No good password or token.", with_status(401), "WWW-Authenticate"),
        "Forbidden": problem(
            "A page of another origin asks, the `Host` is foreign, or it may not be asked at all.",
            with_status(403),
        ),
        "RateLimited": problem(
            "Too much is being asked; come again.", [Code.RATE_LIMITED], "Retry-After"
        ),
        "InternalError": problem("A fault of the exporter's own.", with_status(500)),
        "Unavailable": problem(
            "It is stopping, has not got its state back yet, cannot use a file that says who may "
            "come in, or too many are connected; come again.",
            [Code.NOT_ACCEPTING, TOO_MANY_CONNECTIONS],
            "Retry-After",
        ),
        "TooManyConnections": problem(
            "Too many are connected; come again.", [TOO_MANY_CONNECTIONS], "Retry-After"
        ),
        **_push_responses(),
    }


def _push_responses() -> dict[str, Response]:
    return {
        "PushRefused": problem(
            "Nothing was accepted and something rejected, which the members of a reply tell; or "
            "the body cannot be decoded, or the `Idempotency-Key` is none.",
            [*_OF_AN_EVENT, Code.TOO_LARGE, Code.TRUNCATED, Code.INVALID_KEY, MALFORMED_REQUEST],
        ),
        "Timeout": problem("The body did not arrive in time.", with_status(408)),
        "TooLarge": problem("Over a limit of size or of number.", with_status(413)),
        "UnsupportedMediaType": problem(
            "Another `Content-Type` or `Content-Encoding`, or a `charset` that is not UTF-8.",
            with_status(415),
        ),
        "QueueFull": problem(
            "Too much waits or is coming in; come again.", with_status(429), "Retry-After"
        ),
        "NotCommitted": problem(
            "It could not be committed, or pushes are not taken now; come again.",
            [*with_status(503), TOO_MANY_CONNECTIONS],
            "Retry-After",
        ),
    }


GUARDED: Final = {
    "401": shared("Unauthorized"),
    "403": shared("Forbidden"),
    "429": shared("RateLimited"),
    "500": shared("InternalError"),
    "503": shared("Unavailable"),
}
"""What a read may answer beside what is its own."""

OPEN: Final = {
    "403": shared("Forbidden"),
    "500": shared("InternalError"),
    "503": shared("TooManyConnections"),
}
"""What a probe may answer beside what is its own."""

PUSHED: Final = {
    "400": shared("PushRefused"),
    "401": shared("Unauthorized"),
    "403": shared("Forbidden"),
    "408": shared("Timeout"),
    "413": shared("TooLarge"),
    "415": shared("UnsupportedMediaType"),
    "429": shared("QueueFull"),
    "500": shared("InternalError"),
    "503": shared("NotCommitted"),
}
"""What a push may answer beside what is its own."""
