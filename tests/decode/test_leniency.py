"""Facts about what is taken although it is not quite as it should be."""

import json
from typing import Any

import pytest

from exporter.decode.lenient import EXPECTED_NAMES_MAX
from exporter.decode.native import Decoded
from exporter.event.rejection import Code, Rejection
from exporter.event.tokens import Tokens
from exporter.event.types import (
    Completion,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from tests.decode.bodies import ARRAY, FORMS, LINES, OBJECT, Form
from tests.event.strategies import NOW

LONG, CUT = "n" * 129, "n" * 128

FITTED: dict[str, tuple[dict[str, Any], Event]] = {
    "model": ({"type": "completion", "model": LONG}, Completion(model=CUT, at=NOW)),
    "provider": (
        {"type": "completion", "model": "m", "provider": LONG},
        Completion(model="m", provider=CUT, at=NOW),
    ),
    "agent": (
        {"type": "completion", "model": "m", "agent": LONG},
        Completion(model="m", agent=CUT, at=NOW),
    ),
    "tool": ({"type": "tool_call", "tool": LONG}, ToolCall(tool=CUT, at=NOW)),
    "channel": (
        {"type": "request_started", "request_id": "r", "channel": LONG},
        RequestStarted(request_id="r", channel=CUT, at=NOW),
    ),
    "source": (
        {"type": "log", "level": "info", "source": LONG, "message": LONG},
        Log(level="info", source=CUT, message=LONG, at=NOW),
    ),
    "queue": (
        {"type": "queue_depth", "queue": LONG, "depth": 0},
        QueueDepth(queue=CUT, depth=0, at=NOW),
    ),
    "window": (
        {"type": "quota", "window": LONG, "used_ratio": 0},
        Quota(window=CUT, used_ratio=0.0, at=NOW),
    ),
    "characters, not bytes": (
        {"type": "tool_call", "tool": "ü" * 129},
        ToolCall(tool="ü" * 128, at=NOW),
    ),
    "empty": (
        {
            "type": "completion",
            "model": "m",
            "id": "",
            "agent": "",
            "session_id": "",
            "request_id": "",
            "trace_id": "",
        },
        Completion(model="m", agent="unknown", at=NOW),
    ),
    "empty channel of a start": (
        {"type": "request_started", "request_id": "r", "channel": ""},
        RequestStarted(request_id="r", channel="unknown", at=NOW),
    ),
    "empty channel of an end": (
        {"type": "request_ended", "request_id": "r", "channel": ""},
        RequestEnded(request_id="r", channel=None, at=NOW),
    ),
    "null": (
        {
            "type": "completion",
            "model": "m",
            "id": None,
            "agent": None,
            "session_id": None,
            "request_id": None,
            "trace_id": None,
            "provider": None,
            "completed_at": None,
            "latency_ms": None,
            "ttft_ms": None,
            "success": None,
            "tokens": None,
            "cost_usd": None,
            "error": None,
            "error_type": None,
            "status_code": None,
            "limited": None,
            "resets_at": None,
        },
        Completion(model="m", at=NOW),
    ),
    "null parts": (
        {"type": "completion", "model": "m", "tokens": {"input": None, "output": 1}},
        Completion(model="m", tokens=Tokens(output=1), at=NOW),
    ),
    "null channel": (
        {"type": "request_started", "request_id": "r", "channel": None, "started_at": None},
        RequestStarted(request_id="r", channel="unknown", at=NOW),
    ),
    "null context": (
        {"type": "log", "level": "info", "source": "s", "message": "", "context": None},
        Log(level="info", source="s", message="", context=None, at=NOW),
    ),
}

MODEL = '{"type":"completion","model":"m"'
UNKNOWN_FIELDS = [
    (MODEL + ',"x":1}', 1, None),
    (MODEL + ',"x":1,"y":{"z":[]},"":null}', 3, None),
    (MODEL + ',"Model":"n"}', 1, None),
    (MODEL + ',"x":1,"x":2}', 1, None),
    (MODEL + ',"tokens":{"x":1,"cached":2}}', 2, Tokens()),
    (MODEL + ',"x":1,"tokens":{"input":7,"x":1}}', 2, Tokens(input=7)),
    (MODEL + ',"tool":"bash"}', 1, None),
    (MODEL + ',"at":5}', 1, None),
]
SAME_NAMES = [
    ('{"type":"completion","model":"a","model":"m"}', Completion(model="m", at=NOW)),
    ('{"type":"completion","model":5,"model":"m"}', Completion(model="m", at=NOW)),
    ('{"type":"log","type":"completion","model":"m"}', Completion(model="m", at=NOW)),
    ('{"model":"m","type":"log","type":"completion"}', Completion(model="m", at=NOW)),
    (MODEL + ',"tokens":{"input":-1},"tokens":{}}', Completion(model="m", tokens=Tokens(), at=NOW)),
    (MODEL + ',"id":"a","id":null}', Completion(model="m", id=None, at=NOW)),
]


@pytest.mark.parametrize(("wire", "event"), FITTED.values(), ids=FITTED)
@pytest.mark.parametrize("form", [OBJECT, *FORMS.values()], ids=["object", *FORMS])
def test_what_is_made_to_fit(wire: dict[str, Any], event: Event, form: Form) -> None:
    """A long name is cut; an optional field that is empty or null counts as left out."""
    assert form.read([json.dumps(wire).encode()]) == Decoded([event], [], [], 0)


@pytest.mark.parametrize(("item", "unknown", "tokens"), UNKNOWN_FIELDS)
@pytest.mark.parametrize("form", [OBJECT, ARRAY, LINES], ids=["object", "array", "lines"])
def test_unknown_fields_are_left_out_and_counted(
    item: str, unknown: int, tokens: Tokens | None, form: Form
) -> None:
    """An unknown name counts once for each object that has it; the event is as if without it."""
    event = Completion(model="m", tokens=tokens, at=NOW)
    assert form.read([item.encode()]) == Decoded([event], [], [], unknown)


def test_unknown_fields_of_a_batch_add_up() -> None:
    """Those of good events are counted together; a context has none; a rejected event's are not."""
    decoded = ARRAY.read(
        [
            b'{"type":"completion","model":"m","x":1}',
            b'{"type":"tool_call","tool":"t","x":1,"y":2}',
            b'{"type":"log","level":"info","source":"s","message":"","context":{"x":1}}',
            b'{"type":"tool_call","x":1}',
        ]
    )
    assert decoded.unknown_fields == 3
    assert decoded.rejections == [Rejection(3, Code.MISSING_FIELD, "$.tool")]


def test_what_one_type_does_not_know_another_may() -> None:
    """A field that is unknown in one event of a batch is kept in one whose type has it."""
    decoded = LINES.read(
        [
            b'{"type":"completion","model":"m","tool":"t","depth":1}',
            b'{"type":"tool_call","tool":"t","model":"m"}',
            b'{"type":"queue_depth","queue":"q","depth":1,"tool":"t"}',
            b'{"type":"completion","model":"m","tool":"t"}',
        ]
    )
    assert decoded == Decoded(
        [
            Completion(model="m", at=NOW),
            ToolCall(tool="t", at=NOW),
            QueueDepth(queue="q", depth=1, at=NOW),
            Completion(model="m", at=NOW),
        ],
        [],
        [],
        5,
    )


@pytest.mark.parametrize("count", [1, EXPECTED_NAMES_MAX, EXPECTED_NAMES_MAX + 1, 500])
def test_any_number_of_unknown_fields(count: int) -> None:
    """Unknown fields are counted in every event, however many there are and whichever."""
    fields = [f'"x{number}":1' for number in range(count)]
    items = [f"{MODEL},{','.join(some)}}}".encode() for some in (fields, fields[:1], fields)]
    assert ARRAY.read(items).unknown_fields == 2 * count + 1


@pytest.mark.parametrize(("item", "event"), SAME_NAMES)
@pytest.mark.parametrize("form", [OBJECT, ARRAY, LINES], ids=["object", "array", "lines"])
def test_the_last_of_equal_names_counts(item: str, event: Event, form: Form) -> None:
    """Where an object says a name twice, the last value stands, and the first is not looked at."""
    assert form.read([item.encode()]) == Decoded([event], [], [], 0)


def test_the_orchestrators_completion_event_is_a_completion() -> None:
    """What the orchestrator's TelemetryStore records, serialised by serde with a type, is taken."""
    serialised = b"""{"type":"completion","model":"zai-coding-plan/glm-5.1",
      "session_id":"test-session","completed_at":"2027-01-15T07:59:59.123456789Z","latency_ms":100,
      "success":false,"tokens":{"total":1000,"input":800,"output":200,"reasoning":0,"cache_read":0,
      "cache_write":0},"cost_usd":0.01,"error":"rate limit exceeded"}"""
    assert OBJECT.read([serialised]) == Decoded(
        [
            Completion(
                model="zai-coding-plan/glm-5.1",
                session_id="test-session",
                at=NOW - 1 + 0.123457,
                latency_ms=100.0,
                success=False,
                tokens=Tokens(800, 200, 0, 0, 0, 1000),
                cost_usd=0.01,
                error="rate limit exceeded",
            )
        ],
        [],
        [],
        0,
    )


def test_a_completion_event_without_a_session_is_a_completion() -> None:
    """The orchestrator writes an empty session and a null error where it has none."""
    serialised = (
        b'{"type":"completion","model":"m","session_id":"","completed_at":"2027-01-15T08:00:00Z",'
        b'"latency_ms":0,"success":true,"tokens":{"total":0,"input":0,"output":0,"reasoning":0,'
        b'"cache_read":0,"cache_write":0},"cost_usd":0.0,"error":null}'
    )
    (event,) = OBJECT.read([serialised]).events
    assert event == Completion(
        model="m",
        at=NOW,
        latency_ms=0.0,
        success=True,
        tokens=Tokens(0, 0, 0, 0, 0, 0),
        cost_usd=0.0,
    )
