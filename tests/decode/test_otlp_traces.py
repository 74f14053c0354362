"""Facts about spans."""

from typing import Any

import pytest

from exporter.event.otel import Origin, Span, SpanEvent
from tests.decode.otlp_bodies import SPAN_ID, TRACE_ID, TRACES, Json, attribute

PARENT_ID = "00f067aa0ba902b7"
IDS: Json = {"traceId": TRACE_ID, "spanId": SPAN_ID}
LLM_REQUEST: Json = IDS | {
    "parentSpanId": PARENT_ID,
    "name": "claude_code.llm_request",
    "kind": "SPAN_KIND_CLIENT",
    "startTimeUnixNano": "1700000000000000000",
    "endTimeUnixNano": "1700000002500000000",
    "attributes": [attribute("ttft_ms", 800)],
    "events": [
        {"timeUnixNano": "1700000001000000000", "name": "retry", "attributes": [attribute("n", 1)]}
    ],
    "status": {"code": "STATUS_CODE_ERROR", "message": "overloaded"},
}


def read_one(span: Json) -> Span:
    """Return the one span of an export, which is the same in every form."""
    decoded = TRACES.read_alike(TRACES.export(span))
    assert decoded.unfit == 0
    [found] = decoded.records
    assert isinstance(found, Span)
    return found


def test_a_span_has_all_it_was_told() -> None:
    """Its name, times, attributes, ids, status, and what happened within it."""
    span = read_one(LLM_REQUEST)
    assert span == Span(
        Origin({}),
        "claude_code.llm_request",
        1_700_000_000_000_000_000,
        1_700_000_002_500_000_000,
        {"ttft_ms": 800},
        TRACE_ID,
        SPAN_ID,
        PARENT_ID,
        failed=True,
        message="overloaded",
        events=[SpanEvent("retry", 1_700_000_001_000_000_000, {"n": 1})],
    )
    assert span.duration_ms == 2500.0


def test_a_span_needs_no_more_than_its_ids() -> None:
    """What else is left out is empty, and it did not fail."""
    assert read_one(IDS) == Span(Origin({}), "", 0, 0, {}, TRACE_ID, SPAN_ID)


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("STATUS_CODE_ERROR", True),
        ("STATUS_CODE_OK", False),
        ("STATUS_CODE_UNSET", False),
        (2, True),
        (1, False),
        (7, False),
    ],
)
def test_only_an_error_is_a_failure(status: Any, failed: bool) -> None:  # noqa: ANN401, FBT001 - a name or a number
    """A status is an enum's name or its number."""
    assert read_one(IDS | {"status": {"code": status}}).failed is failed


@pytest.mark.parametrize(
    "ids",
    [
        {},
        {"traceId": TRACE_ID},
        {"spanId": SPAN_ID},
        IDS | {"spanId": "0" * 16},
        IDS | {"traceId": "0" * 32},
        IDS | {"spanId": TRACE_ID},
    ],
)
def test_a_span_without_ids_is_unfit(ids: Json) -> None:
    """Nobody could tell it from another; the others count."""
    assert TRACES.read_alike(TRACES.export(ids, LLM_REQUEST)).unfit == 1


def test_long_texts_of_a_span_are_cut() -> None:
    """Names at 256 characters, what the status tells at 4,096; there are 128 events."""
    span = read_one(
        IDS
        | {
            "name": "n" * 257,
            "status": {"message": "m" * 4097},
            "events": [{"name": "e" * 257}] * 129,
        }
    )
    assert span.name == "n" * 256
    assert span.message == "m" * 4096
    assert span.events == [SpanEvent("e" * 256, 0, {})] * 128
