"""Facts about the lines of Claude Code's stream: what happens in a run, and how it ends."""

from typing import Any

import pytest

from exporter.agents.claude_code.stream import ClaudeCodeStream
from exporter.agents.fields import Unfit
from exporter.event.rejection import Code
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, RequestEnded, ToolCall
from tests.agents.claude_code_lines import (
    AT,
    INIT,
    TIMESTAMP,
    Line,
    message,
    of_type,
    read,
    result,
    used,
)
from tests.agents.records import NOW

LIMIT_TEXT = "API Error: Request rejected (429) · This request would exceed your rate limit."


def test_a_run_of_one_call() -> None:
    """Its only call took as long as its calls did, and has all that the result tells."""
    usage = {"claude-opus-5[1m]": used(thinkingTokens=86, canonicalModel="claude-opus-5")}
    events = read(INIT, message("1"), result(modelUsage=usage))
    assert events == [
        Completion(
            id="call:claude-code:req_1",
            agent="claude-code",
            session_id="s",
            request_id="req_1",
            model="claude-opus-5",
            provider="anthropic",
            at=AT,
            latency_ms=4_264,
            ttft_ms=2_131,
            success=True,
            tokens=Tokens(input=18, output=89, reasoning=86, cache_read=34_324, cache_write=7_314),
            cost_usd=0.0189534,
            cost_source="reported",
            run_id="s:u",
        ),
        RequestEnded(
            id="request:claude-code:s:u",
            agent="claude-code",
            session_id="s",
            request_id="s:u",
            channel="cli",
            success=True,
            duration_ms=4_300,
            at=NOW,
        ),
    ]
    assert isinstance(events[0], Completion)
    assert events[0].tokens is not None
    assert events[0].tokens.sum == 18 + 175 + 34_324 + 7_314


def test_a_message_on_several_lines_is_one_call() -> None:
    """A message has a line for each of its blocks, and is one call."""
    lines = (message("1"), message("1"), message("2"))
    usage = {"claude-opus-5": used()}
    completions = of_type(read(INIT, *lines, result(modelUsage=usage)), Completion)
    assert [event.request_id for event in completions] == ["req_1", "req_2"]
    assert [event.latency_ms for event in completions] == [None, None]
    assert [event.ttft_ms for event in completions] == [2_131, None]


def test_the_last_line_of_a_message_is_of_its_end() -> None:
    """Its call ended then; the request is known by whichever line names it."""
    first = message("1", request_id=None, timestamp="2027-01-15T07:59:49Z")
    (event,) = read(first, message("1"), ended=True)
    assert isinstance(event, Completion)
    assert (event.at, event.request_id) == (AT, "req_1")


def test_a_cost_without_tokens_counts_too() -> None:
    """Searches cost something, and are told as their model's."""
    searched = {"costUSD": 0.01, "webSearchRequests": 1}
    (event,) = of_type(read(result(modelUsage={"m": searched})), Completion)
    assert (event.model, event.cost_usd) == ("m", 0.01)
    assert not of_type(read(result(modelUsage={"m": {"costUSD": 0}})), Completion)


def test_a_subagents_model_is_not_the_runs() -> None:
    """What fails at the end is a call of the run itself."""
    lines = (message("1"), message("2", model="other", parent_tool_use_id="toolu_1"))
    events = read(*lines, result(is_error=True, api_error_status=500))
    assert [event.model for event in of_type(events, Completion)] == [
        "claude-opus-5",
        "other",
        "claude-opus-5",
    ]


def test_runs_without_a_session_are_told_apart_by_their_time() -> None:
    """The lines of one are not taken for another's."""
    bare = {"type": "result", "is_error": False}
    ids = [event.id for now in (NOW, NOW + 1) for event in ClaudeCodeStream(None).read(bare, now)]
    assert len(set(ids)) == 2


def test_a_model_that_no_message_is_of_is_one_call() -> None:
    """What the agent asks for itself has no message; its model has one call, known by the turn."""
    usage = {"claude-opus-5": used(), "claude-haiku-4-5": used(costUSD=0.004173)}
    lines = (INIT, message("1"), result(modelUsage=usage))
    opus, haiku = of_type(read(*lines), Completion)
    assert (opus.model, opus.id) == ("claude-opus-5", "call:claude-code:req_1")
    assert (haiku.model, haiku.request_id, haiku.cost_usd) == ("claude-haiku-4-5", None, 0.004173)
    assert haiku.id == of_type(read(*lines), Completion)[1].id
    assert (opus.latency_ms, haiku.latency_ms) == (None, None), "it is of both together"


