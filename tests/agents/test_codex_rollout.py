"""Facts about Codex's session files: calls by the counts after them, limits by their windows."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.agents.codex.rollout import window_name
from exporter.agents.codex.stream import CodexStream
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, Quota
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW, checked

Line = dict[str, Any]

META: Line = {"type": "session_meta", "payload": {"id": "s", "cwd": "/home/somebody"}}
CONTEXT: Line = {"type": "turn_context", "payload": {"model": "gpt-6"}}
TIMESTAMP = "2027-01-15T07:59:50.500Z"
AT = NOW - 9.5

TOTAL = (568_016, 443_520, 7_832, 4_156, 575_848)
LAST = (76_345, 74_752, 2_852, 1_552, 79_197)


def _usage(
    input_tokens: int, cached: int, output_tokens: int, reasoning: int, total: int
) -> dict[str, int]:
    return {
        "input_tokens": input_tokens,
        "cached_input_tokens": cached,
        "output_tokens": output_tokens,
        "reasoning_output_tokens": reasoning,
        "total_tokens": total,
    }


def _counted(
    total: tuple[int, int, int, int, int] | None = None,
    last: tuple[int, int, int, int, int] = LAST,
    *,
    limits: dict[str, Any] | None = None,
    timestamp: str | None = TIMESTAMP,
) -> Line:
    info = (
        {"total_token_usage": _usage(*total), "last_token_usage": _usage(*last)} if total else None
    )
    return {
        "timestamp": timestamp,
        "type": "event_msg",
        "payload": {"type": "token_count", "info": info, "rate_limits": limits},
    }


def _window(used_percent: float, minutes: int = 300, **fields: float) -> dict[str, Any]:
    return {"used_percent": used_percent, "window_minutes": minutes, **fields}


def read(*lines: Line) -> list[Event]:
    """Return the events of a file with these lines, read at `NOW`."""
    reader = CodexStream("given")
    events = [event for line in lines for event in checked(reader.read(line, NOW))]
    return [*events, *checked(reader.end(NOW))]


def test_a_count_is_a_completion() -> None:
    """It has what its call used, not the session, and its own time; the model stood before it."""
    (event,) = read(META, CONTEXT, _counted(TOTAL))
    assert event == Completion(
        id=event.id,
        agent="codex",
        session_id="s",
        model="gpt-6",
        provider="openai",
        success=True,
        tokens=Tokens(input=1_593, output=1_300, reasoning=1_552, cache_read=74_752, total=79_197),
        at=AT,
    )
    assert isinstance(event, Completion)
    assert event.tokens is not None
    assert (event.tokens.sum, event.tokens.mismatched) == (76_345 + 2_852, False)


def test_a_count_that_is_written_again_counts_once() -> None:
    """Only a total that has changed tells of a call."""
    later = (568_017, 443_520, 7_832, 4_156, 575_849)
    lines = (_counted(TOTAL), _counted(TOTAL), _counted(later, (1, 0, 0, 0, 1)))
    events = read(META, CONTEXT, *lines)
    told = [event.tokens for event in events if isinstance(event, Completion)]
    assert [tokens.sum for tokens in told if tokens] == [79_197, 1]
    assert len({event.id for event in events}) == 2


def test_a_total_that_does_not_add_up_is_seen() -> None:
    """The file's own total is kept beside the parts."""
    (event,) = read(META, _counted(TOTAL, (10, 0, 5, 0, 16)))
    assert isinstance(event, Completion)
    assert event.tokens is not None
    assert event.tokens.mismatched


def test_without_a_context_the_model_is_the_one_given() -> None:
    """Without a time the line is of now."""
    (event,) = read(_counted(TOTAL, timestamp=None))
    assert isinstance(event, Completion)
    assert (event.model, event.session_id, event.at) == ("given", None, NOW)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [
        (300, "5h"),
        (10_080, "7d"),
        (90, "90m"),
        (60, "1h"),
        (1_440, "24h"),
        (2_880, "2d"),
        (43_200, "30d"),
        (299, "299m"),
    ],
)
def test_a_window_is_named_by_its_length(minutes: int, name: str) -> None:
    """In the largest unit that it is whole in, but for a single day."""
    assert window_name(minutes) == name


def test_limits_are_readings() -> None:
    """Each window is one, by its length and not by its place."""
    limits = {
        "primary": _window(100.0, 10_080, resets_at=1_800_634_800),
        "secondary": _window(3.5, 300, resets_in_seconds=60),
        "plan_type": "plus",
    }
    week, hours = read(META, _counted(limits=limits))
    assert week == Quota(
        id=week.id,
        agent="codex",
        session_id="s",
        window="7d",
        used_ratio=1.0,
        provider="openai",
        limited=True,
        resets_at=1_800_634_800,
        at=AT,
    )
    assert isinstance(hours, Quota)
    assert (hours.window, hours.limited, hours.resets_at) == ("5h", False, AT + 60)
    assert hours.used_ratio == pytest.approx(0.035)
    assert hours.id != week.id


@pytest.mark.parametrize(
    ("readings", "taken"),
    [
        ([_window(10, resets_at=NOW + 60), _window(0, resets_at=NOW + 60)], [10]),
        (
            [
                _window(10, resets_at=NOW + 60),
                _window(0, resets_at=NOW + 60),
                _window(9, resets_at=NOW + 60),
                _window(11, resets_at=NOW + 60),
            ],
            [10, 11],
        ),
        ([_window(10, resets_at=AT), _window(0, resets_at=NOW + 60)], [10, 0]),
        ([_window(10), _window(0)], [10, 0]),
        ([_window(10, resets_at=NOW + 60), _window(0, 10_080)], [10, 0]),
        ([{"used_percent": 1}, {"window_minutes": 300}, {}], []),
    ],
)
def test_a_reading_that_falls_is_none(readings: list[dict[str, Any]], taken: list[float]) -> None:
    """Unless the window has begun anew since, as far as that is known."""
    events = read(*(_counted(limits={"primary": reading}) for reading in readings))
    ratios = [event.used_ratio for event in events if isinstance(event, Quota)]
    assert ratios == [percent / 100 for percent in taken]


@pytest.mark.parametrize(
    "line",
    [
        {"type": "event_msg", "payload": {"type": "agent_message", "message": "m"}},
        {"type": "event_msg", "payload": {"type": "token_count", "info": None}},
        {"type": "response_item", "payload": {"type": "message", "content": []}},
        {"type": "compacted", "payload": {}},
        {"type": "event_msg", "payload": None},
        {"payload": []},
    ],
)
def test_other_lines_say_nothing(line: Line) -> None:
    """Messages, and counts of nothing."""
    assert not read(META, CONTEXT, line)


@given(st.data())
def test_any_line_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever stands in a line: events within all bounds come of it, or one error."""
    reader = CodexStream(None)
    limits = {"primary": _window(1, resets_at=1), "secondary": _window(2, 90, resets_in_seconds=1)}
    for line in (META, CONTEXT, _counted(TOTAL, limits=limits)):
        spoilt_line = data.draw(spoilt(line) | st.just(line))
        read_or_refused(partial(_read, reader, spoilt_line))


def _read(reader: CodexStream, line: Line) -> list[Event]:
    return list(reader.read(line, NOW))
