"""Windows and session usage against an oracle that keeps every event in a list."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.tokens import Tokens
from exporter.event.types import Completion
from exporter.store.answers import ModelPerformance, ModelUsage, instant
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion
from tests.store import oracle
from tests.store.oracle import Oracle, Recorded

MODELS = ("a", "b")
PROVIDERS = ("p", "q")
SESSIONS = ("s", "t", None)

counts = st.none() | st.integers(0, 10_000)
milliseconds = st.none() | st.just(0.0) | st.floats(0.1, 8.64e7)
ages = st.sampled_from([0.0, 0.25, 9.5, 10.0, 20.0, 20.5, 30.0, 50.0]) | st.sampled_from(
    [-30.0, 55.0, 61.0, 300.0]
)
steps = st.sampled_from([0.0, 0.5, 4.0, 10.0, 10.0, 11.0, 20.0]) | st.sampled_from(
    [35.0, 59.0, 200.0, -1.0, -12.0, -45.0, -70.0, -5000.0]
)


@dataclass(frozen=True)
class Step:
    """The clock moves, then some completions are pushed, then perhaps somebody reads."""

    secs: float
    pushed: list[tuple[float, Completion]]
    read: bool


completions = st.builds(
    completion,
    model=st.sampled_from(MODELS),
    provider=st.sampled_from(PROVIDERS),
    session_id=st.sampled_from(SESSIONS),
    success=st.booleans(),
    latency_ms=milliseconds,
    ttft_ms=milliseconds,
    cost_usd=st.none() | st.floats(0, 10),
    tokens=st.none() | st.builds(Tokens, counts, counts, counts, counts, counts),
)
pushes = st.lists(st.tuples(ages, completions), max_size=4)
histories = st.lists(st.builds(Step, secs=steps, pushed=pushes, read=st.booleans()), max_size=25)


def run(history: list[Step]) -> tuple[TelemetryStore, Oracle[Completion], float]:
    """Give the same history to the store and to the oracle; return both, and the last now."""
    store, now = oracle.store(), NOW
    plain: Oracle[Completion] = Oracle()
    for step in history:
        now += step.secs
        plain.advance(now)
        for age_secs, event in step.pushed:
            event.at = now - age_secs
            plain.apply(event, now)
        store.apply([event for _, event in step.pushed], now)
        if step.read:
            check_all(store, plain, now)
    check_all(store, plain, now)
    return store, plain, now


def check_all(store: TelemetryStore, plain: Oracle[Completion], now: float) -> None:
    """Compare every answer."""
    plain.advance(now)
    for model in MODELS:
        check_model(store.model_performance(model, now=now), plain.where(model=model))
    for answer in store.model_performances(now=now):
        check_model(answer, plain.where(provider=answer.provider, model=answer.model))
    costs = [one.totals.cost_usd or 0.0 for one in store.sessions(now=now, sort="cost")]
    assert costs == sorted(costs, reverse=True)
    used = [one.totals.total_tokens for one in store.sessions(now=now, sort="tokens")]
    assert used == sorted(used, reverse=True)
    for session_id in ("s", "t"):
        check_session(store, plain.where(session_id=session_id), session_id, now)


def check_model(answer: ModelPerformance, recorded: list[Recorded[Completion]]) -> None:
    """Compare the performance of a model with all that was recorded of it."""
    events = [one.event for one in recorded]
    successes = [e for e in events if e.success]
    assert answer.successful_completions == len(successes)
    assert answer.failed_completions == len(events) - len(successes)
    assert answer.throughput == len(successes) / oracle.WINDOW_SECS
    assert answer.success_rate == (len(successes) / len(events) if events else None)
    check_tokens_and_cost(answer, events)
    check_times(answer, successes)
    newest = [
        max((one.slot, one.at) for one in recorded if one.event.provider == provider)[1]
        for provider in {e.provider for e in events}
    ]
    assert answer.last_event_at == (instant(max(newest)) if newest else None)


def check_tokens_and_cost(answer: ModelPerformance, events: list[Completion]) -> None:
    """Compare the sums over all completions."""
    assert answer.tokens.total == sum(e.tokens.sum for e in events if e.tokens)
    assert answer.tokens.input == sum(e.tokens.input or 0 for e in events if e.tokens)
    assert answer.tokens.output == sum(e.tokens.output or 0 for e in events if e.tokens)
    assert answer.tokens.reasoning == sum(e.tokens.reasoning or 0 for e in events if e.tokens)
    assert answer.tokens.cache_read == sum(e.tokens.cache_read or 0 for e in events if e.tokens)
    costs = [e.cost_usd for e in events if e.cost_usd is not None]
    assert answer.cost_usd == (pytest.approx(sum(costs), abs=1e-6) if costs else None)


def check_times(answer: ModelPerformance, successes: list[Completion]) -> None:
    """Compare averages, quantiles and the pace, which are about successes."""
    latencies = [e.latency_ms for e in successes if e.latency_ms is not None]
    ttfts = [e.ttft_ms for e in successes if e.ttft_ms is not None]
    check_mean(answer.avg_latency_ms, latencies)
    check_mean(answer.avg_ttft_ms, ttfts)
    quantiles = {
        0.5: answer.p50_latency_ms,
        0.95: answer.p95_latency_ms,
        0.99: answer.p99_latency_ms,
    }
    for quantile, estimate in quantiles.items():
        exact = oracle.exact_quantile(latencies, quantile) if latencies else None
        assert estimate == (pytest.approx(exact, rel=0.05) if latencies else None)
    paced = [
        (e.tokens.generated, e.latency_ms)
        for e in successes
        if e.tokens and e.tokens.generated is not None and e.latency_ms is not None
    ]
    seconds = sum(latency_ms for _, latency_ms in paced) / 1000
    if seconds > 0.01:
        pace = sum(generated for generated, _ in paced) / seconds
        assert answer.output_tokens_per_second == pytest.approx(pace, rel=1e-2)


def check_mean(mean_ms: float | None, samples: list[float]) -> None:
    """Compare a mean; each slot of the window is rounded to a microsecond."""
    if not samples:
        assert mean_ms is None
    else:
        assert mean_ms == pytest.approx(sum(samples) / len(samples), rel=1e-9, abs=0.01)


def check_session(
    store: TelemetryStore, recorded: list[Recorded[Completion]], session_id: str, now: float
) -> None:
    """Compare the usage of a session with all that was recorded of it."""
    usage = store.session_usage(session_id, now=now)
    assert usage.by_model.keys() == {one.event.model for one in recorded}
    for model, answer in usage.by_model.items():
        check_usage(answer, [one.event for one in recorded if one.event.model == model])
    check_usage(usage.totals, [one.event for one in recorded])
    listed = [one for one in store.sessions(now=now) if one.id == session_id]
    assert listed == ([usage] if recorded else [])


def check_usage(answer: ModelUsage, events: list[Completion]) -> None:
    """Compare usage."""
    assert answer.message_count == len(events)
    assert answer.input_tokens == sum(e.tokens.input or 0 for e in events if e.tokens)
    assert answer.cache_write_tokens == sum(e.tokens.cache_write or 0 for e in events if e.tokens)
    assert answer.total_tokens == sum(e.tokens.sum for e in events if e.tokens)
    costs = [e.cost_usd for e in events if e.cost_usd is not None]
    assert answer.cost_usd == (pytest.approx(sum(costs), abs=1e-6) if costs else None)


@settings(max_examples=200, deadline=None)
@given(histories)
def test_windows_equal_the_oracle(history: list[Step]) -> None:
    """Late, early and stepping clocks included, answers are the sums over what is in the window."""
    store, plain, _ = run(history)
    assert store.late_events == plain.late


@settings(max_examples=50, deadline=None)
@given(histories)
def test_everything_leaves_by_the_clock(history: list[Step]) -> None:
    """A window's length after the last event, with nothing recorded since, all is empty."""
    store, _, now = run(history)
    later = now + 5000 + 2 * oracle.WINDOW_SECS
    assert store.model_performances(now=later) == []
    assert store.sessions(now=later) == []
