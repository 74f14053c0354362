"""The latency histogram: quantiles near the exact ones, and sums that come apart again."""

from math import ceil, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.tokens import Tokens
from exporter.event.types import MILLISECONDS_MAX
from exporter.store import latency
from exporter.store.latency import Counts
from exporter.store.ranks import Ranks
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, tokens

DAY_MS = 86_400_000.0

samples_ms = st.lists(st.just(0.0) | st.floats(0.1, DAY_MS), min_size=1, max_size=200)


def counted(samples: list[float]) -> Counts:
    """Return the histogram of some latencies."""
    counts: Counts = {}
    for sample in samples:
        latency.merge(counts, {latency.bucket(sample): 1})
    return counts


@given(samples_ms, st.floats(0.001, 1.0))
def test_a_quantile_is_near_the_exact_sample(samples: list[float], quantile: float) -> None:
    """An estimate lies within 4.5 % of the sample at rank ceil(q * n)."""
    exact = sorted(samples)[ceil(quantile * len(samples)) - 1]
    assert Ranks(counted(samples)).quantiles_ms([quantile])[1] == [pytest.approx(exact, rel=0.045)]


@given(samples_ms, st.floats(0.001, 1.0))
def test_one_quantile_is_that_of_several(samples: list[float], quantile: float) -> None:
    """Counting from the top finds the same sample as counting from the bottom."""
    counts = counted(samples)
    assert [latency.quantile_ms(counts, quantile)] == Ranks(counts).quantiles_ms([quantile])[1]


@given(samples_ms)
def test_quantiles_ascend(samples: list[float]) -> None:
    """A higher quantile is never estimated lower."""
    _, (p50, p95, p99) = Ranks(counted(samples)).quantiles_ms((0.5, 0.95, 0.99))
    assert p50 is not None
    assert p95 is not None
    assert p99 is not None
    assert p50 <= p95 <= p99


@given(st.floats(0, MILLISECONDS_MAX))
def test_buckets_are_few(latency_ms: float) -> None:
    """Whatever the latency, it falls into one of 239 buckets, and only zero into that of zero."""
    index = latency.bucket(latency_ms)
    assert 0 <= index < 239
    assert (index == latency.ZERO) == (latency_ms == 0)


starts_ms = st.integers(2, 238).map(lambda index: 2.0 ** ((index - 28) / 8))
near_starts_ms = (
    starts_ms
    | starts_ms.map(lambda ms: nextafter(ms, 0))
    | starts_ms.map(lambda ms: nextafter(ms, 1e12))
)


@given(st.lists(near_starts_ms | st.floats(0, MILLISECONDS_MAX)), samples_ms)
def test_many_at_once_are_counted_as_each_alone(many: list[float], before: list[float]) -> None:
    """To the last bit of where a bucket starts."""
    counts = counted(before)
    latency.count_all(counts, many)
    assert counts == counted([*before, *many])


@pytest.mark.parametrize(
    ("latency_ms", "told_ms"), [(5e-324, 0.1), (0.001, 0.1), (1e9, DAY_MS), (1e12, DAY_MS)]
)
@pytest.mark.parametrize("used", [None, tokens(1, 1)])
def test_a_latency_beyond_the_range_is_told_as_its_end(
    latency_ms: float, told_ms: float, used: Tokens | None
) -> None:
    """What is shorter than 0.1 ms or longer than a day counts, with the shortest or the longest."""
    store = TelemetryStore()
    store.apply([completion(latency_ms=latency_ms, tokens=used)], NOW)
    answer = store.model_performance("m", now=NOW)
    assert answer.p50_latency_ms == pytest.approx(told_ms, rel=0.045)
    assert answer.successful_completions == 1


def test_no_samples_have_no_quantiles() -> None:
    """Where nothing was recorded, every quantile is unknown."""
    assert Ranks({}).quantiles_ms((0.5, 0.99)) == (0, [None, None])
    assert latency.quantile_ms({}, 0.95) is None


@given(samples_ms, samples_ms)
def test_what_was_merged_can_be_removed(kept: list[float], passing: list[float]) -> None:
    """Removing a merged histogram leaves what was there before, and nothing empty."""
    counts = counted(kept)
    latency.merge(counts, counted(passing))
    latency.remove(counts, counted(passing))
    assert counts == counted(kept)
