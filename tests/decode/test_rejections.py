"""Facts about events that are JSON, or nearly, and not right: each has its code and its path."""

import json
from typing import Any

import pytest

from exporter.decode.native import Decoded
from exporter.event.rejection import Code, Rejection
from exporter.event.types import Completion
from tests.decode.bodies import CASES, FORMS, LINES, OBJECT, Form
from tests.event.strategies import NOW

GOOD = b'{"type":"completion","model":"m"}'
GOOD_EVENT = Completion(model="m", at=NOW)
LEAST = {
    "completion": CASES["completion, least"].wire,
    "request_started": CASES["request_started, least"].wire,
    "request_ended": CASES["request_ended, least"].wire,
    "tool_call": CASES["tool_call, least"].wire,
    "log": CASES["log, least"].wire,
    "queue_depth": {"type": "queue_depth", "queue": "q", "depth": 1},
    "quota": CASES["quota, least"].wire,
    "completion_detail": CASES["completion_detail, least"].wire,
    "activity": CASES["activity, least"].wire,
}
REQUIRED = [
    (event_type, name) for event_type, wire in LEAST.items() for name in wire if name != "type"
]
NOT_EVENTS: list[tuple[Any, Code, str]] = [
    (None, Code.NOT_AN_OBJECT, "$"),
    (True, Code.NOT_AN_OBJECT, "$"),
    (5, Code.NOT_AN_OBJECT, "$"),
    ("sk-secret", Code.NOT_AN_OBJECT, "$"),
    ({}, Code.MISSING_FIELD, "$.type"),
    ({"type": None, "model": "m"}, Code.MISSING_FIELD, "$.type"),
    ({"type": ""}, Code.UNKNOWN_TYPE, "$.type"),
    ({"type": "Completion", "model": "m"}, Code.UNKNOWN_TYPE, "$.type"),
    ({"type": 5}, Code.UNKNOWN_TYPE, "$.type"),
    ({"type": ["completion"]}, Code.UNKNOWN_TYPE, "$.type"),
]
# What replaces or joins the fields of the least event of a type, and what it comes to.
MISFITS: list[tuple[str, dict[str, Any], Code, str]] = [
    ("completion", {"model": 5}, Code.WRONG_TYPE, "$.model"),
    ("completion", {"model": None}, Code.WRONG_TYPE, "$.model"),
    ("completion", {"model": ""}, Code.INVALID_VALUE, "$.model"),
    ("completion", {"agent": 5}, Code.WRONG_TYPE, "$.agent"),
    ("completion", {"agent": []}, Code.WRONG_TYPE, "$.agent"),
    ("completion", {"provider": False}, Code.WRONG_TYPE, "$.provider"),
    ("completion", {"id": 0}, Code.WRONG_TYPE, "$.id"),
    ("completion", {"id": "i" * 129}, Code.TOO_LONG, "$.id"),
    ("completion", {"trace_id": "t" * 129}, Code.TOO_LONG, "$.trace_id"),
    ("completion", {"session_id": "s" * 257}, Code.TOO_LONG, "$.session_id"),
    ("completion", {"request_id": "r" * 257}, Code.TOO_LONG, "$.request_id"),
    ("completion", {"latency_ms": -1}, Code.OUT_OF_RANGE, "$.latency_ms"),
    ("completion", {"latency_ms": 1e13}, Code.OUT_OF_RANGE, "$.latency_ms"),
    ("completion", {"latency_ms": "5"}, Code.WRONG_TYPE, "$.latency_ms"),
    ("completion", {"latency_ms": True}, Code.WRONG_TYPE, "$.latency_ms"),
    ("completion", {"ttft_ms": -0.5}, Code.OUT_OF_RANGE, "$.ttft_ms"),
    ("completion", {"cost_usd": -0.01}, Code.OUT_OF_RANGE, "$.cost_usd"),
    ("completion", {"cost_usd": 1e10}, Code.OUT_OF_RANGE, "$.cost_usd"),
    ("completion", {"cost_usd": "free"}, Code.WRONG_TYPE, "$.cost_usd"),
    ("completion", {"success": 1}, Code.WRONG_TYPE, "$.success"),
    ("completion", {"success": "true"}, Code.WRONG_TYPE, "$.success"),
    ("completion", {"error": {"message": "m"}}, Code.WRONG_TYPE, "$.error"),
    ("completion", {"status_code": 1000}, Code.OUT_OF_RANGE, "$.status_code"),
    ("completion", {"status_code": "429"}, Code.WRONG_TYPE, "$.status_code"),
    ("completion", {"limited": "yes"}, Code.WRONG_TYPE, "$.limited"),
    ("completion", {"tokens": 5}, Code.WRONG_TYPE, "$.tokens"),
    ("completion", {"tokens": []}, Code.WRONG_TYPE, "$.tokens"),
    ("completion", {"tokens": {"input": -1}}, Code.OUT_OF_RANGE, "$.tokens.input"),
    ("completion", {"tokens": {"output": True}}, Code.WRONG_TYPE, "$.tokens.output"),
    ("completion", {"tokens": {"reasoning": 1.0}}, Code.WRONG_TYPE, "$.tokens.reasoning"),
    ("completion", {"tokens": {"cache_read": "1"}}, Code.WRONG_TYPE, "$.tokens.cache_read"),
    (
        "completion",
        {"tokens": {"cache_write": 2**53 + 1}},
        Code.OUT_OF_RANGE,
        "$.tokens.cache_write",
    ),
    ("completion", {"tokens": {"total": 2**64}}, Code.OUT_OF_RANGE, "$.tokens.total"),
    ("completion", {"x": 1, "tokens": {"y": 1, "input": -1}}, Code.OUT_OF_RANGE, "$.tokens.input"),
    ("request_started", {"request_id": ""}, Code.MISSING_FIELD, "$.request_id"),
    ("request_started", {"request_id": None}, Code.MISSING_FIELD, "$.request_id"),
    ("request_started", {"channel": 5}, Code.WRONG_TYPE, "$.channel"),
    ("request_ended", {"duration_ms": -1}, Code.OUT_OF_RANGE, "$.duration_ms"),
    ("tool_call", {"tool": ""}, Code.INVALID_VALUE, "$.tool"),
    ("tool_call", {"duration_ms": -1}, Code.OUT_OF_RANGE, "$.duration_ms"),
    ("log", {"level": "sk-secret"}, Code.INVALID_VALUE, "$.level"),
    ("log", {"level": "INFO"}, Code.INVALID_VALUE, "$.level"),
    ("log", {"level": "x' - at `$.sk`"}, Code.INVALID_VALUE, "$.level"),
    ("log", {"message": None}, Code.WRONG_TYPE, "$.message"),
    ("log", {"context": "text"}, Code.WRONG_TYPE, "$.context"),
    ("log", {"context": []}, Code.WRONG_TYPE, "$.context"),
    ("queue_depth", {"depth": -1}, Code.OUT_OF_RANGE, "$.depth"),
    ("queue_depth", {"depth": 1.5}, Code.WRONG_TYPE, "$.depth"),
    ("queue_depth", {"depth": 2**53 + 1}, Code.OUT_OF_RANGE, "$.depth"),
    ("quota", {"used_ratio": -0.1}, Code.OUT_OF_RANGE, "$.used_ratio"),
    ("quota", {"used_ratio": 1e7}, Code.OUT_OF_RANGE, "$.used_ratio"),
    ("quota", {"used_ratio": "50%"}, Code.WRONG_TYPE, "$.used_ratio"),
    ("quota", {"window": ""}, Code.INVALID_VALUE, "$.window"),
    ("completion", {"cost_source": "guessed"}, Code.INVALID_VALUE, "$.cost_source"),
    ("completion_detail", {"ttft_ms": -1}, Code.OUT_OF_RANGE, "$.ttft_ms"),
    ("completion_detail", {"timestamp": NOW + 601}, Code.TOO_NEW, "$.timestamp"),
    ("completion_detail", {"resets_at": -1}, Code.OUT_OF_RANGE, "$.resets_at"),
    ("activity", {"kind": "sk-secret"}, Code.INVALID_VALUE, "$.kind"),
    ("activity", {"amount": -1}, Code.OUT_OF_RANGE, "$.amount"),
    ("activity", {"amount": 1e300}, Code.OUT_OF_RANGE, "$.amount"),
    ("activity", {"cumulative": {"stream": "s"}}, Code.MISSING_FIELD, "$.cumulative.total"),
    ("activity", {"cumulative": {"total": 1}}, Code.MISSING_FIELD, "$.cumulative.stream"),
    (
        "activity",
        {"cumulative": {"stream": "s", "total": -1}},
        Code.OUT_OF_RANGE,
        "$.cumulative.total",
    ),
    (
        "activity",
        {"cumulative": {"stream": "s", "total": 1, "since": NOW + 601}},
        Code.OUT_OF_RANGE,
        "$.cumulative.since",
    ),
]


