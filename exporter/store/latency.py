"""A histogram of latencies whose buckets grow exponentially, in base 2.

Eight buckets to every doubling make a bucket 9.1 % wide, so its geometric middle is within 4.5 %
of whatever fell into it, from a tenth of a millisecond to a day. What is shorter or longer counts
in the first bucket or in the last, so there are never more than 239, with nothing to configure.
Counts are kept sparsely, in a plain dict from bucket to count: adding one is two dict operations,
and histograms of the same thing at different times add and subtract exactly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from math import ceil, inf, log2, nextafter
from typing import Final

from exporter.event.types import MILLISECONDS_MAX

Counts = dict[int, int]

BUCKETS_PER_DOUBLING: Final = 8.0

# With this much added the buckets of the range are positive: there truncating rounds down, which
# is cheaper than `floor`.
OFFSET: Final = 28.0

ZERO: Final = 0
FIRST: Final = 1
"""The bucket of 0.1 ms, and of what is shorter but not zero."""
LAST: Final = 238
"""The bucket of 24 hours, and of what is longer."""


def bucket(latency_ms: float) -> int:
    """Return the bucket of a latency in milliseconds, which is not negative."""
    if latency_ms > 0.0:
        index = int(log2(latency_ms) * BUCKETS_PER_DOUBLING + OFFSET)
        if FIRST <= index <= LAST:  # Calls to `min` and `max` take as long as all the rest.
            return index
        return FIRST if index < FIRST else LAST
    return ZERO


def _start_ms(index: int) -> float:
    """Return the least latency that `bucket` puts into one."""
    latency_ms = float(2.0 ** ((index - OFFSET) / BUCKETS_PER_DOUBLING))
    while bucket(latency_ms) >= index:
        latency_ms = nextafter(latency_ms, 0.0)
    while bucket(latency_ms) < index:
        latency_ms = nextafter(latency_ms, inf)
    return latency_ms


_STARTS_MS: Final = tuple(map(_start_ms, range(FIRST + 1, LAST + 1)))


def count_all(counts: Counts, latencies_ms: Iterable[float]) -> None:
    """Add every latency to the count of its `bucket`: many at once, in a third of the time.

    Sorted, the latencies of a bucket are neighbours, and two searches find the first and the last.
    """
    ascending = sorted(latencies_ms)
    end = len(ascending)
    place = bisect_right(ascending, 0.0)
    if place:
        counts[ZERO] = counts.get(ZERO, 0) + place
    while place < end:
        above = bisect_right(_STARTS_MS, ascending[place])
        first = place
        last = above == len(_STARTS_MS)
        place = end if last else bisect_left(ascending, _STARTS_MS[above], place)
        counts[FIRST + above] = counts.get(FIRST + above, 0) + place - first


def _middle_ms(index: int) -> float:
    return float(2.0 ** ((index + 0.5 - OFFSET) / BUCKETS_PER_DOUBLING))


MIDDLES_MS: Final = (0.0, *map(_middle_ms, range(FIRST, LAST + 1)))
"""The latency that stands for each bucket: its geometric middle."""


def _starts_us(index: int) -> float:
    return float(1e3 * 2.0 ** ((index - OFFSET) / BUCKETS_PER_DOUBLING))


_LEAST_US: Final = (0.0, 0.0, *map(_starts_us, range(FIRST + 1, LAST + 1)))
_MOST_US: Final = (0.0, *map(_starts_us, range(FIRST + 1, LAST + 1)), MILLISECONDS_MAX * 1e3)


def sum_range_us(counts: Counts) -> tuple[float, float]:
    """Return the least and the most that such latencies may add up to, in microseconds."""
    least = most = 0.0
    for index, count in counts.items():
        least += count * _LEAST_US[index]
        most += count * _MOST_US[index]
    return least, most


def merge(into: Counts, counts: Counts) -> None:
    """Add `counts` to `into`."""
    if len(into) < len(counts):
        # Copying is done in C: 45 buckets into 3 take 0.9 us, and 3.8 one by one.
        fewer = into.copy()
        into.clear()
        into.update(counts)
        counts = fewer
    for index, count in counts.items():
        into[index] = into.get(index, 0) + count


def remove(out_of: Counts, counts: Counts) -> None:
    """Take `counts`, which were merged before, out of `out_of` again."""
    for index, count in counts.items():
        left = out_of[index] - count
        if left:
            out_of[index] = left
        else:
            del out_of[index]


def quantile_ms(counts: Counts, quantile: float) -> float | None:
    """Return one of those that `exporter.store.ranks` estimates; a high one is found the sooner."""
    total = sum(counts.values())
    above = total - ceil(quantile * total)
    for index in sorted(counts, reverse=True):
        above -= counts[index]
        if above < 0:
            return MIDDLES_MS[index]
    return None
