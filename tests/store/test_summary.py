"""Export and import, case by case: what is told, where it goes, and what stays as it is."""

import msgspec
import pytest
from msgspec.structs import replace

from exporter.event.tokens import COUNT_MAX
from exporter.event.types import Event
from exporter.store import latency
from exporter.store.answers import instant
from exporter.store.credence import check
from exporter.store.session import SESSION_MODELS_MAX
from exporter.store.summary import Imported, ModelState, SlotState, State, Summary
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import (
    NOW,
    completion,
    limit_hit,
    log,
    queue_depth,
    quota,
    request_started,
    tokens,
    tool_call,
)
from tests.store.histories import ANSWERS

WINDOW_SECS = 3600.0


def told(*events: Event, now: float = NOW) -> TelemetryStore:
    """Return a store that was told something."""
    store = TelemetryStore()
    store.apply(events, now)
    return store


def exported(store: TelemetryStore, *, now: float = NOW) -> Imported:
    """Return a store's export as another decodes it."""
    body = b"".join(store.summary(now=now, export_id="x"))
    return decode_summary(body, now=now, window_secs=WINDOW_SECS)


def reset_at(store: TelemetryStore, model: str = "m") -> float | None:
    """Return when a model's limit ends, if it is limited."""
    expires_at = store.model_performance(model, now=NOW).subscription_limit_expires_at
    return expires_at.timestamp() if expires_at is not None else None


def test_what_is_no_window_stays_as_it_is() -> None:
    """Rings, requests, queues, names and the counts of the process's life are the importer's."""
    other = told(
        completion(session_id="s"),
        limit_hit(),
        log(level="error"),
        tool_call(success=False),
        queue_depth(depth=7),
        request_started(),
    )
    store = told(completion(model="n"), log(), queue_depth(depth=3))
    names = ("calls", "events", "in_flight", "queues", "tools", "channels", "snapshot")
    before = [ANSWERS[name](store, NOW) for name in names]
    store.absorb(exported(other), NOW)
    assert [ANSWERS[name](store, NOW) for name in names] == before
    assert set(store.evictions.values()) == {0}


@pytest.mark.parametrize(("window_secs", "slots"), [(3600, 7), (7200, 120), (3600, 1000)])
def test_slots_of_another_length_are_filled(window_secs: float, slots: int) -> None:
    """What two stores that divide their windows otherwise know adds up, and leaves in time."""
    other = told(*(completion(session_id="s", at=NOW - 100 * n) for n in range(30)))
    store = TelemetryStore(window_secs=window_secs, slots=slots)
    store.apply([completion(session_id="s", latency_ms=200.0)], NOW)
    store.absorb(exported(other), NOW)
    answer = store.model_performance("m", now=NOW)
    assert (answer.successful_completions, answer.avg_latency_ms) == (31, 3200 / 31)
    assert store.session_usage("s", now=NOW).totals.message_count == 31
    later = NOW + window_secs + window_secs / slots
    assert store.model_performances(now=later) == []


def test_a_long_slot_goes_where_its_middle_lies() -> None:
    """Usage of a session in 15 minutes leaves an hour and a step after half of them."""
    other = TelemetryStore(slots=4)
    other.apply([completion(session_id="s")], NOW)
    store, now, starts_at = TelemetryStore(), NOW + 900, NOW - 15
    store.absorb(exported(other, now=now), now)
    store.apply([tool_call(session_id="s", at=now)], now)
    for secs, messages in ((3600 + 450, 1), (3600 + 650, 0)):
        usage = store.session_usage("s", now=starts_at + secs)
        assert usage.totals.message_count == messages


def test_what_came_late_is_told_with_its_slot() -> None:
    """A slot that was sealed before adds up to all that is in it."""
    other = told(completion(at=NOW - 60), completion(), completion(at=NOW - 60))
    ((earlier, newest),) = (model.slots for model in exported(other).state.models)
    assert (earlier.messages, newest.messages) == (2, 1)
    assert earlier.starts_at == NOW - 75


def test_what_is_older_than_the_window_stays_out() -> None:
    """By the clock of the store that takes it in, at the time it does."""
    other = told(*(completion(session_id="s", at=NOW - at) for at in (100, 3500)))
    imported = exported(other)
    store = TelemetryStore()
    store.absorb(imported, NOW)
    assert store.session_usage("s", now=NOW).totals.message_count == 2
    store = TelemetryStore()
    store.absorb(imported, NOW + 600)
    assert store.model_performance("m", now=NOW + 600).successful_completions == 1
    store = TelemetryStore()
    store.absorb(imported, NOW + 9000)
    assert store.model_performances(now=NOW + 9000) == []
    assert store.sessions(now=NOW + 9000) == []
    assert store.late_events == 0


