"""A histogram whose quantiles are asked again and again, while it changes a little in between.

Most of what quantiles take is to put the buckets in order: 4 us of 6 for forty of them. So they
stay in order, and to count one more takes 0.3 us.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from math import ceil

from exporter.store.latency import MIDDLES_MS, Counts


class Ranks:
    """How many latencies there are in each bucket, the buckets in order."""

    __slots__ = ("_buckets", "_counts")

    def __init__(self, counts: Counts) -> None:
        self._buckets = sorted(counts)
        self._counts = [counts[index] for index in self._buckets]

    def add(self, index: int) -> None:
        """Count one more in the bucket with that index."""
        buckets = self._buckets
        place = bisect_left(buckets, index)
        if place < len(buckets) and buckets[place] == index:
            self._counts[place] += 1
        else:
            buckets.insert(place, index)
            self._counts.insert(place, 1)

    def remove(self, counts: Counts) -> None:
        """Take out what was counted before."""
        for index, count in counts.items():
            place = bisect_left(self._buckets, index)
            left = self._counts[place] - count
            if left:
                self._counts[place] = left
            else:
                del self._buckets[place], self._counts[place]

    def quantiles_ms(self, quantiles: Iterable[float]) -> tuple[int, list[float | None]]:
        """Return the number of samples, and an estimate of each quantile in milliseconds.

        An estimate is within 4.5 % of the exact sample from 0.1 ms to 24 hours; a sample beyond is
        told as one at the end of that range. The exact sample of the quantile q is the one at rank
        ceil(q * n) of the n sorted samples. `quantiles` lie in (0, 1]. Without samples every answer
        is `None`.
        """
        buckets, reached = self._buckets, list(accumulate(self._counts))
        samples = reached[-1] if reached else 0
        if not samples:
            return 0, [None for _ in quantiles]
        answers: list[float | None] = []
        for quantile in quantiles:
            place = bisect_left(reached, ceil(quantile * samples))
            answers.append(MIDDLES_MS[buckets[place]])
        return samples, answers
