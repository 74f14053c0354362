"""The behaviour of the orchestrator's TelemetryStore, found again in the store."""

import pytest

from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, limit_hit, tokens


def test_performance_of_a_model() -> None:
    """Latency is that of successes, the rate is over all, and a limit is noticed."""
    store = TelemetryStore(window_secs=3600)
    store.apply(
        [
            completion(model="model-a", latency_ms=100.0),
            completion(model="model-a", latency_ms=200.0),
            limit_hit(model="model-a", latency_ms=5000.0, error="rate limit exceeded"),
        ],
        NOW,
    )
    answer = store.model_performance("model-a", now=NOW)
    assert (answer.successful_completions, answer.failed_completions) == (2, 1)
    assert answer.avg_latency_ms == 150.0
    assert answer.success_rate == pytest.approx(0.667, abs=0.001)
    assert answer.throughput == 2 / 3600
    assert answer.subscription_limit_reached


def test_a_limit_expires() -> None:
    """A limit whose reset nobody told ends an hour later."""
    store = TelemetryStore()
    store.apply([limit_hit(model="model-a")], NOW)
    assert store.model_performance("model-a", now=NOW + 3599).subscription_limit_reached
    assert not store.model_performance("model-a", now=NOW + 3600).subscription_limit_reached


def test_usage_of_a_session_by_model() -> None:
    """Tokens, cost and messages add up by model and in total, for this session alone."""
    store = TelemetryStore()
    store.apply(
        [
            completion(model="a", session_id="1", tokens=tokens(400, 100), cost_usd=0.005),
            completion(model="a", session_id="1", tokens=tokens(1, 2, 3, 4, 5), cost_usd=0.25),
            completion(model="b", session_id="1", tokens=tokens(7)),
            completion(model="a", session_id="2", tokens=tokens(9000), cost_usd=9.0),
        ],
        NOW,
    )
    usage = store.session_usage("1", now=NOW)
    assert usage.by_model.keys() == {"a", "b"}
    assert (usage.by_model["a"].input_tokens, usage.by_model["a"].output_tokens) == (401, 102)
    assert (usage.by_model["a"].cost_usd, usage.by_model["b"].cost_usd) == (0.255, None)
    assert (usage.totals.total_tokens, usage.totals.message_count) == (522, 3)
    assert usage.totals.cost_usd == 0.255


def test_an_unknown_model_is_empty() -> None:
    """Nothing is counted and nothing limited."""
    answer = TelemetryStore().model_performance("unknown", now=NOW)
    assert (answer.successful_completions, answer.failed_completions) == (0, 0)
    assert not answer.subscription_limit_reached
    assert answer.last_event_at is None


@pytest.mark.parametrize(
    ("max_staleness_secs", "stale"), [(None, False), (600, False), (599, True)]
)
def test_staleness(max_staleness_secs: float | None, stale: bool) -> None:  # noqa: FBT001 - a case
    """An answer is stale when its newest event is older than the asker bears."""
    store = TelemetryStore()
    store.apply([completion()], NOW)
    answer = store.model_performance("m", now=NOW + 600, max_staleness_secs=max_staleness_secs)
    assert answer.stale == stale


def test_completions_older_than_the_window_are_pruned() -> None:
    """An hour later nothing is left of a model, not even its name in the list."""
    store = TelemetryStore()
    store.apply([completion()], NOW)
    assert [one.model for one in store.model_performances(now=NOW + 3000)] == ["m"]
    assert store.model_performances(now=NOW + 3600) == []