@pytest.mark.parametrize(
    ("message_model", "key", "canonical", "name"),
    [
        ("claude-opus-5", "claude-opus-5[1m]", None, "claude-opus-5"),
        ("claude-opus-5", "claude-opus-5[1m]", "claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-20260701", "claude-opus-5-20260701", "claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-20260701", "claude-opus-5-20260701", None, "claude-opus-5-20260701"),
        ("claude-opus-5-20260701", "claude-opus-5", None, "claude-opus-5"),
        ("claude-opus-5", "claude-opus-5-20260701", None, "claude-opus-5-20260701"),
    ],
)
def test_a_message_is_of_the_model_that_the_result_names(
    message_model: str, key: str, canonical: str | None, name: str
) -> None:
    """Whatever the mark of a long context, the date or a canonical name make of it."""
    usage = {key: used(canonicalModel=canonical)}
    lines = (message("1", model=message_model), result(modelUsage=usage))
    (event,) = of_type(read(*lines), Completion)
    assert (event.model, event.request_id) == (name, "req_1")


def test_a_message_of_a_model_that_is_not_told_of_has_no_tokens() -> None:
    """It is a call, and what it used is not counted beside what the result tells."""
    lines = (
        message("1"),
        message("2", model="other"),
        result(modelUsage={"claude-opus-5": used()}),
    )
    first, second = of_type(read(*lines), Completion)
    assert (second.model, second.tokens, second.cost_usd) == ("other", None, None)
    assert first.tokens.sum == 18 + 175 + 34_324 + 7_314


def test_results_tell_of_the_whole_process() -> None:
    """A second turn used what its result tells beyond the first one's."""
    first = {"claude-opus-5": used(), "claude-haiku-4-5": used()}
    second = {"claude-opus-5": used(outputTokens=200, costUSD=0.02), "claude-haiku-4-5": used()}
    reader = ClaudeCodeStream(None)
    read(message("1"), result(modelUsage=first), reader=reader)
    lines = (message("2"), result(modelUsage=second, uuid="v"))
    (event,) = of_type(read(*lines, reader=reader), Completion)
    assert event.tokens == Tokens(input=0, output=25, cache_read=0, cache_write=0)
    assert event.cost_usd == pytest.approx(0.02 - 0.0189534)
    assert event.latency_ms is None, "the duration is that of all calls so far"


def test_results_that_tell_less_began_anew() -> None:
    """Where a total went down, it counts whole."""
    reader = ClaudeCodeStream(None)
    read(message("1"), result(modelUsage={"m": used()}), reader=reader)
    lines = (message("2", model="m"), result(modelUsage={"m": used(inputTokens=1)}, uuid="v"))
    (event,) = of_type(read(*lines, reader=reader), Completion)
    assert (event.tokens.input, event.tokens.output, event.cost_usd) == (1, 175, 0.0189534)


def test_a_failed_turn_is_a_failed_call() -> None:
    """Its subtype says success all the same; its answer tells why it failed."""
    failed = result(
        is_error=True,
        api_error_status=429,
        terminal_reason="api_error",
        duration_ms=167,
        result=LIMIT_TEXT,
    )
    failure, ended = read(INIT, failed)
    assert isinstance(failure, Completion)
    assert (failure.model, failure.provider) == ("claude-opus-5", "anthropic")
    assert (failure.success, failure.status_code, failure.error) == (False, 429, LIMIT_TEXT)
    assert (failure.latency_ms, failure.tokens, failure.cost_usd) == (167, None, None)
    assert isinstance(ended, RequestEnded)
    assert (ended.success, ended.error) == (False, "api_error")


def test_a_failure_after_calls_is_one_more_call() -> None:
    """The calls before it stand, and how long it took itself is not told."""
    failed = result(
        is_error=True, api_error_status=500, result="x" * 2_000, modelUsage={"m": used()}
    )
    good, bad = of_type(read(INIT, message("1", model="m"), failed), Completion)
    assert (good.success, bad.success, bad.latency_ms) == (True, False, None)
    assert len(bad.error) == 1_024


def test_a_message_of_its_own_is_no_call() -> None:
    """Claude Code tells of a failure by a message from no model; the failure has its request."""
    synthetic = message("1", model="<synthetic>", request_id="req_9")
    failed = result(is_error=True, api_error_status=529, result="overloaded")
    (failure,) = of_type(read(INIT, synthetic, failed), Completion)
    assert (failure.model, failure.id) == ("claude-opus-5", "call:claude-code:req_9")


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        ({"result": "Claude AI usage limit reached"}, 1),
        ({"result": None, "terminal_reason": "api_error"}, 1),
        ({"result": None}, 0),
    ],
)
def test_an_error_of_an_older_version(fields: Line, calls: int) -> None:
    """Without a status, a turn in which nothing was called failed at its first call."""
    lines = (INIT, result(is_error=True, **fields))
    assert [event.success for event in of_type(read(*lines), Completion)] == [False] * calls


