"""A store comes back under another configuration: other slots, or less room."""

import pytest

from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion
from tests.store.filled import filled, restored


def test_a_smaller_configuration_keeps_the_latest() -> None:
    """The least recently used models and sessions go, the oldest requests, calls and events."""
    store = filled()
    again = restored(
        store.save(), models_max=2, sessions_max=2, requests_max=2, calls_max=2, events_max=2
    )
    assert [one.model for one in again.model_performances(now=NOW)][-2:] == ["m", "m9"]
    assert [one.id for one in again.sessions(now=NOW, sort="recent")] == ["s9", "s8"]
    assert [one.id for one in again.in_flight(NOW)] == ["r1", "r0"]
    assert again.calls() == store.calls(2)
    assert again.events() == (store.events(limit=2)[0], None)


@pytest.mark.parametrize(
    ("window_secs", "slots"), [(3600, 60), (3600, 7), (7200, 120), (5000, 1000), (3600.5, 120)]
)
def test_other_slots_take_up_what_was_saved(window_secs: float, slots: int) -> None:
    """All of it is still there, late completions and the open slot included, and leaves in time."""
    store = filled()
    store.apply([completion(model="m1", session_id="s1", at=NOW - 540)], NOW)
    again = restored(store.save(), window_secs=window_secs, slots=slots)
    sums = [
        (one.model, one.successful_completions, one.failed_completions, one.tokens)
        for one in store.model_performances(now=NOW)
    ]
    assert [
        (one.model, one.successful_completions, one.failed_completions, one.tokens)
        for one in again.model_performances(now=NOW)
    ] == sums
    usage = [(one.id, one.totals) for one in store.sessions(now=NOW, sort="recent")]
    assert [(one.id, one.totals) for one in again.sessions(now=NOW, sort="recent")] == usage
    tools = [(one.tool, one.calls, one.failures) for one in store.board.tools(now=NOW, limit=9)]
    assert tools == [
        (one.tool, one.calls, one.failures) for one in again.board.tools(now=NOW, limit=9)
    ]
    later = NOW + window_secs + window_secs / slots
    assert [one.model for one in again.model_performances(now=later)] == []
    assert again.sessions(now=later) == []
    assert again.board.tools(now=later, limit=9) == []


def test_a_shorter_window_drops_what_is_older() -> None:
    """Models and sessions that are not in it any more are gone, and are told as not limited."""
    again = restored(filled().save(), window_secs=300, slots=10)
    counts = {one.model: one.successful_completions for one in again.model_performances(now=NOW)}
    assert counts == {"m": 0, **{f"m{n}": int(n > 5) for n in range(10)}}
    assert {one.id for one in again.sessions(now=NOW)} == {"s6", "s7", "s8", "s9"}


@pytest.mark.parametrize("back_secs", [300, 86_400])
def test_slots_keep_their_age_behind_a_clock_that_stepped_back(back_secs: float) -> None:
    """Also in slots of another length: an age is what the saved clock took it for."""
    store = TelemetryStore()
    store.apply([completion(at=NOW - 1800), completion()], NOW)
    now = NOW - back_secs
    store.apply([], now)
    again = restored(store.save(), window_secs=3600, slots=60)
    until_caught_up = NOW - now if back_secs < 3600 else 0
    for age_secs, left in ((0, 2), (1700, 2), (1900, 1), (3500, 1), (3700, 0)):
        at = now + until_caught_up + age_secs
        assert again.model_performance("m", now=at).successful_completions == left
