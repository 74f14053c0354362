"""Completions folded in bulk count as they would one by one."""

import hypothesis
import pytest
from hypothesis import strategies as st

from exporter.event import grouping
from exporter.event.grouping import group
from exporter.event.parting import Parted
from exporter.event.tokens import Tokens
from exporter.event.types import Completion
from exporter.metrics import recorder as recorder_module
from exporter.metrics.catalogue import (
    COMPLETION_DURATION,
    COMPLETION_INPUT_TOKENS,
    COMPLETION_OUTPUT_TOKENS,
    COMPLETION_TTFT,
    COMPLETIONS,
    COST,
    TOKEN_MISMATCHES,
    TOKENS,
    UNPRICED_COMPLETIONS,
    Family,
)
from exporter.metrics.registry import Registry
from exporter.metrics.series import added
from tests.metrics.builders import make_recorder
from tests.metrics.oracle import NOW

PARTS = ("input", "output", "reasoning", "cache_read", "cache_write")

edges = st.sampled_from([bound * 1000 for bound in COMPLETION_DURATION.buckets])
milliseconds = st.none() | edges | st.integers(0, 700_000).map(float)
counts = st.none() | st.sampled_from([64, 256, 1024, 1_048_576]) | st.integers(0, 2_000_000)
completions = st.builds(
    Completion,
    model=st.sampled_from("ab"),
    provider=st.just("p"),
    at=st.just(NOW),
    success=st.booleans(),
    latency_ms=milliseconds,
    ttft_ms=milliseconds,
    cost_usd=st.none() | st.integers(0, 8).map(float),
    tokens=st.none()
    | st.builds(Tokens, counts, counts, counts, counts, counts, counts)
    | st.builds(Tokens, *[st.integers(0, 5_000)] * 5),
)


def buckets(registry: Registry, family: Family, model: str) -> tuple[list[int], float] | None:
    """Return the counts and the sum of a model's histogram, if it has one."""
    found = registry.histograms(family).find(("unknown", "p", model))
    return (found.counts, found.sum) if found else None


def plainly(family: Family, values: list[float]) -> tuple[list[int], object] | None:
    """Return the same by counting each value by itself."""
    if not values:
        return None
    bounds = (*family.buckets, float("inf"))
    found = [next(i for i, bound in enumerate(bounds) if value <= bound) for value in values]
    return [found.count(i) for i in range(len(bounds))], pytest.approx(sum(values))


def counted(registry: Registry, family: Family, *labels: str) -> float | None:
    """Return the value of a counter, if there is one."""
    series = registry.counters(family).find(("unknown", "p", *labels))
    return series.value if series else None


@hypothesis.given(batches=st.lists(st.lists(completions, max_size=8), max_size=4))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("grouped", [False, True])
def test_series_equal_a_plain_recount(
    monkeypatch: pytest.MonkeyPatch, *, grouped: bool, batches: list[list[Completion]]
) -> None:
    """However they were batched: outcomes, costs, tokens, and every bucket, bounds included."""
    monkeypatch.setattr(grouping, "EVENTS_MIN", 1)
    monkeypatch.setattr(grouping, "EVENTS_PER_GROUP_MIN", 1)
    registry, recorder = make_recorder()
    for batch in batches:
        recorder.apply(batch, NOW, group(Parted(batch)) if grouped else None)
    registry.refresh(NOW)
    for model in "ab":
        events = [event for batch in batches for event in batch if event.model == model]
        if not events:
            continue
        tokens = [event.tokens for event in events if event.tokens is not None]
        successes = sum(bool(event.success) for event in events)
        costs = [event.cost_usd for event in events if event.cost_usd is not None]
        assert counted(registry, COMPLETIONS, model, "success") == successes
        assert counted(registry, COMPLETIONS, model, "error") == len(events) - successes
        assert counted(registry, UNPRICED_COMPLETIONS, model) == len(events) - len(costs)
        assert counted(registry, COST, model, "reported") == (sum(costs) if costs else None)
        mismatches = sum(one.mismatched for one in tokens)
        assert counted(registry, TOKEN_MISMATCHES, model) == mismatches
        for part in PARTS:
            told = [count for one in tokens if (count := getattr(one, part)) is not None]
            assert counted(registry, TOKENS, model, part) == (sum(told) if told else None)
        observed: dict[Family, list[float]] = {
            COMPLETION_DURATION: [ms / 1000 for e in events if (ms := e.latency_ms) is not None],
            COMPLETION_TTFT: [ms / 1000 for e in events if (ms := e.ttft_ms) is not None],
            COMPLETION_INPUT_TOKENS: [n for one in tokens if (n := one.prompt) is not None],
            COMPLETION_OUTPUT_TOKENS: [n for one in tokens if (n := one.generated) is not None],
        }
        for family, values in observed.items():
            assert buckets(registry, family, model) == plainly(family, values)


def test_events_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody reads, they are folded once enough wait."""
    monkeypatch.setattr(recorder_module, "WAITING_MAX", 3)
    registry, recorder = make_recorder()
    event = Completion(model="a", provider="p", success=True, at=NOW)
    for told in (0, 0, 3, 3):
        recorder.apply([event], NOW)
        assert counted(registry, COMPLETIONS, "a", "success") == told


@hypothesis.given(
    st.integers(0, 2**60) | st.floats(0, 1e12), st.lists(st.integers() | st.floats(0, 1e12))
)
def test_a_total_is_added_to_one_by_one(total: float, values: list[float]) -> None:
    """Or what a replay comes to would depend on how the values were gathered."""
    expected = total
    for value in values:
        expected += value
    assert repr(added(total, values)) == repr(expected)
