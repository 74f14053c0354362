"""Everything at one glance: the last minutes of all models, and how much there is of all else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.types import Completion
from exporter.store.recent import Recent, recent
from exporter.store.state import State
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    limit_hit,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tokens,
)
from tests.store import oracle
from tests.store.oracle import Oracle
from tests.store.test_window_properties import Step
from tests.store.test_window_properties import histories as completion_histories

SLOT_STARTED_SECS = 15
"""How far NOW is into its slot of 30 seconds."""


def test_nothing_is_a_glance_at_nothing() -> None:
    """Rates are 0, as is what is counted; a ratio, a quantile and a cost are unknown."""
    glance = TelemetryStore().board.glance(NOW)
    assert glance.recent == Recent(0.0, 0.0, None, None, None, 300.0 + SLOT_STARTED_SECS)
    assert (glance.window_secs, glance.recent_secs) == (3600, 300)
    counts = (glance.requests_in_flight, glance.sessions_active, glance.queue_depth)
    assert (*counts, glance.models, glance.models_limited) == (0, 0, 0, 0, 0)


def test_rates_are_over_the_seconds_that_are_covered() -> None:
    """Slots that hold the last five minutes, whole, and nothing that was before them."""
    store = TelemetryStore()
    first_at = NOW - 300 - SLOT_STARTED_SECS
    store.apply(
        [
            completion(model="a", tokens=tokens(1, 2, 3, 4, 5), cost_usd=0.5, at=first_at),
            completion(model="b", tokens=tokens(6), cost_usd=None, latency_ms=900.0),
            failure(model="b", latency_ms=9e6),
            completion(model="c", tokens=tokens(100), cost_usd=9.0, at=first_at - 1),
        ],
        NOW,
    )
    recent = store.board.glance(NOW).recent
    covered_secs = recent.covered_secs
    assert covered_secs == 315.0
    assert recent.completions_per_minute == pytest.approx(3 * 60 / covered_secs)
    assert recent.tokens_per_minute == pytest.approx(21 * 60 / covered_secs)
    assert recent.cost_usd_per_hour == pytest.approx(0.5 * 3600 / covered_secs)
    assert recent.error_ratio == pytest.approx(1 / 3)
    assert recent.p95_latency_ms == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize(
    ("began_at", "oldest_at", "covered_secs"),
    [
        (NOW - 60, NOW - 30, 60),
        (NOW - 5, NOW, 30),
        (NOW - 1_000, NOW, 315),
        (NOW - 60, NOW - 200, 225),
    ],
)
def test_nothing_is_divided_by_time_in_which_nothing_could_be_counted(
    began_at: float, oldest_at: float, covered_secs: float
) -> None:
    """A rate begins with the counting, at least a slot ago; or with what another has counted."""
    store = TelemetryStore()
    store.apply([completion(at=oldest_at)], NOW)
    recent = store.board.glance(NOW, began_at=began_at).recent
    assert recent.covered_secs == covered_secs
    assert recent.completions_per_minute == pytest.approx(60 / covered_secs)


@pytest.mark.parametrize(
    ("window_secs", "slots", "secs", "covered_secs"),
    [
        (3600, 120, 300, 315),
        (3600, 6, 300, 615),
        (3600, 1, 300, 3600),
        (120, 4, 120, 105),
        (10, 1, 10, 10),
    ],
)
def test_the_seconds_covered_are_in_the_window(
    window_secs: int, slots: int, secs: int, covered_secs: float
) -> None:
    """No more than there is of it, and no less than a slot, however long those are."""
    glance = TelemetryStore(window_secs=window_secs, slots=slots).board.glance(NOW)
    assert (glance.recent_secs, glance.recent.covered_secs) == (secs, covered_secs)


def test_models_are_those_of_the_list_of_models() -> None:
    """Those limited are limited there: by themselves, or with all of their provider."""
    store = TelemetryStore()
    store.apply(
        [
            completion(model="a"),
            completion(model="b", provider="q"),
            limit_hit(model="c"),
            quota(provider="q", limited=True, resets_at=NOW + 60),
        ],
        NOW,
    )
    for now, limited in ((NOW, 2), (NOW + 61, 1), (NOW + 7200, 0)):
        glance, models = store.board.glance(now), store.model_performances(now=now)
        assert (glance.models, glance.models_limited) == (len(models), limited)
        assert sum(one.subscription_limit_reached for one in models) == limited


def test_what_goes_on_is_counted() -> None:
    """Requests in flight, sessions heard of lately, and all that waits in queues."""
    store = TelemetryStore(session_active_secs=300)
    store.apply(
        [
            *(request_started(request_id=f"r{n}", session_id=f"s{n}") for n in range(3)),
            request_ended(request_id="r0", session_id="s0"),
            *(queue_depth(queue=f"q{n}", depth=n) for n in range(4)),
            completion(session_id="long ago", at=NOW - 301),
        ],
        NOW,
    )
    glance = store.board.glance(NOW)
    counts = (glance.requests_in_flight, glance.sessions_active, glance.queue_depth)
    assert counts == (2, 3, 6)


@settings(max_examples=100, deadline=None)
@given(completion_histories, st.sampled_from([1.0, 10.0, 25.0, 60.0]))
def test_the_last_minutes_equal_the_oracle(history: list[Step], secs: float) -> None:
    """Late, early and stepping clocks included, it is the sum over the slots that are covered."""
    state, now = State(window_secs=oracle.WINDOW_SECS, slots=oracle.SLOTS), NOW
    plain: Oracle[Completion] = Oracle()
    for step in history:
        now += step.secs
        plain.advance(now)
        for age_secs, event in step.pushed:
            event.at = now - age_secs
            plain.apply(event, now)
        state.apply([event for _, event in step.pushed], now)
    state.advance(now)
    plain.advance(now)
    check(recent(state.model_table, state.clock, secs=secs, now=now), plain, secs, now)


def check(answer: Recent, plain: Oracle[Completion], secs: float, now: float) -> None:
    """Compare every number."""
    until = max(now, (plain.head - plain.shift) * oracle.SLOT_SECS)
    first = int((until - secs) // oracle.SLOT_SECS) + plain.shift
    first = max(first, plain.head - oracle.SLOTS + 1)
    covered_secs = until - (first - plain.shift) * oracle.SLOT_SECS
    assert answer.covered_secs == max(covered_secs, oracle.SLOT_SECS)
    events = [one.event for one in plain.recorded if one.slot >= first]
    minutes = answer.covered_secs / 60
    assert answer.completions_per_minute == pytest.approx(len(events) / minutes)
    total = sum(event.tokens.sum for event in events if event.tokens)
    assert answer.tokens_per_minute == pytest.approx(total / minutes)
    failures = sum(not event.success for event in events)
    assert answer.error_ratio == (pytest.approx(failures / len(events)) if events else None)
    costs = [event.cost_usd for event in events if event.cost_usd is not None]
    an_hour = sum(costs) * 60 / minutes
    assert answer.cost_usd_per_hour == (pytest.approx(an_hour, abs=1e-4) if costs else None)
    latencies = [e.latency_ms for e in events if e.success and e.latency_ms is not None]
    exact = oracle.exact_quantile(latencies, 0.95) if latencies else None
    assert answer.p95_latency_ms == (pytest.approx(exact, rel=0.05) if latencies else None)
