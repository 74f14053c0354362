"""Seconds that are told in milliseconds: counted as if each had been divided and observed alone."""

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import MILLISECONDS_MAX
from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family
from exporter.metrics.series import Histogram

FAMILIES = (catalogue.COMPLETION_DURATION, catalogue.COMPLETION_TTFT)

bounds_ms = st.sampled_from([bound * 1000 for family in FAMILIES for bound in family.buckets])
near_bounds_ms = (
    bounds_ms
    | bounds_ms.map(lambda ms: nextafter(ms, 0))
    | bounds_ms.map(lambda ms: nextafter(ms, inf))
)


@pytest.mark.parametrize("family", FAMILIES)
@given(st.lists(near_bounds_ms | st.floats(0, MILLISECONDS_MAX), min_size=1))
def test_many_milliseconds_are_each_of_them_in_seconds(
    family: Family, values_ms: list[float]
) -> None:
    """To the last bit of the sum, and of where a bucket ends."""
    together, alone = (Histogram(family, ("a", "p", "m"), 0.0) for _ in range(2))
    together.observe_all_ms(values_ms)
    for value_ms in values_ms:
        alone.observe(value_ms / 1000)
    assert together.counts == alone.counts
    assert together.sum == alone.sum
