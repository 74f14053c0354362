"""The series themselves: one small object for each set of label values of a family.

Recording is a plain addition; what has changed since the last scrape, the next one finds out. What
is ugly: `value`, `sum` and `counts` are written from outside (`exporter.metrics.recorder`), because
a method call an observation would double the cost of it; and what a scrape keeps of a series to
write the next one sooner (`exporter.metrics.lines`) stands in slots of its own, because an object
more a series takes 60 bytes.
"""

import math
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import repeat
from operator import add, truediv

from exporter.metrics.catalogue import Family

_MS_PER_SECOND = 1_000.0
_SUM_ADDS_IN_TURN = sys.version_info < (3, 12)

_TRACE_ID = re.compile(r"[0-9A-Za-z_.:/-]{1,120}")
"""With the label's name, 128 characters at the most, by OpenMetrics 1.0.0; and none to escape,
because not every parser takes those in an exemplar."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for those of its bucket, and the trace it belongs to."""

    trace_id: str
    value: float
    at: float


def added(total: float, values: Iterable[float]) -> float:
    """Return the total with each value added in turn.

    `sum` does so up to Python 3.11, in a quarter of the time. From 3.12 on it rounds but once, and
    so comes to another total where the same values come in other batches. A replay has other
    batches, and must not come to less.
    """
    return sum(values, total) if _SUM_ADDS_IN_TURN else reduce(add, values, total)


class Counter:
    """A sum that only grows. `created` is when it began, in Unix seconds.

    `value` stays an integer where only integers are added, so that it is exact however large.
    `line` is its last text, `rendered` the value it tells, and `number_at` where in it that stands.
    """

    __slots__ = (
        "created",
        "created_line",
        "family",
        "labels",
        "line",
        "number_at",
        "rendered",
        "value",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        self.labels = labels
        self.value: float = 0
        self.created = created
        self.family = family
        self.line = self.created_line = ""
        self.number_at = 0
        self.rendered: float | None = None


class Gauge:
    """A value that goes up and down.

    `updated_at` is the instant of its reading, `ends_at` the one from which on that says nothing
    more, both in Unix seconds. What a scrape keeps is a counter's.
    """

    __slots__ = (
        "ends_at",
        "family",
        "labels",
        "line",
        "number_at",
        "rendered",
        "updated_at",
        "value",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], updated_at: float) -> None:
        self.labels = labels
        self.value = 0.0
        self.updated_at = updated_at
        self.ends_at = math.inf
        self.family = family
        self.line = ""
        self.number_at = 0
        self.rendered: float | None = None

    def read(self, value: float, at: float, now: float, *, ends_at: float = math.inf) -> None:
        """Take a reading made at `at`, Unix seconds; one older than the last changes nothing.

        A last one that was made ahead of `now` is no better, for the clock has stepped back since;
        nor is one that has ended, whether or not anybody has looked since.
        """
        if at >= self.updated_at or self.updated_at > now or self.ends_at <= now:
            self.value = value
            self.updated_at = at
            self.ends_at = ends_at


class Histogram:
    """Observations counted by bucket. `counts` are not cumulative; the last one is `+Inf`.

    `lines` is its last text, `rendered` the counts it tells, and `pieces` what it was joined of.
    """

    __slots__ = (
        "bounds",
        "counts",
        "created",
        "created_line",
        "exemplars",
        "family",
        "labels",
        "lines",
        "pieces",
        "rendered",
        "sum",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        self.labels = labels
        self.bounds = family.buckets
        self.counts = [0] * (len(family.buckets) + 1)
        self.sum: float = 0
        self.created = created
        self.exemplars: dict[int, Exemplar] = {}
        self.family = family
        self.pieces: list[str] = []
        self.lines = self.created_line = ""
        self.rendered: list[int] = []

    def observe(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def observe_all(self, values: Sequence[float]) -> None:
        """Count many observations at once."""
        self.sum = added(self.sum, values)
        self._count(values, self.bounds)

    def observe_all_ms(self, values_ms: Sequence[float]) -> None:
        """Count many observations of seconds that are told in milliseconds.

        To make a list of them in seconds would take as long as all the rest.
        """
        self.sum = added(self.sum, map(truediv, values_ms, repeat(_MS_PER_SECOND)))
        self._count(values_ms, _in_ms(self.bounds))

    def _count(self, values: Sequence[float], bounds: tuple[float, ...]) -> None:
        counts = self.counts
        ascending = sorted(values)
        # Only the bounds in between divide them: most of a family's do not.
        first, last = bisect_left(bounds, ascending[0]), bisect_left(bounds, ascending[-1])
        below = 0
        for index in range(first, last):
            up_to = bisect_right(ascending, bounds[index], below)
            counts[index] += up_to - below
            below = up_to
        counts[last] += len(ascending) - below

    def exemplify(self, value: float, trace_id: str, at: float) -> None:
        """Keep an observation as its bucket's exemplar, where its trace has an id that fits."""
        if _TRACE_ID.fullmatch(trace_id):
            self.exemplars[bisect_left(self.bounds, value)] = Exemplar(trace_id, value, at)


@lru_cache
def _in_ms(bounds: tuple[float, ...]) -> tuple[float, ...]:
    """Return bounds in seconds as milliseconds: of all that is within in seconds, the most."""
    return tuple(map(_most_ms, bounds))


def _most_ms(seconds: float) -> float:
    most = seconds * _MS_PER_SECOND
    while most / _MS_PER_SECOND > seconds:
        most = math.nextafter(most, 0.0)
    while (more := math.nextafter(most, math.inf)) / _MS_PER_SECOND <= seconds:
        most = more
    return most


Series = Counter | Gauge | Histogram
