"""The summary of the orchestrator's TelemetryStore is taken in, and nothing is made up."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from exporter.event.rejection import Code, Refusal
from exporter.store.answers import TokenTotals, instant
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion

WINDOW_SECS = 3600.0


def at(secs: float) -> str:
    """Return an instant that far from NOW as the orchestrator writes it, in nanoseconds."""
    return (instant(NOW) + timedelta(seconds=secs)).isoformat().replace("+00:00", ".000000000Z")


def performance(**fields: object) -> dict[str, Any]:
    """Return what it says of a model, as it says it."""
    told: dict[str, Any] = {
        "model": "zai-coding-plan/glm-5.1",
        "successful_completions": 25,
        "failed_completions": 5,
        "window_secs": 3600,
        "throughput": 0.0069,
        "avg_latency_ms": 200.5,
        "success_rate": 0.8333,
        "last_event_at": at(-60),
        "subscription_limit_reached": False,
        "subscription_limit_expires_at": None,
    }
    return told | fields


def summary(*performances: dict[str, Any], **fields: object) -> bytes:
    """Return a summary of such performances."""
    told = {
        "id": "telemetry_summary",
        "model_performances": performances,
        "window_secs": 3600,
        "exported_at": at(-30),
    }
    return msgspec.json.encode(told | fields)


def taken_in(body: bytes, *, now: float = NOW) -> TelemetryStore:
    """Return a store that took a summary in."""
    store = TelemetryStore()
    store.absorb(decode_summary(body, now=now, window_secs=WINDOW_SECS), now)
    return store


MODEL = "zai-coding-plan/glm-5.1"


def test_counts_and_mean_come_back() -> None:
    """All of them, not the ten and the three that the orchestrator makes up for itself."""
    answer = taken_in(summary(performance())).model_performance(MODEL, now=NOW)
    assert (answer.successful_completions, answer.failed_completions) == (25, 5)
    assert answer.avg_latency_ms == 200.5
    assert answer.success_rate == 25 / 30
    assert answer.last_event_at == instant(NOW - 60)
    assert answer.provider == "zai-coding-plan"


def test_nothing_is_made_up() -> None:
    """No quantiles, tokens, cost, pace, sessions, calls or events."""
    store = taken_in(summary(performance()))
    answer = store.model_performance(MODEL, now=NOW)
    assert (answer.p50_latency_ms, answer.p95_latency_ms, answer.p99_latency_ms) == (None,) * 3
    assert (answer.cost_usd, answer.output_tokens_per_second, answer.avg_ttft_ms) == (None,) * 3
    assert answer.tokens == TokenTotals(0, 0, 0, 0, 0, 0)
    assert (store.sessions(now=NOW), store.calls(), store.events()[0]) == ([], [], [])
    assert store.snapshot(now=NOW, uptime_secs=0.0).model_calls.total == 0
    assert not answer.subscription_limit_reached


def test_it_adds_up_with_completions() -> None:
    """The mean is over all, quantiles are of those completions whose latencies are known."""
    store = taken_in(summary(performance(successful_completions=3, avg_latency_ms=100.0)))
    store.apply([completion(model=MODEL, provider="zai-coding-plan", latency_ms=500.0)], NOW)
    answer = store.model_performance(MODEL, now=NOW)
    assert (answer.successful_completions, answer.avg_latency_ms) == (4, 200.0)
    assert answer.p50_latency_ms == pytest.approx(500.0, rel=0.05)


def test_it_is_saved_and_exported_like_the_rest() -> None:
    """A mean without a histogram survives a restart, and goes on to the next store."""
    store = taken_in(summary(performance()))
    restored, third = TelemetryStore(), TelemetryStore()
    restored.restore(store.save())
    body = b"".join(store.summary(now=NOW, export_id="x"))
    third.absorb(decode_summary(body, now=NOW, window_secs=WINDOW_SECS), NOW)
    answer = store.model_performances(now=NOW)
    assert restored.model_performances(now=NOW) == answer
    assert third.model_performances(now=NOW) == answer


@pytest.mark.parametrize(
    "performance",
    [
        performance(last_event_at=at(-3601)),
        performance(last_event_at=None),
        performance(successful_completions=0, failed_completions=0, avg_latency_ms=0.0),
    ],
    ids=["older than the window", "of no instant", "of nothing"],
)
def test_what_is_not_of_the_window_stays_out(performance: dict[str, Any]) -> None:
    """Nothing is known of such a model."""
    assert taken_in(summary(performance)).model_performances(now=NOW) == []


def test_it_leaves_the_window_with_its_newest_event() -> None:
    """By the clock, as one."""
    store = taken_in(summary(performance()))
    assert store.model_performance(MODEL, now=NOW + 3400).successful_completions == 25
    assert store.model_performances(now=NOW + 3600) == []


def test_a_limit_comes_back_until_it_ends() -> None:
    """Also of a model without events; one that is over by now stays out."""
    limited = performance(last_event_at=None, subscription_limit_expires_at=at(500))
    over = performance(model="over", last_event_at=None, subscription_limit_expires_at=at(-1))
    store = taken_in(summary(limited, over))
    assert store.gauge_rows(NOW) == [("zai-coding-plan", MODEL, True, NOW + 500)]
    assert not store.model_performance(MODEL, now=NOW + 500).subscription_limit_reached


def test_its_limit_is_a_guess() -> None:
    """A call that began after the export and succeeded lifts it; one that began before does not."""
    store = taken_in(summary(performance(subscription_limit_expires_at=at(500))))
    success = completion(model=MODEL, provider="zai-coding-plan", latency_ms=1000.0)
    for ended_at, limited in ((NOW - 29.5, True), (NOW - 28.5, False)):
        store.apply([msgspec.structs.replace(success, at=ended_at)], NOW)
        answer = store.model_performance(MODEL, now=NOW)
        assert answer.subscription_limit_reached is limited


def test_a_body_stands_for_its_id() -> None:
    """The same summary has the same id whenever it comes, and another has another."""
    body = summary(performance())
    ids = {
        decode_summary(body, now=now, window_secs=WINDOW_SECS).export_id for now in (NOW, NOW + 9)
    }
    other = decode_summary(summary(), now=NOW, window_secs=WINDOW_SECS).export_id
    assert len(ids) == 1
    assert other not in ids


def test_a_long_name_is_cut() -> None:
    """Like that of a completion, the provider in it too."""
    store = taken_in(summary(performance(model="p" * 200 + "/m")))
    (answer,) = store.model_performances(now=NOW)
    assert (answer.model, answer.provider) == ("p" * 128, "p" * 128)


@pytest.mark.parametrize(
    ("fields", "code", "member"),
    [
        ({"last_event_at": at(601)}, Code.TOO_NEW, ".last_event_at"),
        ({"avg_latency_ms": 1e12, "successful_completions": 10**6}, Code.OUT_OF_RANGE, ""),
        ({"successful_completions": 2**53}, Code.OUT_OF_RANGE, ""),
        (
            {"subscription_limit_expires_at": at(33 * 86_400)},
            Code.OUT_OF_RANGE,
            ".subscription_limit_expires_at",
        ),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], code: Code, member: str) -> None:
    """With the place it stands at."""
    with pytest.raises(Refusal) as refused:
        taken_in(summary(performance(), performance(**fields)))
    assert (refused.value.code, refused.value.path) == (code, f"$.model_performances[1]{member}")


def test_too_many_models_are_refused() -> None:
    """As many as any summary may hold are taken in."""
    models = [performance()] * 10_000
    decode_summary(summary(*models), now=NOW, window_secs=WINDOW_SECS)
    with pytest.raises(Refusal) as refused:
        decode_summary(summary(*models, performance()), now=NOW, window_secs=WINDOW_SECS)
    assert (refused.value.code, refused.value.path) == (Code.OUT_OF_RANGE, "$.model_performances")


@pytest.mark.parametrize(
    "fields",
    [{"model": ""}, {"model": None}, {"failed_completions": -1}, {"avg_latency_ms": -0.5}],
)
def test_what_has_not_its_form_is_refused(fields: dict[str, Any]) -> None:
    """By the decoder, which names the place."""
    with pytest.raises(msgspec.ValidationError, match=r"\$\.model_performances\[0\]"):
        taken_in(summary(performance(**fields)))
