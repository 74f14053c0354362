"""Facts about the lines of `codex exec --json`: turns, tools and failures."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.agents.codex.stream import CodexStream
from exporter.agents.fields import Unfit
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, RequestEnded, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW, checked

Line = dict[str, Any]

THREAD: Line = {"type": "thread.started", "thread_id": "t"}
BEGUN: Line = {"type": "turn.started"}
LIMIT_TEXT = "You've hit your usage limit. Please try again at Apr 11th, 2026 2:32 PM."
ERROR: Line = {"type": "error", "message": LIMIT_TEXT}
FAILED: Line = {"type": "turn.failed", "error": {"message": LIMIT_TEXT}}

parts = st.integers(0, 10_000)
usages = st.builds(
    lambda uncached, cached, text, thought: {
        "input_tokens": uncached + cached,
        "cached_input_tokens": cached,
        "output_tokens": text + thought,
        "reasoning_output_tokens": thought,
    },
    parts,
    parts,
    parts,
    parts,
)


def _completed(*usage: int | None) -> Line:
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
    told = dict(zip(names, usage, strict=False))
    return {"type": "turn.completed", "usage": told}


def read(
    *lines: Line, reader: CodexStream | None = None, apart_secs: float = 0.5, ended: bool = False
) -> list[Event]:
    """Return the events of a run that writes a line every so often, from `NOW` on."""
    reader = reader or CodexStream("gpt-6")
    events: list[Event] = []
    for number, line in enumerate(lines):
        events += checked(reader.read(line, NOW + number * apart_secs))
    return [*events, *(checked(reader.end(NOW)) if ended else [])]


def test_a_turn_is_a_completion_and_a_request() -> None:
    """The model is the one that was given; both cache parts and the reasoning are taken out."""
    line = _completed(31_003, 19_968, 135, 60)
    line["usage"]["cache_write_input_tokens"] = 1_000
    completion, ended = read(THREAD, BEGUN, line, ended=True)
    assert completion == Completion(
        id=completion.id,
        agent="codex",
        session_id="t",
        model="gpt-6",
        provider="openai",
        success=True,
        tokens=Tokens(
            input=10_035,
            output=75,
            reasoning=60,
            cache_read=19_968,
            cache_write=1_000,
            total=31_138,
        ),
        at=NOW + 1,
    )
    assert ended == RequestEnded(
        id=ended.id,
        agent="codex",
        session_id="t",
        request_id="t:1",
        channel="cli",
        success=True,
        duration_ms=500,
        at=NOW + 1,
    )


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ((24_763, 24_448, 122), Tokens(input=315, cache_read=24_448, output=122, total=24_885)),
        ((10, None, 5, None), Tokens(input=10, output=5, total=15)),
        ((), None),
    ],
)
def test_older_versions_tell_less(usage: tuple[int | None, ...], tokens: Tokens | None) -> None:
    """What is not told is unknown, and the turn had a call all the same."""
    completion, _ = read(THREAD, BEGUN, _completed(*usage))
    assert isinstance(completion, Completion)
    assert completion.tokens == tokens


def test_without_a_model_it_is_unknown() -> None:
    """The lines name none."""
    completion, _ = read(THREAD, BEGUN, _completed(1, 0, 1), reader=CodexStream(None))
    assert isinstance(completion, Completion)
    assert completion.model == "unknown"


@given(st.lists(usages, min_size=1, max_size=4))
def test_turns_add_up_to_what_their_thread_used(turns: list[dict[str, int]]) -> None:
    """Each tells the total of its thread so far, and counts what it adds."""
    total = dict.fromkeys(turns[0], 0)
    lines = [THREAD]
    for turn in turns:
        total = {name: total[name] + count for name, count in turn.items()}
        lines += [BEGUN, {"type": "turn.completed", "usage": total}]
    completions = [event for event in read(*lines) if isinstance(event, Completion)]
    told = [event.tokens for event in completions if event.tokens]
    assert len(told) == len(turns) == len({event.id for event in completions})
    assert [tokens.sum for tokens in told] == [
        turn["input_tokens"] + turn["output_tokens"] for turn in turns
    ]
    assert not any(tokens.mismatched for tokens in told)
    assert sum(tokens.cache_read or 0 for tokens in told) == total["cached_input_tokens"]
    assert sum(tokens.reasoning or 0 for tokens in told) == total["reasoning_output_tokens"]


def test_a_total_that_went_down_counts_whole() -> None:
    """Whoever counts began anew."""
    _, _, completion, _ = read(THREAD, BEGUN, _completed(9, 3, 5), BEGUN, _completed(8, 4, 6))
    assert isinstance(completion, Completion)
    assert completion.tokens == Tokens(input=4, cache_read=4, output=6, total=14)


@pytest.mark.parametrize(
    "lines",
    [(BEGUN, ERROR, FAILED), (BEGUN, FAILED), (BEGUN, ERROR, {"type": "turn.failed"})],
)
def test_a_turn_fails_once(lines: tuple[Line, ...]) -> None:
    """The error and the end of its turn tell of one failure."""
    failure, ended = read(THREAD, *lines, ended=True)
    assert isinstance(failure, Completion)
    assert (failure.success, failure.error, failure.model) == (False, LIMIT_TEXT, "gpt-6")
    assert isinstance(ended, RequestEnded)
    assert (ended.success, ended.error) == (False, None)


def test_an_error_in_which_the_stream_ends_is_a_failure() -> None:
    """A run that is cut off there failed, though no turn says so."""
    failure, ended = read(THREAD, ERROR, ended=True)
    assert isinstance(failure, Completion)
    assert (failure.success, failure.error) == (False, LIMIT_TEXT)
    assert isinstance(ended, RequestEnded)
    assert (ended.success, ended.duration_ms) == (False, None)


def test_an_error_that_passed_is_no_failure() -> None:
    """A turn that completes after it was tried again."""
    again = {"type": "error", "message": "Reconnecting... 1/5"}
    completion, _ = read(THREAD, BEGUN, again, _completed(1, 0, 1), ended=True)
    assert isinstance(completion, Completion)
    assert completion.success is True


@pytest.mark.parametrize(
    ("item", "tool", "success"),
    [
        ({"type": "command_execution", "status": "completed", "exit_code": 0}, "shell", True),
        ({"type": "command_execution", "status": "completed", "exit_code": 1}, "shell", False),
        ({"type": "command_execution", "status": "failed", "exit_code": 127}, "shell", False),
        ({"type": "command_execution", "status": "declined"}, "shell", False),
        (
            {"type": "mcp_tool_call", "server": "s", "tool": "t", "status": "completed"},
            "s.t",
            True,
        ),
        ({"type": "mcp_tool_call", "status": "failed"}, "mcp", False),
        ({"type": "file_change", "status": "completed"}, "file_change", True),
        ({"type": "file_change", "status": "failed"}, "file_change", False),
        ({"type": "web_search", "query": "q"}, "web_search", True),
        ({"type": "collab_tool_call", "tool": "wait", "status": "completed"}, "wait", True),
    ],
)
def test_an_item_that_is_a_tool_is_a_tool_call(item: Line, tool: str, *, success: bool) -> None:
    """It took from its start to its end; what it was told and put out is left out."""
    item = item | {"id": "item_1", "command": "cat /secret", "aggregated_output": "the secret"}
    lines = ({"type": "item.started", "item": item}, {"type": "item.completed", "item": item})
    (event,) = read(THREAD, *lines)
    assert event == ToolCall(
        id=event.id,
        agent="codex",
        session_id="t",
        tool=tool,
        success=success,
        duration_ms=500,
        at=NOW + 1,
    )


@pytest.mark.parametrize(
    "line",
    [
        {"type": "item.completed", "item": {"id": "i", "type": "agent_message", "text": "t"}},
        {"type": "item.completed", "item": {"id": "i", "type": "reasoning"}},
        {"type": "item.completed", "item": {"id": "i", "type": "todo_list"}},
        {"type": "item.completed", "item": {"id": "i", "type": "error", "message": "m"}},
        {"type": "item.updated", "item": {"id": "i", "type": "command_execution"}},
        {"type": "item.completed"},
        {"type": "something.new"},
        {},
    ],
)
def test_other_lines_say_nothing(line: Line) -> None:
    """Messages, plans and what is not known are no tools."""
    assert not read(THREAD, line, ended=True)


def test_lines_that_come_at_once_tell_no_durations() -> None:
    """As those of a recording do: 0 would be a duration that nothing had."""
    item = {"id": "item_1", "type": "command_execution", "status": "completed"}
    lines = (THREAD, BEGUN, {"type": "item.started", "item": item})
    rest = ({"type": "item.completed", "item": item}, _completed(1, 0, 1))
    tool, _, ended = read(*lines, *rest, apart_secs=0)
    assert isinstance(tool, ToolCall)
    assert isinstance(ended, RequestEnded)
    assert (tool.duration_ms, ended.duration_ms) == (None, None)


def test_a_recording_is_known_for_what_it_is() -> None:
    """Read again, at any time, it has the ids it had; another run of its thread has others."""
    item = {"id": "item_1", "type": "command_execution", "status": "completed"}
    lines = (THREAD, BEGUN, {"type": "item.completed", "item": item}, _completed(2, 1, 1))
    ids = [event.id for event in read(*lines)]
    assert ids == [event.id for event in read(*lines, apart_secs=7)]
    resumed = (THREAD, BEGUN, _completed(9, 1, 1))
    assert not {event.id for event in read(*resumed)} & set(ids)


def test_runs_without_a_thread_are_told_apart_by_their_time() -> None:
    """A run that fails before it has a thread is not taken for another that did."""
    first, second = CodexStream("m"), CodexStream("m")
    ids = [event.id for event in [*first.read(FAILED, NOW), *second.read(FAILED, NOW + 1)]]
    assert len(set(ids)) == 4


LINES = [
    THREAD,
    BEGUN,
    {"type": "item.started", "item": {"id": "item_1", "type": "command_execution"}},
    {
        "type": "item.completed",
        "item": {
            "id": "item_1",
            "type": "mcp_tool_call",
            "server": "s",
            "tool": "t",
            "status": "x",
        },
    },
    _completed(31_003, 19_968, 135, 60),
    ERROR,
    FAILED,
]


@given(st.data())
def test_any_line_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever stands in a line: events within all bounds come of it, or one error."""
    reader = CodexStream(None)
    for line in LINES:
        spoilt_line = data.draw(spoilt(line) | st.just(line))
        read_or_refused(partial(_read, reader, spoilt_line))
    read_or_refused(lambda: list(reader.end(NOW)))


def _read(reader: CodexStream, line: Line) -> list[Event]:
    return list(reader.read(line, NOW))


def test_a_usage_that_cannot_count_is_refused() -> None:
    """By the field that is wrong; the turn after it counts."""
    reader = CodexStream("m")
    with pytest.raises(Unfit) as refused:
        read(THREAD, BEGUN, _completed(-1), reader=reader)
    assert refused.value.field == "input_tokens"
    assert len(read(BEGUN, _completed(1, 0, 1), reader=reader)) == 2
