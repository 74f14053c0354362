"""Model performance: what is added up, what is unknown, and how many models are kept."""

import sys
from math import inf

import msgspec
import pytest

from exporter.store.answers import ModelPerformance, TokenTotals, instant
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, failure, limit_hit, tokens, tool_call

NOTHING = ModelPerformance(
    model="m",
    provider=None,
    successful_completions=0,
    failed_completions=0,
    window_secs=3600,
    throughput=0.0,
    avg_latency_ms=None,
    p50_latency_ms=None,
    p95_latency_ms=None,
    p99_latency_ms=None,
    avg_ttft_ms=None,
    output_tokens_per_second=None,
    success_rate=None,
    tokens=TokenTotals(0, 0, 0, 0, 0, 0),
    cost_usd=None,
    last_event_at=None,
    stale=True,
    subscription_limit_reached=False,
    subscription_limit_expires_at=None,
)


def test_an_unknown_model_is_empty() -> None:
    """Counts are 0, what cannot be known is unknown, and the answer is stale."""
    store = TelemetryStore()
    assert store.model_performance("m", now=NOW) == NOTHING
    named = store.model_performance("m", now=NOW, provider="p")
    assert named == msgspec.structs.replace(NOTHING, provider="p")


def test_the_fields_stand_in_order() -> None:
    """The JSON has the documented members, in the documented order."""
    assert ModelPerformance.__struct_fields__ == (
        *("model", "provider", "successful_completions", "failed_completions", "window_secs"),
        *("throughput", "avg_latency_ms", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms"),
        *("avg_ttft_ms", "output_tokens_per_second", "success_rate", "tokens", "cost_usd"),
        *("last_event_at", "stale", "subscription_limit_reached"),
        "subscription_limit_expires_at",
    )


def test_times_are_rfc_3339() -> None:
    """An instant is encoded in UTC."""
    store = TelemetryStore()
    store.apply([completion()], NOW)
    encoded = msgspec.json.decode(msgspec.json.encode(store.model_performance("m", now=NOW)))
    assert encoded["last_event_at"] == "2027-01-15T08:00:15Z"


@pytest.mark.parametrize(
    ("costs", "cost_usd"),
    [
        ([None, None], None),
        ([0.0, None], 0.0),
        ([1e-7, 1e-7, None], 2e-7),
    ],
)
def test_a_cost_is_unknown_only_if_all_are(
    costs: list[float | None], cost_usd: float | None
) -> None:
    """Free is 0, unknown is unknown, and a cost below a micro-dollar still counts."""
    store = TelemetryStore()
    store.apply([completion(cost_usd=cost) for cost in costs], NOW)
    assert store.model_performance("m", now=NOW).cost_usd == cost_usd


def test_pace_is_of_calls_that_tell_it() -> None:
    """Generated tokens count over the latency of successes that told both."""
    store = TelemetryStore()
    told = completion(latency_ms=2000.0, tokens=tokens(5, 30, 10))
    store.apply(
        [
            told,
            completion(latency_ms=9000.0),
            completion(latency_ms=9000.0, tokens=tokens(5)),
            completion(latency_ms=None, tokens=tokens(5, 900)),
            failure(latency_ms=9000.0, tokens=tokens(5, 900)),
        ],
        NOW,
    )
    assert store.model_performance("m", now=NOW).output_tokens_per_second == 20.0


def test_providers_are_merged() -> None:
    """Without a provider a model's providers are added up; with one, they are told apart."""
    store = TelemetryStore()
    store.apply([completion(provider="p", latency_ms=100.0)], NOW)
    assert store.model_performance("m", now=NOW).provider == "p"
    store.apply([completion(provider="q", latency_ms=300.0), completion(model="n")], NOW)
    merged = store.model_performance("m", now=NOW)
    assert (merged.provider, merged.successful_completions) == (None, 2)
    assert merged.avg_latency_ms == 200.0
    assert store.model_performance("m", now=NOW, provider="q").avg_latency_ms == 300.0
    keys = [(one.provider, one.model) for one in store.model_performances(now=NOW)]
    assert keys == [("p", "m"), ("p", "n"), ("q", "m")]


def test_the_list_holds_limited_models() -> None:
    """A model whose data has left is listed as long as it is limited, and not longer."""
    store = TelemetryStore()
    store.apply([limit_hit(resets_at=NOW + 9000)], NOW)
    (limited,) = store.model_performances(now=NOW + 8000)
    assert (limited.model, limited.failed_completions, limited.stale) == ("m", 0, True)
    assert limited.subscription_limit_expires_at == instant(NOW + 9000)
    assert store.model_performances(now=NOW + 9000) == []


def test_the_least_recently_used_model_leaves() -> None:
    """With no room left the model that was used longest ago goes, and that is counted."""
    store = TelemetryStore(models_max=2)
    for model in ("a", "b", "a", "c"):
        store.apply([completion(model=model)], NOW)
    assert [one.model for one in store.model_performances(now=NOW)] == ["a", "c"]
    assert store.evictions["model"] == 1


def test_models_that_passed_make_room() -> None:
    """A model that has nothing left in the window is not evicted but gone."""
    store = TelemetryStore(models_max=2)
    for hour in range(5):
        now = NOW + hour * 7200
        store.apply([completion(model=f"m{hour}", at=now), completion(model="n", at=now)], now)
    assert store.evictions["model"] == 0


@pytest.mark.parametrize("asked", [True, False])
def test_models_are_told_in_the_order_they_passed(*, asked: bool) -> None:
    """Those that have nothing left in the window, whether somebody asked in between or not."""
    store = TelemetryStore()
    store.apply([completion(model="first", at=NOW - 60), completion(model="second", at=NOW)], NOW)
    store.apply([completion(model="first", at=NOW + 60)], NOW + 60)
    if asked:
        store.gauge_rows(NOW + 3630)
    names = [model for _, model, _, _ in store.gauge_rows(NOW + 9000)]
    assert names == ["second", "first"]


def test_names_are_not_interned() -> None:
    """A name is not remembered beyond the model and the session that bear it."""
    store = TelemetryStore()
    first, second = (b"a name of a model".decode() for _ in range(2))
    store.apply([completion(model=first, session_id="s")], NOW)
    assert sys.intern(second) is second


def test_an_event_older_than_the_window_is_late() -> None:
    """It enters no window and wakes no session; the ring of calls still shows it."""
    store = TelemetryStore()
    late = NOW - 3700
    store.apply([completion(at=late, session_id="s"), tool_call(at=late, session_id="s")], NOW)
    assert store.late_events == 2
    assert store.model_performance("m", now=NOW) == NOTHING
    assert store.sessions(now=NOW) == []
    assert len(store.calls()) == 1


def test_a_late_event_leaves_with_its_own_slot() -> None:
    """What came after its slot was sealed is counted, and goes when that slot goes."""
    store = TelemetryStore()
    store.apply([completion(at=NOW - 3000)], NOW - 3000)
    store.apply([completion(), completion(at=NOW - 3000)], NOW)
    assert store.model_performance("m", now=NOW).successful_completions == 3
    assert store.model_performance("m", now=NOW + 700).successful_completions == 1
    assert store.model_performance("m", now=NOW + 700).avg_latency_ms == 100.0


def test_staleness_is_asked_for() -> None:
    """An answer is stale once its newest event is older than the asker bears."""
    store = TelemetryStore()
    store.apply([completion(), completion(at=NOW - 500)], NOW)
    later = NOW + 60
    assert store.model_performance("m", now=later).last_event_at == instant(NOW)
    assert not store.model_performance("m", now=later).stale
    assert not store.model_performance("m", now=later, max_staleness_secs=60).stale
    assert store.model_performance("m", now=later, max_staleness_secs=59).stale
    assert not store.model_performance("m", now=later, max_staleness_secs=inf).stale
    assert store.model_performance("nobody's", now=later, max_staleness_secs=inf).stale
