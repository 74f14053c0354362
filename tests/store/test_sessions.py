"""Sessions: what each used, which are at work, and how many are kept."""

from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.types import OTHER, Event
from exporter.store.ranking import Sort
from exporter.store.session import SESSION_MODELS_MAX
from exporter.store.sessions import AGENTS_MAX, SessionTable
from exporter.store.telemetry import TelemetryStore
from exporter.store.window import SlotClock
from tests.builders import (
    NOW,
    completion,
    log,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tokens,
    tool_call,
)


def ids(store: TelemetryStore, sort: Sort = "recent", limit: int = 100) -> list[str]:
    """Return the ids of the sessions, in their order."""
    return [usage.id for usage in store.sessions(now=NOW, sort=sort, limit=limit)]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("cost", ["dear", "large", "late"]), ("tokens", ["large", "late", "dear"])],
)
def test_sessions_are_sorted(sort: Sort, expected: list[str]) -> None:
    """The dearest or the largest comes first, over all slots of the window."""
    store = TelemetryStore()
    for at in (NOW - 100, NOW - 50, NOW):
        store.apply(
            [
                completion(session_id="dear", cost_usd=3.0, tokens=tokens(1), at=at - 9),
                completion(session_id="large", cost_usd=2.0, tokens=tokens(30), at=at - 5),
                completion(session_id="late", tokens=tokens(20), at=at),
            ],
            at,
        )
    assert ids(store, sort) == expected
    assert ids(store, "recent") == ["late", "large", "dear"]
    assert ids(store, sort, limit=1) == expected[:1]


def test_a_late_completion_counts_in_the_order() -> None:
    """Usage that arrives for a sealed slot is in the sums that sessions are sorted by."""
    store = TelemetryStore()
    early = NOW - 100
    store.apply(
        [completion(session_id=s, cost_usd=c, at=early) for s, c in [("a", 2.0), ("b", 1.0)]], early
    )
    store.apply([completion(session_id=s, cost_usd=0.0) for s in "ab"], NOW)
    assert ids(store, "cost") == ["a", "b"]
    store.apply([completion(session_id="b", cost_usd=5.0, at=early)], NOW)
    assert ids(store, "cost") == ["b", "a"]


def test_usage_that_left_does_not_count_in_the_order() -> None:
    """Sessions are sorted by what is still in the window."""
    store = TelemetryStore()
    early = NOW - 3000
    store.apply([completion(session_id="a", cost_usd=9.0, at=early)], early)
    store.apply([completion(session_id=s, cost_usd=c) for s, c in [("a", 1.0), ("b", 2.0)]], NOW)
    assert ids(store, "cost") == ["a", "b"]
    later = store.sessions(now=NOW + 1000)
    assert [usage.id for usage in later] == ["b", "a"]


def test_an_unknown_session_used_nothing() -> None:
    """The answer is there, and empty."""
    usage = TelemetryStore().session_usage("s", now=NOW)
    assert (usage.id, usage.by_model, usage.totals.message_count) == ("s", {}, 0)
    assert usage.totals.cost_usd is None
    assert (usage.window_end - usage.window_start).total_seconds() == 3600