def test_an_error_that_is_no_calls_fails_the_request_alone() -> None:
    """A run that came to its last turn, say, has calls that succeeded."""
    lines = (message("1", model="m"), result(is_error=True, modelUsage={"m": used()}))
    call, ended = read(*lines)
    assert isinstance(call, Completion)
    assert isinstance(ended, RequestEnded)
    assert (call.success, ended.success) == (True, False)


def test_a_killed_run_tells_what_its_lines_told() -> None:
    """Without a result the calls count with the most that a line told of them, at no known cost."""
    usage = {"input_tokens": 2, "output_tokens": 1, "cache_read_input_tokens": 1_247}
    lines = (message("1", usage=usage), message("1", usage=usage | {"output_tokens": 14}))
    (event,) = read(INIT, *lines, ended=True)
    assert isinstance(event, Completion)
    assert event.tokens == Tokens(input=2, output=14, cache_read=1_247)
    assert (event.cost_usd, event.success) == (None, True)


def test_a_run_that_came_to_its_result_has_nothing_left() -> None:
    """What a result has settled is not told again."""
    assert of_type(read(message("1"), result(), ended=True), Completion) == of_type(
        read(message("1"), result()), Completion
    )


def _tool_use(use: str) -> list[Line]:
    return [{"type": "text", "text": "t"}, {"type": "tool_use", "id": use, "name": "Bash"}]


def _tool_result(use: str, *, timestamp: str | None, **fields: Any) -> Line:  # noqa: ANN401 - a line
    block = {"type": "tool_result", "tool_use_id": use, "content": "output", **fields}
    return {"type": "user", "timestamp": timestamp, "message": {"content": [block]}}


@pytest.mark.parametrize(
    ("fields", "timestamp", "success", "duration_ms"),
    [
        ({}, "2027-01-15T07:59:51.750Z", True, 1_250),
        ({"is_error": True}, "2027-01-15T07:59:51.750Z", False, 1_250),
        ({"is_error": False}, None, True, None),
        ({}, "2027-01-15T07:59:50.000Z", True, None),
    ],
)
def test_a_tool_ends_with_its_result(
    fields: Line, timestamp: str | None, *, success: bool, duration_ms: float | None
) -> None:
    """It took the time between its lines, where both tell theirs."""
    lines = (
        INIT,
        message("1", content=_tool_use("toolu_1")),
        _tool_result("toolu_1", timestamp=timestamp, **fields),
    )
    (event,) = read(*lines)
    assert isinstance(event, ToolCall)
    assert (event.id, event.tool, event.session_id) == ("tool:claude-code:toolu_1", "Bash", "s")
    assert (event.success, event.duration_ms, event.error) == (success, duration_ms, None)


def test_a_result_of_no_known_tool_says_nothing() -> None:
    """Neither does one that comes a second time."""
    told = _tool_result("toolu_1", timestamp=TIMESTAMP)
    assert not read(told)
    assert len(read(message("1", content=_tool_use("toolu_1")), told, told)) == 1


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"type": "stream_event", "event": {"type": "message_delta"}},
        {"type": "system", "subtype": "status"},
        {"type": "rate_limit_event"},
        {"type": "user", "message": {"content": "text"}},
        {"type": "user", "message": {"content": [None, 1, {"type": "text"}]}},
        {"type": "assistant", "message": None},
        {"type": ["result"]},
    ],
)
def test_other_lines_say_nothing(line: Line) -> None:
    """Lines of other types, and such as hold nothing, are passed over."""
    assert not read(line, ended=True)


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (message("1", usage={"input_tokens": -1}), Code.OUT_OF_RANGE, "input_tokens"),
        (result(modelUsage={"m": []}), Code.WRONG_TYPE, "modelUsage"),
        (result(modelUsage={"m": {"costUSD": "much"}}), Code.WRONG_TYPE, "costUSD"),
        (result(duration_ms=-1), Code.OUT_OF_RANGE, "duration_ms"),
    ],
)
def test_after_a_line_that_cannot_count_the_rest_does(line: Line, code: Code, field: str) -> None:
    """It is refused by the field that is wrong, and the calls of the run are not lost."""
    reader = ClaudeCodeStream(None)
    read(INIT, message("2"), reader=reader)
    with pytest.raises(Unfit) as refused:
        list(reader.read(line, NOW))
    assert (refused.value.code, refused.value.field) == (code, field)
    (event,) = of_type(read(result(), reader=reader, ended=True), Completion)
    assert event.request_id == "req_2"


def test_the_calls_of_a_result_are_of_one_run() -> None:
    """Where another channel tells of one of them, it tells of all, each by itself."""
    usage = {"claude-opus-5": used(), "claude-haiku-4-5": used()}
    events = read(INIT, message("1"), message("2"), result(modelUsage=usage))
    assert [call.run_id for call in of_type(events, Completion)] == ["s:u"] * 3