def assert_rejected(item: bytes, code: Code, path: str, event_type: str) -> None:
    """Assert what an item comes to alone and between good ones, in every form."""
    alone = Decoded([], [Rejection(0, code, path)], [event_type], 0)
    assert OBJECT.read([item]) == alone
    for form in FORMS.values():
        assert form.read([item]) == alone
        assert form.read([GOOD, item, GOOD]) == Decoded(
            [GOOD_EVENT, GOOD_EVENT], [Rejection(1, code, path)], [event_type], 0
        )


@pytest.mark.parametrize(("value", "code", "path"), NOT_EVENTS)
def test_json_that_is_no_event(value: object, code: Code, path: str) -> None:
    """What is no object, or names no type of ours, is rejected as such, and its type is unknown."""
    assert_rejected(json.dumps(value).encode(), code, path, "unknown")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_array_is_no_event(form: Form) -> None:
    """An array inside an array, or on a line, is no object, whatever it holds."""
    decoded = form.read([b"[" + GOOD + b"]", GOOD])
    assert decoded == Decoded([GOOD_EVENT], [Rejection(0, Code.NOT_AN_OBJECT)], ["unknown"], 0)


@pytest.mark.parametrize(("event_type", "name"), REQUIRED)
def test_a_required_field(event_type: str, name: str) -> None:
    """An event without one of its required fields is rejected, and the path names the field."""
    wire = {key: value for key, value in LEAST[event_type].items() if key != name}
    assert_rejected(json.dumps(wire).encode(), Code.MISSING_FIELD, f"$.{name}", event_type)


@pytest.mark.parametrize(("event_type", "fields", "code", "path"), MISFITS)
def test_a_field_that_does_not_fit(
    event_type: str, fields: dict[str, Any], code: Code, path: str
) -> None:
    """A value of the wrong kind or size rejects its event, and its event alone."""
    assert_rejected(json.dumps(LEAST[event_type] | fields).encode(), code, path, event_type)


def test_one_bad_line_among_a_hundred() -> None:
    """99 good lines count, and the bad one is named by its index."""
    items = [GOOD] * 100
    items[7] = b'{"type":"completion","model":"m","tokens":{"input":-1}}'
    decoded = LINES.read(items)
    assert len(decoded.events) == 99
    assert decoded.rejections == [Rejection(7, Code.OUT_OF_RANGE, "$.tokens.input")]
