"""Completions taken in by groups, against the same taken in one by one."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.event import grouping
from exporter.event.grouping import group
from exporter.event.parting import Parted
from exporter.event.tokens import Tokens
from exporter.event.types import Event
from exporter.journal.record import RECORD_EVENTS_MAX
from exporter.pipeline.turns import EVENTS_PER_PIECE, finish
from exporter.store.aggregate import SessionUsage, Spending
from exporter.store.group_booking import book_group
from exporter.store.open_slot import OpenSlot
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    limit_hit,
    log,
    quota,
    request_ended,
    tool_call,
)
from tests.store.histories import ANSWERS

SECS = 30.0

eighths = st.none() | st.integers(0, 2**24).map(lambda number: number / 8)
"""Milliseconds that add up exactly, in whatever order."""

counts = st.none() | st.integers(0, 10_000)
_who = {
    "agent": st.sampled_from(["x", "unknown", "y"]),
    "session_id": st.sampled_from(["s", "t", None]),
    "model": st.sampled_from(["a", "b"]),
    "provider": st.sampled_from(["p", None]),
}
completions = st.builds(
    completion,
    **_who,
    success=st.booleans(),
    latency_ms=eighths,
    ttft_ms=eighths,
    cost_usd=st.none() | st.floats(0, 10) | st.just(1e9),
    cost_source=st.sampled_from([None, "reported", "computed"]),
    tokens=st.none() | st.builds(Tokens, counts, counts, counts, counts, counts),
)
events: st.SearchStrategy[Event] = st.one_of(
    *[completions] * 8,
    st.builds(failure, **_who),
    st.builds(log, level=st.sampled_from(["info", "error"]), session_id=st.just("s")),
    st.builds(tool_call, session_id=st.sampled_from(["s", "u"]), success=st.booleans()),
    st.builds(limit_hit, **_who),
    st.builds(quota, limited=st.sampled_from([True, False])),
)
pushes = st.lists(st.tuples(st.sampled_from([0.0] * 6 + [-2.0, 1.0, 31.0]), events), max_size=24)


def copies(pushed: Sequence[tuple[float, Event]], now: float) -> list[Event]:
    """Return the events of a push as objects of their own, as old as they say."""
    return [replace(event, at=now - age_secs) for age_secs, event in pushed]


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, SECS]), pushes), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_by_groups_or_one_by_one(
    monkeypatch: pytest.MonkeyPatch, history: list[tuple[float, list[tuple[float, Event]]]]
) -> None:
    """Whatever is pushed, every answer is the same."""
    monkeypatch.setattr(grouping, "EVENTS_MIN", 1)
    monkeypatch.setattr(grouping, "EVENTS_PER_GROUP_MIN", 1)
    alone, grouped, now = TelemetryStore(), TelemetryStore(), NOW
    for secs, pushed in history:
        now += secs
        alone.apply(copies(pushed, now), now)
        taken = copies(pushed, now)
        grouped.apply(taken, now, group(Parted(taken)))
        for what, ask in ANSWERS.items():
            assert ask(grouped, now) == ask(alone, now), what
        assert grouped.late_events == alone.late_events


def test_costs_past_what_a_float_holds() -> None:
    """Nano-dollars add up exactly, however many there are."""
    dear = [completion(cost_usd=usd, session_id="s") for usd in [1e9, 0.000_000_001] * 8]
    found = group(Parted(dear))
    assert found is not None
    slot, usage = OpenSlot(), SessionUsage(Spending())
    book_group(found.groups[0], NOW, slot, usage)
    assert slot.cost_nano == usage.cost_nano == usage.spending.cost_nano == 8 * 10**18 + 8


def test_what_is_grouped() -> None:
    """Completions by agent, session, provider and model; the rest, and failures, are told."""
    of_a = [completion(model="a", session_id="s") for _ in range(6)]
    of_b = [completion(model="b", session_id="s") for _ in range(6)]
    failed = failure(model="b", session_id="s", error_type="timeout", limited=False)
    told = log(session_id="s")
    found = group(Parted([*of_a, told, *of_b, failed]))
    assert found is not None
    assert [(one.model, one.count) for one in found.groups] == [("a", 6), ("b", 7)]
    assert found.completions == [*of_a, *of_b, failed]
    assert found.told == [told, failed]


def calls(number: int, model: str = "a", agent: str = "x") -> list[Event]:
    """Return so many completions of one session."""
    return [completion(model=model, agent=agent, session_id="s") for _ in range(number)]


NOT_GROUPED: dict[str, list[Event]] = {
    "few events": calls(grouping.EVENTS_MIN - 1),
    "as many models": [event for number in range(20) for event in calls(1, f"m{number}")],
    "no completions": [log() for _ in range(20)],
    "a limit was met": [*calls(20), limit_hit(session_id="s", agent="x")],
    "a quota is told": [*calls(20), quota(agent="x")],
    "two agents in one session": [*calls(10), *calls(10, agent="y")],
    "another agent in the session": [*calls(20), log(session_id="s", agent="y")],
    "a request whose session is to be found": [*calls(20), request_ended(agent="x")],
}


@pytest.mark.parametrize("events", NOT_GROUPED.values(), ids=NOT_GROUPED)
def test_what_is_not_grouped(events: list[Event]) -> None:
    """Nothing is grouped where it would not pay, or where the order matters."""
    assert group(Parted(events)) is None


@pytest.mark.parametrize("ahead_secs", [0.0, 1.0, 100.0])
def test_what_is_dated_ahead_counts_as_now(ahead_secs: float) -> None:
    """Though slot time has moved on since, as a read between commit and applying has it."""
    events = [completion(session_id="s", at=NOW + ahead_secs) for _ in range(20)]
    answers = []
    for grouping_ in (None, group(Parted(events))):
        store = TelemetryStore()
        store.gauge_rows(NOW + SECS)
        store.apply(events, NOW, grouping_)
        course = finish(store.board.timeline(now=NOW + SECS, limit=1, points_max=120)).total
        answers.append(course.completions)
    assert answers[0] == answers[1]
    assert answers[0][-2:] == [20, 0]


def test_a_replay_has_the_same_pieces() -> None:
    """What is cut into records is cut where pieces end."""
    assert RECORD_EVENTS_MAX % EVENTS_PER_PIECE == 0
