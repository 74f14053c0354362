"""OTLP over HTTP, as OpenTelemetry's exporters speak it."""

from typing import Final

from docs.openapi import examples
from docs.openapi.operation import CONTENT_ENCODING, PUSHERS, Operation, Paths, operation
from docs.openapi.otlp_messages import ERROR, reply_name, request_name
from docs.openapi.plain import Schema, ref
from docs.openapi.responses import (
    MALFORMED_REQUEST,
    TOO_MANY_CONNECTIONS,
    Response,
    answer,
    problem,
    shared,
)
from exporter.web.otlp import SIGNALS

TAG: Final = "otlp"

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"

_SERVICES: Final = {"logs": "Logs", "traces": "Trace", "metrics": "Metrics"}

_ERRORS: Final = {
    "400": "ExportRefused",
    "401": "ExportUnauthorized",
    "403": "ExportForbidden",
    "413": "ExportTooLarge",
    "415": "ExportUnsupportedMediaType",
    "429": "ExportQueueFull",
    "503": "ExportUnavailable",
}


def paths() -> Paths:
    """Return the operations by path and method."""
    return {route: {"post": _export(signal)} for route, signal in SIGNALS.items()}


def _export(signal: str) -> Operation:
    request = {"schema": ref(request_name(signal)), "example": examples.EXPORTS[signal]}
    return operation(
        f"export{signal.capitalize()}",
        f"Export {signal}",
        tag=TAG,
        description=f"An `Export{_SERVICES[signal]}ServiceRequest` of "
        "[opentelemetry-proto](https://github.com/open-telemetry/opentelemetry-proto), in JSON or "
        "protobuf. What of it says nothing that counts here is taken and passed over; what cannot "
        "be used is told in `partialSuccess`.",
        parameters=[CONTENT_ENCODING],
        body={JSON: request, PROTOBUF: {"schema": _binary()}},
        responses={
            "200": answer(
                "The export was taken.",
                {
                    JSON: {"schema": ref(reply_name(signal)), "example": {}},
                    PROTOBUF: {"schema": _binary()},
                },
            ),
            **{status: shared(name) for status, name in _ERRORS.items()},
            "500": shared("InternalError"),
        },
        security=PUSHERS,
    )


def export_responses() -> dict[str, Response]:
    """Return the component responses of exports, by name."""
    return {
        "ExportRefused": _error("The body cannot be decoded.", unseen=MALFORMED_REQUEST),
        "ExportUnauthorized": _error("No good password or token.", "WWW-Authenticate"),
        "ExportForbidden": _error("A page of another origin asks, or the `Host` is foreign."),
        "ExportTooLarge": _error("Over a limit of size or of number."),
        "ExportUnsupportedMediaType": _error("Another `Content-Type` or `Content-Encoding`."),
        "ExportQueueFull": _error("Too much waits or is coming in; come again.", "Retry-After"),
        "ExportUnavailable": _error(
            "Not now: it is stopping, has not got its state back, could not commit, or the body "
            "did not arrive in time. Most carry `Retry-After`.",
            unseen=TOO_MANY_CONNECTIONS,
        ),
    }


def _binary() -> Schema:
    return {"type": "string", "format": "binary"}


def _error(description: str, *headers: str, unseen: str | None = None) -> Response:
    """Return a response with a Status, or a problem where the route was not seen yet."""
    content = {JSON: {"schema": ref(ERROR)}, PROTOBUF: {"schema": _binary()}}
    if unseen is not None:
        content |= problem(description, [unseen])["content"]
    return answer(f"{description} A `google.rpc.Status`.", content, *headers)
