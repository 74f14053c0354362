"""What is pushed: events, and the summary of another exporter."""

from typing import Final

from docs.openapi import examples
from docs.openapi.examples_summary import SUMMARY
from docs.openapi.operation import CONTENT_ENCODING, PUSHERS, Paths, header, operation
from docs.openapi.plain import Schema, array, of_which, ref
from docs.openapi.responses import MALFORMED_REQUEST, PUSHED, answer, problem
from exporter.event.rejection import Code
from exporter.web import api_summary, push

TAG: Final = "pushes"

_KEY: Final = header(
    "Idempotency-Key",
    "Makes the whole batch safe to push again: the second time it counts as duplicates. "
    "Remembered for a day, over restarts.",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
)

_SUMMARY_CODES: Final = (
    Code.MALFORMED,
    Code.WRONG_TYPE,
    Code.MISSING_FIELD,
    Code.OUT_OF_RANGE,
    Code.TOO_LONG,
    Code.INVALID_VALUE,
    Code.INVALID_TIME,
    Code.TOO_NEW,
    Code.TOO_DEEP,
    Code.TRUNCATED,
    MALFORMED_REQUEST,
)

_WITH_STATE: Final = of_which("Summary", state=ref("State"))
_WITHOUT_STATE: Final[Schema] = {
    "description": "As the orchestrator's TelemetryStore exports it.",
    "allOf": [ref("Summary"), {"properties": {"model_performances": array("Performance")}}],
}


def paths() -> Paths:
    """Return the operations by path and method."""
    return {
        push.ROUTE: {"post": _push_events()},
        api_summary.ROUTE: {"put": _import_summary()},
    }


def _push_events() -> Schema:
    json = {
        "schema": {"oneOf": [ref("Event"), array("Event")]},
        "examples": {
            **{event["type"]: {"value": event} for event in examples.EVENTS},
            "batch": {"value": examples.BATCH},
        },
    }
    lines = {"schema": array("Event"), "example": examples.BATCH}
    replies = {
        "all": {"value": examples.PUSHED},
        "some": {"value": examples.PARTLY_PUSHED},
    }
    taken = {"schema": ref("PushReply"), "examples": replies}
    return operation(
        "pushEvents",
        "Push events",
        tag=TAG,
        description="One event, an array of them, or an event a line. Answered once the events "
        "are committed and in the metrics. Good events count whatever their neighbours are: a "
        "batch of which anything was taken is answered 200, and the reply tells what was not. "
        "Fields that are not known are left out and counted. `application/ndjson` is as good as "
        "`application/x-ndjson`.",
        parameters=[_KEY, CONTENT_ENCODING],
        body={
            "application/json": json,
            "application/x-ndjson": lines,
        },
        responses={
            "200": answer(
                "Something was accepted or a duplicate, or there was nothing in the batch.",
                {"application/json": taken},
            ),
            **PUSHED,
        },
        security=PUSHERS,
    )


def _import_summary() -> Schema:
    refused = problem(
        "It is no summary, or one that cannot be; `path` tells where. Nothing of it was taken in.",
        _SUMMARY_CODES,
    )
    return operation(
        "importSummary",
        "Take in what another exporter knew",
        tag=TAG,
        description="What both knew adds up exactly. The same export counts once. Beside its "
        "types, a summary is checked: a part is no more than its whole, nothing is dated more "
        "than ten minutes ahead, latencies add up to what their buckets allow.",
        parameters=[CONTENT_ENCODING],
        body={
            "application/json": {
                "schema": {"anyOf": [_WITH_STATE, _WITHOUT_STATE]},
                "example": SUMMARY,
            }
        },
        responses={
            **PUSHED,
            "200": answer(
                "It was taken in, or had been before.",
                {"application/json": {"schema": ref("ImportReply"), "example": examples.IMPORTED}},
                "Cache-Control",
            ),
            "400": refused,
        },
        security=PUSHERS,
    )
