"""Facts about what is read from Pi."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.agents.fields import Unfit
from exporter.agents.pi import AGENT
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, RequestEnded, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW
from tests.agents.told import of_run

BEGAN_MS = int(NOW) * 1_000 - 4_000
BEGAN = BEGAN_MS / 1_000
SESSION = {"type": "session", "version": 3, "id": "s-1", "cwd": "/secret"}
MESSAGE: dict[str, Any] = {
    "role": "assistant",
    "content": [{"type": "text", "text": "secret"}],
    "api": "anthropic-messages",
    "provider": "anthropic",
    "model": "claude-opus-4-8",
    "responseId": "msg_1",
    "usage": {
        "input": 597,
        "output": 30,
        "reasoning": 10,
        "cacheRead": 0,
        "cacheWrite": 0,
        "totalTokens": 627,
        "cost": {"input": 0.003, "output": 0.00075, "total": 0.00375},
    },
    "stopReason": "stop",
    "timestamp": BEGAN_MS,
}
COMMON: dict[str, Any] = {"agent": "pi", "session_id": "s-1"}
CALL = Completion(
    **COMMON,
    model="claude-opus-4-8",
    provider="anthropic",
    success=True,
    tokens=Tokens(input=597, output=20, reasoning=10, cache_read=0, cache_write=0, total=627),
    cost_usd=0.00375,
    cost_source="reported",
    finish_reason="stop",
    at=BEGAN,
)
TOOL_START = {
    "type": "tool_execution_start",
    "toolCallId": "call_1",
    "toolName": "bash",
    "args": {"command": "secret"},
}
TOOL_END: dict[str, Any] = {
    "type": "tool_execution_end",
    "toolCallId": "call_1",
    "toolName": "bash",
    "result": "secret",
    "isError": False,
}


def message_end(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the line of a message of the assistant that ended."""
    return {"type": "message_end", "message": MESSAGE | given}


def streamed(
    *lines: dict[str, Any], model: str | None = None, secs_a_line: float = 0.0
) -> list[Event]:
    """Return what the lines of a run tell of."""
    return of_run(AGENT, *lines, model=model, secs_a_line=secs_a_line)


def test_a_recorded_run() -> None:
    """A recording tells no times but those of its messages: no latency is made up."""
    tool = ToolCall(**COMMON, tool="bash", success=True, at=NOW)
    ended = RequestEnded(**COMMON, request_id="s-1", channel="cli", success=True, at=BEGAN)
    start = {"type": "message_start", "message": MESSAGE}
    assert streamed(SESSION, start, message_end(), TOOL_START, TOOL_END) == [CALL, tool, ended]


def test_a_run_as_it_goes() -> None:
    """While the agent runs, a call lasts from its own instant until its line has come."""
    start = {"type": "message_start", "message": MESSAGE}
    call, tool, ended = streamed(
        SESSION, start, message_end(), TOOL_START, TOOL_END, secs_a_line=0.5
    )
    assert isinstance(call, Completion)
    assert isinstance(tool, ToolCall)
    assert isinstance(ended, RequestEnded)
    assert (call.latency_ms, call.at) == (5000, NOW + 1)
    assert (tool.duration_ms, tool.at) == (500, NOW + 2)
    assert (ended.duration_ms, ended.at) == (5000, NOW + 1)


def test_a_latency_that_is_told() -> None:
    """What a message says of its own latency stands."""
    call, ended = streamed(SESSION, message_end(latencyBreakdown={"totalMs": 1500}))
    assert isinstance(call, Completion)
    assert isinstance(ended, RequestEnded)
    assert (call.latency_ms, call.at, ended.duration_ms) == (1500, BEGAN + 1.5, 1500)


