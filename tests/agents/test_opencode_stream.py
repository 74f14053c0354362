"""Facts about the lines of opencode's stream."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.agents.opencode import AGENT
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, RequestEnded, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW
from tests.agents.told import of_run

COMMON: dict[str, Any] = {"agent": "opencode", "session_id": "ses_1"}
STARTED = 1_787_482_258_116
AT = (STARTED + 1_052) / 1_000


def line(kind: str, after_ms: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a line in its envelope, so long after the first."""
    return {"type": kind, "timestamp": STARTED + after_ms, "sessionID": "ses_1"} | fields


def step_finish(after_ms: int, reason: str, tokens: dict[str, Any], **part: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the line of a step that ended."""
    whole = {"messageID": "msg_1", "type": "step-finish", "reason": reason, "tokens": tokens}
    return line("step_finish", after_ms, part={"cost": 0} | whole | part)


STEP_START = line("step_start", 0, part={"messageID": "msg_1", "type": "step-start"})
TOKENS = {"total": 8011, "input": 7952, "output": 35, "reasoning": 24}
TOKENS_OF_A_STEP = TOKENS | {"cache": {"write": 0, "read": 0}}
STEP_FINISH = step_finish(1_052, "tool-calls", TOKENS_OF_A_STEP)
TOOL_USE = line(
    "tool_use",
    1_008,
    part={
        "type": "tool",
        "tool": "read",
        "callID": "call_1",
        "messageID": "msg_1",
        "state": {
            "status": "completed",
            "input": {"filePath": "/secret"},
            "output": "secret",
            "time": {"start": STARTED + 985, "end": STARTED + 1_005},
        },
    },
)
LIMITED = line(
    "error",
    2_000,
    error={
        "name": "APIError",
        "data": {
            "message": "Rate limit exceeded",
            "statusCode": 429,
            "isRetryable": True,
            "responseHeaders": {"set-cookie": "secret"},
            "responseBody": "secret",
        },
    },
)
CALL = Completion(
    **COMMON,
    model="claude-opus-4-8",
    provider="anthropic",
    latency_ms=1052,
    success=True,
    tokens=Tokens(input=7952, output=35, reasoning=24, cache_read=0, cache_write=0, total=8011),
    finish_reason="tool-calls",
    at=AT,
)


def streamed(
    *lines: dict[str, Any], model: str | None = "anthropic/claude-opus-4-8"
) -> list[Event]:
    """Return what the lines of a run tell of."""
    return of_run(AGENT, *lines, model=model)


def test_a_run() -> None:
    """A run is a completion a step, its tools, and a request that lasts from line to line."""
    tool = ToolCall(**COMMON, tool="read", success=True, duration_ms=20, at=(STARTED + 1_005) / 1e3)
    ended = RequestEnded(
        **COMMON, request_id="ses_1", channel="cli", success=True, duration_ms=1052, at=AT
    )
    done = line("done", 1_060, reason="idle", rejected=[])
    assert streamed(STEP_START, TOOL_USE, STEP_FINISH, done) == [tool, CALL, ended]


@pytest.mark.parametrize(
    ("tokens", "total"),
    [
        (TOKENS_OF_A_STEP, 8011),
        (
            {"total": 8113, "input": 397, "output": 16, "reasoning": 20}
            | {"cache": {"write": 0, "read": 7680}},
            8113,
        ),
        ({"input": 45327, "output": 97, "reasoning": 3008}, 48432),
        ({"input": 7752, "output": 11, "reasoning": 46, "cache": {"write": 0, "read": 0}}, 7809),
    ],
)
def test_tokens_are_disjoint_as_they_are(tokens: dict[str, Any], total: int) -> None:
    """The parts add up to the total, where a version tells one."""
    call, _ = streamed(STEP_START, step_finish(9, "stop", tokens))
    assert isinstance(call, Completion)
    assert call.tokens is not None
    assert (call.tokens.sum, call.tokens.mismatched) == (total, False)


def test_a_wrong_total_is_a_mismatch() -> None:
    """A total that is not the sum of the parts shows."""
    call, _ = streamed(STEP_START, step_finish(9, "stop", TOKENS_OF_A_STEP | {"total": 1}))
    assert isinstance(call, Completion)
    assert call.tokens is not None
    assert call.tokens.mismatched


def test_steps_of_one_message_are_calls_each() -> None:
    """A message with two steps is two calls, by the id of the step or by its time."""
    again = step_finish(2_000, "stop", TOKENS_OF_A_STEP)
    assert len(streamed(STEP_START, STEP_FINISH, STEP_START, again)) == 3
    same = [step_finish(9, "stop", TOKENS_OF_A_STEP, id=part) for part in ("prt_1", "prt_2")]
    assert len(streamed(STEP_START, *same)) == 3


@pytest.mark.parametrize(
    ("model", "name", "provider"),
    [
        ("google/gemini-3-pro", "gemini-3-pro", "gcp.gemini"),
        ("openrouter/anthropic/claude", "anthropic/claude", "openrouter"),
        ("gpt-5", "gpt-5", None),
        ("openai/", "unknown", "openai"),
        (None, "unknown", None),
    ],
)
def test_the_model_of_a_run(model: str | None, name: str, provider: str | None) -> None:
    """No line names the model: it is what the run was started with."""
    call, _ = streamed(STEP_START, STEP_FINISH, model=model)
    assert isinstance(call, Completion)
    assert (call.model, call.provider) == (name, provider)


@pytest.mark.parametrize(
    ("cost", "expected"), [(0, (None, None)), (None, (None, None)), (0.25, (0.25, "reported"))]
)
def test_the_cost_of_a_step(cost: float | None, expected: tuple[float | None, str | None]) -> None:
    """A cost of 0 is that of every model without a price, so it is unknown."""
    call, _ = streamed(STEP_START, step_finish(9, "stop", TOKENS_OF_A_STEP, cost=cost))
    assert isinstance(call, Completion)
    assert (call.cost_usd, call.cost_source) == expected


def test_a_step_whose_beginning_was_not_seen() -> None:
    """It counts without a latency."""
    call, _ = streamed(STEP_FINISH)
    assert isinstance(call, Completion)
    assert call.latency_ms is None


def test_a_failed_tool() -> None:
    """A tool that failed counts as a failure, without what it put out."""
    part = TOOL_USE["part"]
    failed = TOOL_USE | {"part": part | {"state": {"status": "error", "error": "secret"}}}
    tool, _ = streamed(failed)
    assert tool == ToolCall(**COMMON, tool="read", success=False, at=(STARTED + 1_008) / 1e3)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LIMITED["error"], ("Rate limit exceeded", "APIError", 429)),
        ({"name": "UnknownError", "data": {"message": "fetch failed"}}, ("fetch failed",)),
        ({"name": "UnknownError", "message": "fetch failed"}, ("fetch failed",)),
        ("secret", (None, None)),
        (None, (None, None)),
    ],
)
def test_an_error_is_a_failed_call(error: object, expected: tuple[Any, ...]) -> None:
    """A failure has its message, its name and its status, and nothing else of its data."""
    call, ended = streamed(STEP_START, LIMITED | {"error": error})
    assert isinstance(call, Completion)
    assert isinstance(ended, RequestEnded)
    message, name, status = (*expected, "UnknownError", None)[:3] if error else (None, None, None)
    if error == "secret":
        name, status = None, None
    assert (call.success, ended.success) == (False, False)
    assert (call.error, call.error_type, call.status_code) == (message, name, status)


@pytest.mark.parametrize(
    "other",
    [
        line("text", 5, part={"type": "text", "text": "secret"}),
        line("reasoning", 5, part={"text": "secret"}),
        line("done", 5, reason="idle"),
        {"type": "unheard_of"},
        {},
    ],
)
def test_other_lines_count_nothing(other: dict[str, Any]) -> None:
    """Lines of content, and lines of types unheard of, are passed over."""
    assert streamed(other) == []


@settings(deadline=None)
@given(st.one_of(spoilt(STEP_START), spoilt(STEP_FINISH), spoilt(TOOL_USE), spoilt(LIMITED)))
def test_any_line_is_read_or_refused(one: dict[str, Any]) -> None:
    """Whatever stands in a line, what it tells is within all bounds, or it is refused."""
    assert AGENT.stream is not None
    stream = AGENT.stream("anthropic/claude-opus-4-8")
    read_or_refused(lambda: [*stream.read(one, NOW), *stream.end(NOW)])