def test_a_clock_that_is_ahead_tells_of_now() -> None:
    """What is dated up to ten minutes ahead counts in the slot of now, like an event."""
    ahead = NOW + 500
    other = told(completion(session_id="s", at=ahead), now=ahead)
    body = b"".join(other.summary(now=ahead, export_id="x"))
    store = TelemetryStore()
    store.absorb(decode_summary(body, now=NOW, window_secs=WINDOW_SECS), NOW)
    assert store.model_performance("m", now=NOW).successful_completions == 1
    assert store.session_usage("s", now=NOW).totals.message_count == 1
    store.apply([tool_call(session_id="s", at=NOW + 3000)], NOW + 3000)
    assert store.model_performance("m", now=NOW + 3700).successful_completions == 0
    assert store.session_usage("s", now=NOW + 3950).totals.message_count == 0


def test_what_is_dated_ahead_is_told_as_of_now() -> None:
    """As of the commit, whenever that is taken in again: newest events and limits, like events."""
    ahead = NOW + 500
    other = told(completion(session_id="s", at=ahead), limit_hit(at=ahead), now=ahead)
    body = b"".join(other.summary(now=ahead, export_id="x"))
    imported = decode_summary(body, now=NOW, window_secs=WINDOW_SECS)
    for _ in range(2):
        store = TelemetryStore(session_active_secs=100)
        store.absorb(imported, NOW + 5)
        assert store.model_performance("m", now=NOW).last_event_at == instant(NOW + 5)
        assert sum(store.sessions_active(NOW + 106).values()) == 0
        success = completion(latency_ms=0.0, at=NOW + 6)
        store.apply([success], NOW + 6)
        assert not store.model_performance("m", now=NOW + 6).subscription_limit_reached


@pytest.mark.parametrize("back_secs", [300, 3000, 86_400])
def test_an_export_is_never_dated_ahead(back_secs: float) -> None:
    """Not even behind a clock that stepped back: what is newer is told as of now."""
    now = NOW - back_secs
    other = told(completion(session_id="s"), limit_hit(resets_at=NOW + 31.9 * 86_400))
    store = TelemetryStore()
    store.absorb(exported(other, now=now), now)
    answer = store.model_performance("m", now=now)
    assert (answer.successful_completions, answer.subscription_limit_reached) == (1, True)
    assert store.session_usage("s", now=now).totals.message_count == 1


def test_numbers_too_large_for_a_reader_are_cut() -> None:
    """So that what is exported can be taken in whatever was pushed."""
    event = completion(session_id="s", tokens=tokens(COUNT_MAX, COUNT_MAX, COUNT_MAX), cost_usd=1e9)
    other = told(event, event)
    store = TelemetryStore()
    store.absorb(exported(other), NOW)
    assert store.model_performance("m", now=NOW).tokens.input == COUNT_MAX
    assert store.session_usage("s", now=NOW).totals.input_tokens == COUNT_MAX


def slot(**fields: object) -> SlotState:
    """Return what a model did in a slot, to change."""
    (model,) = exported(told(completion(tokens=tokens(1, 1)))).state.models
    return replace(model.slots[0], **fields)


HUGE = COUNT_MAX


@pytest.mark.parametrize(
    "slot",
    [
        slot(messages=HUGE, successes=HUGE, latencies={1: HUGE}, latency_us=HUGE, paced_us=HUGE),
        slot(messages=HUGE, successes=HUGE, latencies={0: HUGE}, latency_us=0, paced_us=0),
        slot(messages=HUGE, successes=HUGE, latencies={238: HUGE}, latency_us=HUGE, paced_us=9),
        slot(messages=HUGE, successes=HUGE, latencies={}, unbinned=HUGE, paced_us=1),
        slot(messages=HUGE, successes=HUGE, unpriced=HUGE, ttfts=HUGE, ttft_us=HUGE),
        slot(output=HUGE, reasoning=HUGE, paced_tokens=HUGE, input=HUGE, cost_nano=HUGE),
    ],
)
@pytest.mark.parametrize("other", [{0: 1}, {1: 1}, {150: HUGE}])
def test_an_export_can_always_be_taken_in(slot: SlotState, other: latency.Counts) -> None:
    """However large what was taken in adds up to, and again from where it was: counts are cut."""
    count = sum(other.values())
    latency_us = min(round(latency.sum_range_us(other)[1]), COUNT_MAX)
    second = replace(slot, messages=HUGE, unpriced=0, ttfts=0, ttft_us=0, paced_us=0, unbinned=0)
    second = replace(second, successes=count, latencies=other, latency_us=latency_us)
    store = TelemetryStore()
    for n, one in enumerate([slot, slot, second]):
        model = ModelState("p", "m", [one])
        state = State(30.0, 300.0, [model], [], [])
        check(state, NOW)
        store.absorb(Imported(str(n), state), NOW)
    again, third = TelemetryStore(), TelemetryStore()
    again.absorb(exported(store), NOW)
    third.absorb(exported(again), NOW)
    answer, cut = (one.model_performance("m", now=NOW) for one in (store, third))
    assert cut.successful_completions == min(answer.successful_completions, COUNT_MAX)
    if not slot.unbinned:
        assert cut.p50_latency_ms == answer.p50_latency_ms
    assert cut.last_event_at == answer.last_event_at