@pytest.mark.parametrize(
    ("usage", "tokens", "total"),
    [
        (
            {"input": 6938, "output": 4, "totalTokens": 6942},
            Tokens(input=6938, output=4, total=6942),
            6942,
        ),
        (
            {"input": 10, "output": 8, "cacheRead": 90, "cacheWrite": 5, "totalTokens": 113},
            Tokens(input=10, output=8, cache_read=90, cache_write=5, total=113),
            113,
        ),
        (
            {"input": 10, "output": 8, "cacheRead": 90, "totalTokens": 18},
            Tokens(input=10, output=8, cache_read=90),
            108,
        ),
        (
            {"input": 10, "output": 8, "reasoning": 8, "totalTokens": 18},
            Tokens(input=10, output=0, reasoning=8, total=18),
            18,
        ),
        ({}, Tokens(), 0),
    ],
    ids=["plain", "cached", "total without caches", "all reasoning", "none"],
)
def test_tokens_are_disjoint(usage: dict[str, Any], tokens: Tokens, total: int) -> None:
    """Reasoning is taken out of the output, and no total is blamed for leaving the caches out."""
    call, _ = streamed(SESSION, message_end(usage=usage))
    assert isinstance(call, Completion)
    assert call.tokens == tokens
    assert (tokens.sum, tokens.mismatched) == (total, False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"usage": {"cost": {"total": 0}}}, {"cost_usd": None, "cost_source": None}),
        ({"provider": "google"}, {"provider": "gcp.gemini"}),
        ({"provider": None}, {"provider": None}),
        ({"model": None}, {"model": "given"}),
        ({"stopReason": "toolUse"}, {"finish_reason": "toolUse"}),
    ],
)
def test_what_a_message_leaves_open(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A cost of 0 is unknown; the model is the one of the run where the message names none."""
    call, _ = streamed(SESSION, message_end(**given), model="given")
    assert {name: getattr(call, name) for name in expected} == expected


@pytest.mark.parametrize(("reason", "error_type"), [("error", None), ("aborted", "cancelled")])
def test_a_failed_call(reason: str, error_type: str | None) -> None:
    """A call that ended in an error, or was given up, failed, and the request with it."""
    call, ended = streamed(SESSION, message_end(stopReason=reason, errorMessage="429 no"))
    assert isinstance(call, Completion)
    assert isinstance(ended, RequestEnded)
    assert (call.success, call.error, call.error_type) == (False, "429 no", error_type)
    assert (call.finish_reason, ended.success) == (None, False)


def test_the_last_call_decides_about_the_request() -> None:
    """A request whose retry succeeded has succeeded."""
    failed = message_end(stopReason="error", responseId=None)
    *_, ended = streamed(SESSION, failed, message_end())
    assert isinstance(ended, RequestEnded)
    assert ended.success


def test_calls_without_a_response_are_told_apart() -> None:
    """Without an id of its response a call is known by its session, its instant and its tokens."""
    one, other = message_end(responseId=None), message_end(responseId=None, timestamp=BEGAN_MS + 1)
    assert len(streamed(SESSION, one, other)) == 3


def test_a_failed_tool() -> None:
    """A tool that failed counts as a failure, without what it put out."""
    (tool,) = streamed(SESSION, TOOL_START, TOOL_END | {"isError": True})
    assert tool == ToolCall(**COMMON, tool="bash", success=False, at=NOW)


def test_a_tool_without_an_id_is_refused() -> None:
    """What cannot be known again is refused by the field that is missing."""
    with pytest.raises(Unfit) as refused:
        streamed(SESSION, TOOL_END | {"toolCallId": None})
    assert refused.value.field == "toolCallId"


@pytest.mark.parametrize(
    "line",
    [
        SESSION,
        {"type": "agent_start"},
        {"type": "message_end", "message": {"role": "user", "content": "secret"}},
        {"type": "message_end", "message": {"role": "toolResult", "content": "secret"}},
        {"type": "message_update", "message": MESSAGE},
        {"type": "turn_end", "message": MESSAGE, "toolResults": []},
        {"type": "agent_end", "messages": [MESSAGE]},
        {"type": "auto_retry_start", "attempt": 1, "errorMessage": "secret"},
        {"type": "unheard_of"},
        {},
    ],
)
def test_other_lines_count_nothing(line: dict[str, Any]) -> None:
    """A message told again, lines of others, and types unheard of are passed over."""
    assert streamed(line) == []


@settings(deadline=None)
@given(
    st.one_of(spoilt(SESSION), spoilt(message_end()), spoilt(TOOL_START), spoilt(TOOL_END)),
    st.floats(0, 10),
)
def test_any_line_is_read_or_refused(line: dict[str, Any], secs: float) -> None:
    """Whatever stands in a line, what it tells is within all bounds, or it is refused."""
    assert AGENT.stream is not None
    stream = AGENT.stream(None)
    read_or_refused(
        lambda: [
            *stream.read({"type": "message_start", "message": MESSAGE}, NOW),
            *stream.read(line, NOW + secs),
            *stream.end(NOW + secs),
        ]
    )