@pytest.mark.parametrize(
    "event",
    [
        completion(session_id="s"),
        request_started(session_id="s"),
        request_ended(session_id="s"),
        tool_call(session_id="s"),
        log(session_id="s"),
        queue_depth(session_id="s"),
        quota(session_id="s"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_any_event_keeps_a_session_at_work(event: Event) -> None:
    """Whatever names a session makes it active; only completions use something."""
    store = TelemetryStore()
    store.apply([event], NOW)
    assert sum(store.sessions_active(NOW + 299).values()) == 1
    assert store.sessions_active(NOW + 300) == {event.agent: 0}
    assert len(store.session_usage("s", now=NOW).by_model) == (
        event.__class__ is type(completion())
    )


def test_sessions_at_work_are_counted_by_agent() -> None:
    """The agent last seen by name counts, and a session's own instants decide."""
    store = TelemetryStore()
    store.apply(
        [
            completion(session_id="a", agent="codex"),
            completion(session_id="b", agent="claude-code"),
            tool_call(session_id="b", agent="codex"),
            tool_call(session_id="b", agent="unknown"),
            completion(session_id="c", agent="claude-code", at=NOW - 301),
            completion(session_id="d", agent="claude-code", at=NOW - 299),
        ],
        NOW,
    )
    assert store.sessions_active(NOW) == {"codex": 2, "claude-code": 1}


def test_the_least_recently_used_session_leaves() -> None:
    """With no room left the session heard of longest ago goes, and that is counted."""
    store = TelemetryStore(sessions_max=2)
    for session_id in ("a", "b", "a", "c"):
        store.apply([completion(session_id=session_id)], NOW)
    assert sorted(ids(store)) == ["a", "c"]
    assert store.evictions["session"] == 1


def test_models_of_a_session_are_bounded() -> None:
    """Past a hundred models usage is booked under one name, and none of it is lost."""
    store = TelemetryStore()
    for at in (NOW - 60, NOW):
        models = [f"m{n}" for n in range(SESSION_MODELS_MAX + 20)]
        store.apply([completion(session_id="s", model=m, at=at) for m in models], at)
    usage = store.session_usage("s", now=NOW)
    assert len(usage.by_model) == SESSION_MODELS_MAX + 1
    assert usage.by_model[OTHER].message_count == 40
    assert usage.totals.message_count == 2 * (SESSION_MODELS_MAX + 20)


def test_models_that_left_make_room_in_their_session() -> None:
    """A session whose old models have left the window tells new ones apart again."""
    store = TelemetryStore()
    full = [f"m{n}" for n in range(SESSION_MODELS_MAX)]
    store.apply([completion(session_id="s", model=m) for m in full], NOW)
    store.apply([completion(session_id="s", model="m0", at=NOW + 60)], NOW + 60)
    store.apply([completion(session_id="s", model="new", at=NOW + 60)], NOW + 60)
    store.apply([completion(session_id="s", model="m0", at=NOW + 400)], NOW + 400)
    later = NOW + 3900
    store.apply([completion(session_id="s", model="newer", at=later)], later)
    assert store.session_usage("s", now=later).by_model.keys() == {"m0", "newer"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 5000), max_size=30), st.sampled_from([120, 100, 13, 12, 5]))
def test_usage_leaves_in_steps_of_a_twelfth(ages_secs: list[float], slots: int) -> None:
    """Of what a session used, all that models still tell of is there, and little that is older."""
    store = TelemetryStore(slots=slots)
    for age_secs in sorted(ages_secs, reverse=True):
        event = completion(session_id="s", at=NOW - age_secs)
        store.apply([event], NOW - age_secs)
    used = store.session_usage("s", now=NOW).totals.message_count
    step_secs = 3600 / slots * ceil(slots / 12)
    assert used >= store.model_performance("m", now=NOW).successful_completions
    assert used <= sum(age_secs <= 3600 + step_secs for age_secs in ages_secs)


def test_usage_of_a_session_is_kept_in_few_parts() -> None:
    """Hours of work, spread evenly, never fill more than a dozen slots beside the one leaving."""
    clock = SlotClock(window_secs=3600, slots=120)
    table = SessionTable(clock, sessions_max=10, usages_max=2 * 13, active_secs=300)
    for step in range(1000):
        now = NOW + 10 * step
        if clock.advance(now):
            table.expire()
        for session_id in "st":
            table.usage(completion(session_id=session_id), now, clock.head, step)
    assert table.evictions == 0


def test_agents_seen_before_are_bounded() -> None:
    """However many agents are named, only so many zeros are told."""
    store = TelemetryStore()
    for n in range(AGENTS_MAX + 10):
        store.apply([log(session_id=f"s{n}", agent=f"a{n}")], NOW)
    assert len(store.sessions_active(NOW)) == AGENTS_MAX + 10
    assert store.sessions_active(NOW + 300) == {f"a{n}": 0 for n in range(10, AGENTS_MAX + 10)}


def test_a_session_at_work_again_is_counted_again() -> None:
    """A session that fell silent, and one that was evicted, count from their next event on."""
    store = TelemetryStore(sessions_max=1)
    store.apply([log(session_id="s")], NOW)
    assert store.sessions_active(NOW + 300) == {"claude-code": 0}
    store.apply([log(session_id="s", at=NOW + 300)], NOW + 300)
    assert store.sessions_active(NOW + 300) == {"claude-code": 1}
    store.apply([log(session_id="t", at=NOW + 300, agent="codex")], NOW + 300)
    assert store.sessions_active(NOW + 300) == {"claude-code": 0, "codex": 1}
