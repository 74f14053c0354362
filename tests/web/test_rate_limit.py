"""A token bucket against a plain count of what may pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.web_file import RateLimit
from exporter.web.rate_limit import TokenBucket, retry_after_secs


def test_a_burst_passes_at_once_and_then_one_an_interval() -> None:
    """Who comes too early is told how long it is until the next may pass."""
    bucket = TokenBucket(RateLimit(2.0, 3))
    assert [bucket.take(10.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert bucket.take(11.5) == 0.5
    assert bucket.take(12.0) == 0
    assert bucket.take(12.0) == 2.0


def test_a_rest_gathers_one_burst_and_no_more() -> None:
    """However long nobody came, no more than a burst may pass at once."""
    bucket = TokenBucket(RateLimit(1.0, 2))
    assert [bucket.take(1e6) for _ in range(3)] == [0, 0, 1.0]
    assert [bucket.take(2e6) for _ in range(3)] == [0, 0, 1.0]


@given(
    interval_secs=st.integers(1, 5),
    burst=st.integers(1, 5),
    pauses_secs=st.lists(st.integers(0, 12), max_size=50),
)
def test_in_no_stretch_of_time_more_pass_than_burst_and_interval_allow(
    interval_secs: int, burst: int, pauses_secs: list[int]
) -> None:
    """Between any two that pass lie no more than a burst and one for every whole interval."""
    bucket = TokenBucket(RateLimit(float(interval_secs), burst))
    now, passed = 0, []
    for pause_secs in pauses_secs:
        now += pause_secs
        wait_secs = bucket.take(now)
        if not wait_secs:
            passed.append(now)
        else:
            assert 0 < wait_secs <= interval_secs
    for first, began in enumerate(passed):
        for last, ended in enumerate(passed[first:]):
            assert last + 1 <= burst + (ended - began) / interval_secs


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_whoever_waits_as_long_as_told_may_pass(pauses_secs: list[int]) -> None:
    """The wait that is told is enough."""
    bucket, now = TokenBucket(RateLimit(3.0, 2)), 0.0
    for pause_secs in pauses_secs:
        now += pause_secs
        wait_secs = bucket.take(now)
        if wait_secs:
            now += retry_after_secs(wait_secs)
            assert bucket.take(now) == 0


@pytest.mark.parametrize(("wait_secs", "told"), [(0.001, 1), (1.0, 1), (1.2, 2), (3600.0, 3600)])
def test_whole_seconds_are_told(wait_secs: float, told: int) -> None:
    """`Retry-After` has no fractions, and 0 would mean at once."""
    assert retry_after_secs(wait_secs) == told