def test_what_comes_in_is_used_last() -> None:
    """Where there is no room for all, what was here goes first, and that is counted."""
    other = told(*(completion(model=f"m{n}", session_id=f"s{n}") for n in range(3)))
    store = TelemetryStore(models_max=3, sessions_max=3)
    store.apply([completion(model="m", session_id="s")], NOW)
    store.absorb(exported(other), NOW)
    assert [one.model for one in store.model_performances(now=NOW)] == ["m0", "m1", "m2"]
    assert {one.id for one in store.sessions(now=NOW)} == {"s0", "s1", "s2"}
    assert (store.evictions["model"], store.evictions["session"]) == (1, 1)


def test_a_session_stays_bounded() -> None:
    """What has no room among its models is booked under the name that stands for others."""
    other = told(*(completion(model=f"a{n}", session_id="s") for n in range(80)))
    store = told(*(completion(model=f"b{n}", session_id="s") for n in range(80)))
    store.absorb(exported(other), NOW)
    usage = store.session_usage("s", now=NOW)
    assert (len(usage.by_model), usage.totals.message_count) == (SESSION_MODELS_MAX + 1, 160)
    assert usage.by_model["_other"].message_count == 60


@pytest.mark.parametrize(
    ("here", "there", "agents"),
    [
        ("unknown", "codex", {"codex": 1}),
        ("codex", "unknown", {"codex": 1}),
        ("codex", "gemini-cli", {"codex": 0, "gemini-cli": 1}),
    ],
)
def test_a_session_is_of_the_agent_last_heard_of(
    here: str, there: str, agents: dict[str, int]
) -> None:
    """Whoever knows it."""
    other = told(completion(session_id="s", agent=there))
    store = told(completion(session_id="s", agent=here, at=NOW - 1))
    store.absorb(exported(other), NOW)
    active = store.sessions_active(NOW)
    assert {agent: active[agent] for agent in agents} == agents


KNOWN, GUESS = NOW + 900, NOW + 3600


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (limit_hit(resets_at=KNOWN), limit_hit(), GUESS),
        (limit_hit(resets_at=NOW + 9000), limit_hit(), NOW + 9000),
        (limit_hit(), limit_hit(resets_at=KNOWN), KNOWN),
        (limit_hit(), None, GUESS - 10),
        (
            quota(model="m", limited=True, resets_at=KNOWN),
            quota(model="m", limited=True, resets_at=KNOWN + 9),
            KNOWN + 9,
        ),
        (quota(model="m", limited=True, resets_at=KNOWN), limit_hit(), GUESS),
    ],
)
@pytest.mark.parametrize("first_is_here", [True, False])
def test_limits_come_together_as_if_signalled_in_their_order(
    first: Event, second: Event | None, expected: float, *, first_is_here: bool
) -> None:
    """Whichever store was told of which."""
    first = msgspec.structs.replace(first, at=NOW - 10)
    sides = [told(first), told(*([second] if second is not None else []))]
    both = told(first, *([second] if second is not None else []))
    store, other = sides if first_is_here else sides[::-1]
    store.absorb(exported(other), NOW)
    assert reset_at(store) == reset_at(both) == expected


@pytest.mark.parametrize("lifted_here", [True, False])
@pytest.mark.parametrize("resets_at", [KNOWN, None])
def test_a_limit_that_was_lifted_stays_so(resets_at: float | None, *, lifted_here: bool) -> None:
    """An older signal of the same holder, known elsewhere, does not set it again."""
    signal = quota(model="m", limited=True, resets_at=resets_at, at=NOW - 10)
    lifted = told(signal, quota(model="m", limited=False))
    limited = told(quota(model="m", limited=True, resets_at=KNOWN, at=NOW - 20))
    store, other = (lifted, limited) if lifted_here else (limited, lifted)
    store.absorb(exported(other), NOW)
    assert reset_at(store) is None


def test_an_export_goes_on_while_events_come_in() -> None:
    """Models and sessions that come or go between two pieces do it no harm."""
    store = TelemetryStore(models_max=1_000, sessions_max=1_000)
    store.apply(
        [completion(model=f"m{n}", session_id=f"s{n}", at=NOW - 3000) for n in range(1_000)], NOW
    )
    store.apply([completion(model=f"m{n}") for n in range(900)], NOW)
    pieces = []
    for n, piece in enumerate(store.summary(now=NOW, export_id="x")):
        pieces.append(piece)
        store.apply([completion(model=f"n{n}", session_id=f"t{n}")], NOW)
        store.model_performances(now=NOW + 100 * n)
    state = msgspec.json.decode(b"".join(pieces), type=Summary).state
    assert state is not None
    names = [model.model for model in state.models]
    assert len(set(names)) == len(names) > 0
    assert all(model.slots for model in state.models)
    ids = [session.id for session in state.sessions]
    assert len(set(ids)) == len(ids) > 0
