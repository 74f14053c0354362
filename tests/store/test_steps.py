"""How much is done for an event or an answer, in steps of the interpreter instead of seconds."""

import gc
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, get_args

import pytest

from exporter.pipeline.turns import finish
from exporter.store.ranking import Sort
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, tool_call

MODELS = 120


def steps(work: Callable[[], object]) -> int:
    """Return how many lines are run, each turn of a loop counting again."""
    count = 0

    def trace(_frame: FrameType, _event: str, _arg: Any) -> Any:  # noqa: ANN401 - as sys has it
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    # A collection would run the callbacks of whoever watches it, and their lines would count.
    gc.disable()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def busy_store(*, slots: int, sessions: int = 1) -> TelemetryStore:
    """Return a store whose sessions used many models in each of some slots, up to that of NOW."""
    store = TelemetryStore()
    for age_slots in reversed(range(slots)):
        at = NOW - age_slots * 30
        for session in range(sessions):
            events = [completion(model=f"m{n}", session_id=f"s{session}") for n in range(MODELS)]
            for event in events:
                event.at = at
            store.apply(events, at)
    return store


def test_recording_does_not_depend_on_what_a_session_holds() -> None:
    """A new model in a session that is full of them takes the same steps after 2 slots or 40."""
    few, many = busy_store(slots=2), busy_store(slots=40)
    event = completion(model="new", session_id="s0")
    assert steps(lambda: few.apply([event], NOW)) == steps(lambda: many.apply([event], NOW))


@pytest.mark.parametrize("sort", get_args(Sort))
def test_ranking_does_not_depend_on_what_sessions_hold(sort: Sort) -> None:
    """Finding the first of some sessions takes the same steps after 2 slots or 20."""
    few, many = busy_store(slots=2, sessions=5), busy_store(slots=20, sessions=5)
    after_few = steps(lambda: few.sessions(now=NOW, sort=sort, limit=0))
    assert steps(lambda: many.sessions(now=NOW, sort=sort, limit=0)) == after_few


def test_recording_a_tool_call_does_not_depend_on_what_is_held() -> None:
    """A call takes the same steps after a thousand calls in 40 slots or a few in 2."""
    taken = []
    for slots, calls in ((2, 2), (40, 25)):
        store = TelemetryStore()
        for age_slots in reversed(range(slots)):
            at = NOW - age_slots * 30
            store.apply([tool_call(tool=f"t{n}", at=at) for n in range(calls)], at)
        event = tool_call(tool="t0")
        taken.append(steps(partial(store.apply, [event], NOW)))
    assert taken[0] == taken[1]


def test_what_all_models_did_does_not_take_models_times_slots() -> None:
    """More slots cost each slot once, and not once a model; more completions cost nothing."""
    few, many = busy_store(slots=2), busy_store(slots=20)
    for ask in (
        lambda store: store.board.glance(NOW),
        lambda store: finish(store.board.timeline(now=NOW, limit=1, points_max=60)),
    ):
        assert steps(partial(ask, many)) - steps(partial(ask, few)) < 18 * MODELS
        before = steps(partial(ask, many))
        many.apply([completion(model=f"m{n}", session_id="s0") for n in range(MODELS)], NOW)
        steps(partial(ask, many))  # What came since is put into its buckets once.
        assert steps(partial(ask, many)) == before
