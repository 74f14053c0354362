"""Facts about the lines of Gemini CLI's stream."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.agents.gemini_cli import AGENT
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, Log, RequestEnded, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW
from tests.agents.told import of_run

T0 = "2026-08-05T17:51:11.826Z"
T1 = "2026-08-05T17:51:12.076Z"
T2 = "2026-08-05T17:53:45.174Z"
AT1 = 1785952272.076
AT2 = 1785952425.174
INIT = {"type": "init", "timestamp": T0, "session_id": "s-1", "model": "auto"}
TOOL_USE = {
    "type": "tool_use",
    "timestamp": T0,
    "tool_name": "list_directory",
    "tool_id": "list_directory-1",
    "parameters": {"dir_path": "/secret"},
}
TOOL_RESULT = {
    "type": "tool_result",
    "timestamp": T1,
    "tool_id": "list_directory-1",
    "status": "success",
    "output": "secret",
}
STATS: dict[str, Any] = {
    "total_tokens": 43498,
    "input_tokens": 20846,
    "output_tokens": 62,
    "cached": 8089,
    "input": 12757,
    "duration_ms": 153348,
    "tool_calls": 2,
    "models": {
        "gemini-3.1-pro-preview": {
            "total_tokens": 43498,
            "input_tokens": 20846,
            "output_tokens": 62,
        }
    },
}
RESULT: dict[str, Any] = {"type": "result", "timestamp": T2, "status": "success", "stats": STATS}
OF_RUN: dict[str, Any] = {"agent": "gemini-cli", "session_id": "s-1"}
ENDED = RequestEnded(
    **OF_RUN, request_id="s-1", channel="cli", success=True, duration_ms=153348, at=AT2
)
RUN_CALL = Completion(
    **OF_RUN,
    model="gemini-3.1-pro-preview",
    provider="gcp.gemini",
    success=True,
    tokens=Tokens(input=12757, output=62, reasoning=22590, cache_read=8089, total=43498),
    at=AT2,
)


def streamed(*lines: dict[str, Any], model: str | None = None) -> list[Event]:
    """Return what the lines of a run tell of."""
    return of_run(AGENT, *lines, model=model)


def test_a_run() -> None:
    """A run is its tools, a completion a model, and a request; the tokens add up to the total."""
    tool = ToolCall(**OF_RUN, tool="list_directory", success=True, duration_ms=250, at=AT1)
    assert streamed(INIT, TOOL_USE, TOOL_RESULT, RESULT) == [tool, RUN_CALL, ENDED]
    assert RUN_CALL.tokens is not None
    assert not RUN_CALL.tokens.mismatched


def test_a_run_of_one_call_has_its_latency() -> None:
    """With one model and no tool there was one call, and the run lasted as long."""
    events = streamed(INIT, RESULT | {"stats": STATS | {"tool_calls": 0}})
    assert [event.latency_ms for event in events if isinstance(event, Completion)] == [153348]


def test_a_run_of_two_models_has_no_latency() -> None:
    """With two models there were two calls at least, and how long each took is not told."""
    stats = STATS | {"tool_calls": 0, "models": models((5, 1, 0), (7, 1, 0))}
    events = streamed(INIT, RESULT | {"stats": stats})
    assert [event.latency_ms for event in events if isinstance(event, Completion)] == [None, None]


def models(*used: tuple[int, int, int | None]) -> dict[str, Any]:
    """Return the models of a run: the input, output and cached tokens of each."""
    return {
        f"m{index}": {"total_tokens": prompt + output, "input_tokens": prompt}
        | {"output_tokens": output}
        | ({} if cached is None else {"cached": cached})
        for index, (prompt, output, cached) in enumerate(used)
    }


@pytest.mark.parametrize(
    ("used", "cached", "shares"),
    [
        ([(100, 1, None), (300, 1, None)], 200, [50, 150]),
        ([(100, 1, 90), (300, 1, 10)], 100, [90, 10]),
        ([(1, 1, None)] * 10, 9, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ([(1, 1, None), (2, 1, None)], 5, [1, 2]),
        ([(0, 1, None), (2, 1, None)], 1, [0, 1]),
        ([(5, 1, None)], None, [None]),
    ],
)
def test_what_was_cached_is_shared_out(
    used: list[tuple[int, int, int | None]], cached: int | None, shares: list[int | None]
) -> None:
    """Each model has what it tells, else its share by its input, and none is lost or made up."""
    stats = STATS | {"models": models(*used), "cached": cached}
    calls = [e for e in streamed(INIT, RESULT | {"stats": stats}) if isinstance(e, Completion)]
    assert [call.tokens and call.tokens.cache_read for call in calls] == shares
    assert not any(call.tokens is None or call.tokens.mismatched for call in calls)


def test_a_model_that_was_not_used_is_no_call() -> None:
    """A model with no tokens is left out, and the run had one call none the less."""
    stats = STATS | {"tool_calls": 0, "models": STATS["models"] | models((0, 0, None))}
    events = streamed(INIT, RESULT | {"stats": stats})
    assert [event.model for event in events if isinstance(event, Completion)] == [RUN_CALL.model]


def test_older_versions_name_no_models() -> None:
    """Without models the call is of the one that the run was started with."""
    stats = {name: value for name, value in STATS.items() if name != "models"}
    (call, _) = streamed(INIT, RESULT | {"stats": stats})
    assert isinstance(call, Completion)
    assert (call.model, call.tokens) == ("auto", RUN_CALL.tokens)
    (call, _) = streamed(RESULT | {"stats": stats}, model="gemini-3-flash")
    assert isinstance(call, Completion)
    assert call.model == "gemini-3-flash"


def test_a_total_that_is_too_small_is_a_mismatch() -> None:
    """Where the total lacks what its parts have, there is no rest, and the mismatch shows."""
    entry = {"total_tokens": 10, "input_tokens": 20, "output_tokens": 5}
    (call, _) = streamed(INIT, RESULT | {"stats": STATS | {"models": {"m": entry}, "cached": 0}})
    assert isinstance(call, Completion)
    assert call.tokens == Tokens(input=20, output=5, cache_read=0, total=10)
    assert call.tokens.mismatched


@pytest.mark.parametrize(
    ("error_type", "is_call"),
    [
        ("ApiError", True),
        ("TerminalQuotaError", True),
        ("FatalAuthenticationError", True),
        (None, True),
        ("FatalTurnLimitedError", False),
        ("FatalInputError", False),
        ("FatalCancellationError", False),
    ],
)
def test_a_run_that_failed(error_type: str | None, *, is_call: bool) -> None:
    """The request failed; so did a call, unless a limit of the run or its user stopped it."""
    error = {"type": error_type, "message": "You have exhausted your quota", "code": 429}
    events = streamed(INIT, RESULT | {"status": "error", "error": error, "stats": None})
    failed = Completion(
        **OF_RUN,
        model="auto",
        provider="gcp.gemini",
        success=False,
        error="You have exhausted your quota",
        error_type=error_type,
        status_code=429,
        at=AT2,
    )
    ended = RequestEnded(
        **OF_RUN,
        request_id="s-1",
        channel="cli",
        success=False,
        error="You have exhausted your quota",
        at=AT2,
    )
    assert events == ([failed, ended] if is_call else [ended])


def test_a_failed_tool() -> None:
    """A tool that failed has the type of its error, and not what it put out."""
    error = {"type": "path_not_found", "message": "secret"}
    tool, *_ = streamed(INIT, TOOL_USE, TOOL_RESULT | {"status": "error", "error": error}, RESULT)
    assert isinstance(tool, ToolCall)
    assert (tool.success, tool.error) == (False, "path_not_found")


def test_a_tool_whose_beginning_was_not_seen() -> None:
    """It counts, without a name and without a time."""
    tool, *_ = streamed(INIT, TOOL_RESULT, RESULT)
    assert tool == ToolCall(**OF_RUN, tool="unknown", success=True, at=AT1)


@pytest.mark.parametrize(("severity", "level"), [("warning", "warn"), ("error", "error")])
def test_an_error_line(severity: str, level: str) -> None:
    """An error on the way is a log event of its severity."""
    line = {"type": "error", "timestamp": T1, "severity": severity, "message": "Loop detected"}
    log, *_ = streamed(INIT, line, RESULT)
    assert isinstance(log, Log)
    assert (log.level, log.source, log.message) == (level, "gemini-cli", "Loop detected")


def test_a_run_that_breaks_off() -> None:
    """Without a result the request failed as the stream ended."""
    assert streamed(INIT) == [
        RequestEnded(
            **OF_RUN,
            request_id="s-1",
            channel="cli",
            success=False,
            error="the stream ended without a result",
            at=NOW,
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        {"type": "message", "timestamp": T0, "role": "assistant", "content": "secret"},
        {"type": "unheard_of"},
        {},
    ],
)
def test_other_lines_count_nothing(line: dict[str, Any]) -> None:
    """Lines of content, and lines of types unheard of, are passed over."""
    assert streamed(line) == []


@settings(deadline=None)
@given(st.one_of(spoilt(INIT), spoilt(TOOL_USE), spoilt(TOOL_RESULT), spoilt(RESULT)))
def test_any_line_is_read_or_refused(line: dict[str, Any]) -> None:
    """Whatever stands in a line, what it tells is within all bounds, or it is refused."""
    assert AGENT.stream is not None
    stream = AGENT.stream(None)
    read_or_refused(lambda: [*stream.read(line, NOW), *stream.read(RESULT, NOW)])
