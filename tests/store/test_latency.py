"""The latency histogram: quantiles near the exact ones, and sums that come apart again."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.store import latency
from exporter.store.latency import Counts

samples_ms = st.lists(st.just(0.0) | st.floats(1e-6, 1e12), min_size=1, max_size=200)


def counted(samples: list[float]) -> Counts:
    """Return the histogram of some latencies."""
    counts: Counts = {}
    for sample in samples:
        latency.merge(counts, {latency.bucket(sample): 1})
    return counts


@given(samples_ms, st.floats(0.001, 1.0))
def test_a_quantile_is_near_the_exact_sample(samples: list[float], quantile: float) -> None:
    """An estimate lies within 2.3 % of the sample at rank ceil(q * n)."""
    exact = sorted(samples)[ceil(quantile * len(samples)) - 1]
    assert latency.quantiles_ms(counted(samples), [quantile]) == [pytest.approx(exact, rel=0.023)]


@given(samples_ms)
def test_quantiles_ascend(samples: list[float]) -> None:
    """A higher quantile is never estimated lower."""
    p50, p95, p99 = latency.quantiles_ms(counted(samples), (0.5, 0.95, 0.99))
    assert p50 is not None
    assert p95 is not None
    assert p99 is not None
    assert p50 <= p95 <= p99


def test_no_samples_have_no_quantiles() -> None:
    """Where nothing was recorded, every quantile is unknown."""
    assert latency.quantiles_ms({}, (0.5, 0.99)) == [None, None]


@given(samples_ms, samples_ms)
def test_what_was_merged_can_be_removed(kept: list[float], passing: list[float]) -> None:
    """Removing a merged histogram leaves what was there before, and nothing empty."""
    counts = counted(kept)
    latency.merge(counts, counted(passing))
    latency.remove(counts, counted(passing))
    assert counts == counted(kept)
