"""A histogram kept in order: it is what the samples in it make it, however they came and went."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.pipeline.turns import finish
from exporter.store.bounds import Bounds
from exporter.store.latency import MIDDLES_MS, Counts
from exporter.store.open_slot import FEW, WAITING_MAX
from exporter.store.ranks import Ranks
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion
from tests.store.filled import restored
from tests.store.histories import ages, steps_ahead

ROOMY = Bounds(window_secs=60.0, slots=24)
QUANTILES = (0.01, 0.5, 0.95, 0.99, 1.0)

buckets = st.integers(0, 238)
histograms = st.dictionaries(buckets, st.integers(1, 9), max_size=20)


def expected_ms(samples: list[int]) -> list[float | None]:
    """Return the middle of the bucket at rank ceil(q * n), from all of them in a list."""
    if not samples:
        return [None for _ in QUANTILES]
    ascending = sorted(samples)
    return [MIDDLES_MS[ascending[ceil(q * len(samples)) - 1]] for q in QUANTILES]


def spread_out(counts: Counts) -> list[int]:
    """Return the bucket of every sample."""
    return [index for index, count in counts.items() for _ in range(count)]


@given(histograms, st.lists(buckets, max_size=20), histograms)
def test_quantiles_are_those_of_the_samples(
    counts: Counts, added: list[int], passing: Counts
) -> None:
    """Of those it began with and those added, without those that were taken out, to the bit."""
    samples = spread_out(counts) + added
    before = counts.copy()
    for index, count in passing.items():
        before[index] = before.get(index, 0) + count
    ranks = Ranks(before)
    for index in added:
        ranks.add(index)
    ranks.remove(passing)
    assert ranks.quantiles_ms(QUANTILES) == (len(samples), expected_ms(samples))


@given(histograms)
def test_nothing_is_left_of_what_was_taken_out(counts: Counts) -> None:
    """Taking everything out leaves no sample, and what comes then is alone."""
    ranks = Ranks(counts)
    ranks.remove(counts)
    assert ranks.quantiles_ms([0.5]) == (0, [None])
    ranks.add(100)
    assert ranks.quantiles_ms([0.5]) == (1, [MIDDLES_MS[100]])


numbers = st.sampled_from([0, 1, 1, 2, FEW, FEW + 1, WAITING_MAX, WAITING_MAX + 1])
readers = st.sampled_from(["models", "timeline", "nobody"])


@given(st.lists(st.tuples(steps_ahead, ages, numbers, readers), max_size=12))
def test_a_window_that_is_read_tells_the_same_as_a_fresh_one(
    history: list[tuple[float, float, int, str]],
) -> None:
    """However many came since, late or not, and whoever read them or nobody."""
    store, now, told = TelemetryStore(**ROOMY), NOW, 0
    for secs, age_secs, number, reader in history:
        now += secs
        latencies_ms = [1.07 ** (37 * (told + one) % 90) for one in range(number)]
        told += number
        store.apply([completion(latency_ms=ms, at=now - age_secs) for ms in latencies_ms], now)
        if reader == "timeline":
            finish(store.board.timeline(now=now, limit=9, points_max=24))
        if reader != "nobody":
            answer = store.model_performances(now=now)
            assert answer == restored(store.save(), **ROOMY).model_performances(now=now)


@pytest.mark.parametrize("late", [False, True])
def test_what_is_taken_in_is_in_the_quantiles(*, late: bool) -> None:
    """What another exporter knew of a model that was read before, late or not."""
    store = TelemetryStore(**ROOMY)
    store.apply([completion(latency_ms=10.0)], NOW)
    before = store.model_performance("m", now=NOW).p50_latency_ms
    store.apply([completion(latency_ms=10.0)], NOW)
    at = NOW - 20 if late else NOW
    other = TelemetryStore(**ROOMY)
    other.apply([completion(latency_ms=5000.0, at=at) for _ in range(3)], NOW)
    summary = b"".join(other.summary(now=NOW, export_id="x"))
    store.absorb(decode_summary(summary, now=NOW, window_secs=60.0), NOW)
    after = store.model_performance("m", now=NOW)
    assert before == pytest.approx(10.0, rel=0.045)
    assert after.p50_latency_ms == pytest.approx(5000.0, rel=0.045)
