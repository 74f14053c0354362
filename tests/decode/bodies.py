"""The forms that a body takes, and one of each type of event to put into it."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.event.tokens import Tokens
from exporter.event.types import (
    Activity,
    Completion,
    CompletionDetail,
    Cumulative,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from tests.event.strategies import NOW

EVENTS_MAX = 10_000


class Decode(Protocol):
    """Either of the two ways to decode a body."""

    def __call__(self, body: bytes, *, received_at: float, events_max: int) -> Decoded:
        """Decode a body."""
        ...


class Form(NamedTuple):
    """How the bytes of several objects make a body, and what reads it."""

    body: Callable[[Sequence[bytes]], bytes]
    decode: Decode

    def read(self, items: Sequence[bytes], *, events_max: int = EVENTS_MAX) -> Decoded:
        """Decode a body that holds these items and arrives at `NOW`."""
        return self.decode(self.body(items), received_at=NOW, events_max=events_max)


FORMS = {
    "array": Form(lambda items: b"[" + b",".join(items) + b"]", decode_json),
    "spaced array": Form(lambda items: b" \r\n\t[ " + b" ,\n".join(items) + b"\n] ", decode_json),
    "lines": Form(lambda items: b"\n".join(items) + b"\n", decode_ndjson),
    "lines, the last one open": Form(b"\n".join, decode_ndjson),
    "lines of DOS": Form(lambda items: b"\r\n".join(items) + b"\r\n", decode_ndjson),
    "lines among blank ones": Form(
        lambda items: b"\n \n" + b"\n\r\n\t\n".join(items) + b"\n\n", decode_ndjson
    ),
}
ARRAY, LINES = FORMS["array"], FORMS["lines"]
OBJECT = Form(b"".join, decode_json)


class Case(NamedTuple):
    """An object on the wire, and the event that it is."""

    wire: dict[str, Any]
    event: Event

    @property
    def item(self) -> bytes:
        """The object as bytes."""
        return json.dumps(self.wire).encode()


COMMON_WIRE: dict[str, Any] = {
    "id": "e-1",
    "agent": "codex",
    "session_id": "s-1",
    "request_id": "r-1",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
}

CASES = {
    "completion, least": Case(
        {"type": "completion", "model": "m"}, Completion(model="m", agent="unknown", at=NOW)
    ),
    "completion": Case(
        {
            "type": "completion",
            **COMMON_WIRE,
            "model": "zai/glm-5.1",
            "provider": "zai",
            "completed_at": "2027-01-15T07:59:30Z",
            "latency_ms": 1200,
            "ttft_ms": 80.5,
            "success": False,
            "tokens": {
                "input": 1,
                "output": 2,
                "reasoning": 3,
                "cache_read": 4,
                "cache_write": 5,
                "total": 15,
            },
            "cost_usd": 0,
            "error": "too many requests",
            "error_type": "rate_limit",
            "status_code": 429,
            "limited": True,
            "resets_at": 1_800_003_600,
        },
        Completion(
            **COMMON_WIRE,
            model="zai/glm-5.1",
            provider="zai",
            at=NOW - 30,
            latency_ms=1200.0,
            ttft_ms=80.5,
            success=False,
            tokens=Tokens(1, 2, 3, 4, 5, 15),
            cost_usd=0.0,
            error="too many requests",
            error_type="rate_limit",
            status_code=429,
            limited=True,
            resets_at=NOW + 3600,
        ),
    ),
    "request_started, least": Case(
        {"type": "request_started", "request_id": "r"},
        RequestStarted(request_id="r", channel="unknown", at=NOW),
    ),
    "request_started": Case(
        {"type": "request_started", **COMMON_WIRE, "channel": "chat", "started_at": NOW - 1},
        RequestStarted(**COMMON_WIRE, channel="chat", at=NOW - 1),
    ),
    "request_ended, least": Case(
        {"type": "request_ended", "request_id": "r"}, RequestEnded(request_id="r", at=NOW)
    ),
    "request_ended": Case(
        {
            "type": "request_ended",
            **COMMON_WIRE,
            "success": False,
            "error": "gave up",
            "channel": "chat",
            "ended_at": NOW - 1,
        },
        RequestEnded(**COMMON_WIRE, success=False, error="gave up", channel="chat", at=NOW - 1),
    ),
    "tool_call, least": Case({"type": "tool_call", "tool": "bash"}, ToolCall(tool="bash", at=NOW)),
    "tool_call": Case(
        {
            "type": "tool_call",
            **COMMON_WIRE,
            "tool": "bash",
            "success": True,
            "duration_ms": 12,
            "error": "",
            "ended_at": NOW - 1,
        },
        ToolCall(**COMMON_WIRE, tool="bash", success=True, duration_ms=12.0, error="", at=NOW - 1),
    ),
    "log, least": Case(
        {"type": "log", "level": "info", "source": "main", "message": ""},
        Log(level="info", source="main", message="", at=NOW),
    ),
    "log": Case(
        {
            "type": "log",
            **COMMON_WIRE,
            "level": "error",
            "source": "main",
            "message": "ünï\u2028\x00",
            "context": {"deep": [1, {"er": None}], "large": 2**70},
            "timestamp": NOW - 1,
        },
        Log(
            **COMMON_WIRE,
            level="error",
            source="main",
            message="ünï\u2028\x00",
            context={"deep": [1, {"er": None}], "large": 2**70},
            at=NOW - 1,
        ),
    ),
    "queue_depth": Case(
        {"type": "queue_depth", **COMMON_WIRE, "queue": "in", "depth": 3, "timestamp": NOW - 1},
        QueueDepth(**COMMON_WIRE, queue="in", depth=3, at=NOW - 1),
    ),
    "quota, least": Case(
        {"type": "quota", "window": "5h"},
        Quota(window="5h", at=NOW),
    ),
    "quota": Case(
        {
            "type": "quota",
            **COMMON_WIRE,
            "window": "7d",
            "used_ratio": 1.25,
            "provider": "anthropic",
            "model": "opus",
            "limited": True,
            "resets_at": "2027-01-15T09:00:00Z",
            "timestamp": NOW - 1,
        },
        Quota(
            **COMMON_WIRE,
            window="7d",
            used_ratio=1.25,
            provider="anthropic",
            model="opus",
            limited=True,
            resets_at=NOW + 3600,
            at=NOW - 1,
        ),
    ),
    "completion_detail, least": Case(
        {"type": "completion_detail", "model": "opus"},
        CompletionDetail(model="opus", at=NOW),
    ),
    "completion_detail": Case(
        {
            "type": "completion_detail",
            **COMMON_WIRE,
            "model": "opus",
            "provider": "anthropic",
            "ttft_ms": 12,
            "finish_reason": "end_turn",
            "limited": True,
            "resets_at": "2027-01-15T09:00:00Z",
            "timestamp": NOW - 1,
        },
        CompletionDetail(
            **COMMON_WIRE,
            model="opus",
            provider="anthropic",
            ttft_ms=12.0,
            finish_reason="end_turn",
            limited=True,
            resets_at=NOW + 3600,
            at=NOW - 1,
        ),
    ),
    "activity, least": Case(
        {"type": "activity", "kind": "commit"},
        Activity(kind="commit", at=NOW),
    ),
    "activity": Case(
        {
            "type": "activity",
            **COMMON_WIRE,
            "kind": "edit_accepted",
            "amount": 2,
            "tool": "Edit",
            "timestamp": NOW - 1,
        },
        Activity(**COMMON_WIRE, kind="edit_accepted", amount=2.0, tool="Edit", at=NOW - 1),
    ),
    "activity, by its total": Case(
        {
            "type": "activity",
            "kind": "active_cli",
            "cumulative": {"stream": "s", "total": 7.5, "since": "2027-01-15T07:00:00Z"},
        },
        Activity(kind="active_cli", cumulative=Cumulative("s", 7.5, NOW - 3600), at=NOW),
    ),
    "activity, by a total of unknown beginning": Case(
        {"type": "activity", "kind": "commit", "cumulative": {"stream": "s", "total": 7, "x": 1}},
        Activity(kind="commit", cumulative=Cumulative("s", 7.0, 0.0), at=NOW),
    ),
}
