"""The series themselves: one small object for each set of label values of a family.

Each keeps the text that stands before its numbers, and the text of its last rendering with the
state that belongs to it. Both are made at the first scrape that asks, so that a push of many new
series does not wait for them. A scrape compares states and re-writes only what moved: an unchanged
series costs an attribute read, a changed one its `repr`. Recording stays a plain addition; it
does not have to mark anything. What is ugly: `value`, `sums` and `counts` are written from outside
(`exporter.metrics.recorder`), because a method call an observation would double the cost of it.
"""

import math
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import accumulate, repeat
from operator import add, truediv

from exporter.metrics.catalogue import Family
from exporter.metrics.text import number, sample_prefix

_MILLION = 1_000_000
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
    """

    __slots__ = (
        "_created_line",
        "_family",
        "_prefix",
        "_rendered",
        "_text",
        "created",
        "labels",
        "value",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        self.labels = labels
        self.value: float = 0
        self.created = created
        self._family = family
        self._prefix = ""
        self._created_line = ""
        self._rendered: float = -1
        self._text = ""

    def text(self) -> str:
        """Return the sample's line."""
        if self.value != self._rendered:
            self._rendered = self.value
            self._prefix = self._prefix or _prefix(self._family, self.labels)
            self._text = f"{self._prefix}{number(self.value)}\n"
        return self._text

    def openmetrics(self) -> str:
        """Return the sample's line and the line that says when it began."""
        self._created_line = self._created_line or _created(self._family, self.labels, self.created)
        return self.text() + self._created_line


class Gauge:
    """A value that goes up and down.

    `updated_at` is the instant of its reading, `ends_at` the one from which on that says nothing
    more, both in Unix seconds.
    """

    __slots__ = ("_prefix", "_rendered", "_text", "ends_at", "labels", "updated_at", "value")

    def __init__(self, family: Family, labels: tuple[str, ...], updated_at: float) -> None:
        self.labels = labels
        self.value = 0.0
        self.updated_at = updated_at
        self.ends_at = math.inf
        self._prefix = sample_prefix(
            family.sample_name, tuple(zip(family.labels, labels, strict=True))
        )
        self._rendered: float | None = None
        self._text = ""

    def read(self, value: float, at: float, now: float, *, ends_at: float = math.inf) -> None:
        """Take a reading made at `at`, Unix seconds; one older than the last changes nothing.

        A last one that was made ahead of `now` is no better, for the clock has stepped back since;
        nor is one that has ended, whether or not anybody has looked since.
        """
        if at >= self.updated_at or self.updated_at > now or self.ends_at <= now:
            self.value = value
            self.updated_at = at
            self.ends_at = ends_at

    def text(self) -> str:
        """Return the sample's line."""
        if self.value != self._rendered:
            self._rendered = self.value
            self._text = f"{self._prefix}{number(self.value)}\n"
        return self._text

    def openmetrics(self) -> str:
        """Return the sample's line; a gauge has no beginning."""
        return self.text()


class Histogram:
    """Observations counted by bucket. `counts` are not cumulative; the last one is `+Inf`."""

    __slots__ = (
        "_created_line",
        "_family",
        "_large",
        "_rendered",
        "_template",
        "_text",
        "bounds",
        "counts",
        "created",
        "exemplars",
        "labels",
        "sum",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        self.labels = labels
        self.bounds = family.buckets
        self.counts = [0] * (len(family.buckets) + 1)
        self.sum: float = 0
        self.created = created
        self.exemplars: dict[int, Exemplar] = {}
        self._family = family
        self._template = ""
        self._large = ""
        self._created_line = ""
        self._rendered: list[int] = []
        self._text = ""

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

    def text(self) -> str:
        """Return the lines of every bucket, of the count and of the sum."""
        if self.counts != self._rendered:
            self._rendered = self.counts.copy()
            cumulative = list(accumulate(self.counts))
            count = cumulative[-1]
            if count < _MILLION:
                # Where Go does not turn to exponents, a count is its digits and ".0".
                self._template = self._template or _template(self._family, self.labels, "%d.0")
                self._text = self._template % (*cumulative, count, number(self.sum))
            else:
                texts = [number(below) for below in cumulative]
                self._large = self._large or _template(self._family, self.labels, "%s")
                self._text = self._large % (*texts, texts[-1], number(self.sum))
        return self._text

    def openmetrics(self) -> str:
        """Return the same lines, with exemplars and the line that says when it began."""
        self._created_line = self._created_line or _created(self._family, self.labels, self.created)
        if not self.exemplars:
            return self.text() + self._created_line
        lines = self.text().split("\n")
        for index, exemplar in self.exemplars.items():
            labels = sample_prefix("", [("trace_id", exemplar.trace_id)])
            lines[index] += f" # {labels}{number(exemplar.value)} {exemplar.at}"
        return "\n".join(lines) + self._created_line


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


def _prefix(family: Family, labels: tuple[str, ...]) -> str:
    return sample_prefix(family.sample_name, tuple(zip(family.labels, labels, strict=True)))


def _created(family: Family, labels: tuple[str, ...], created: float) -> str:
    pairs = tuple(zip(family.labels, labels, strict=True))
    return f"{sample_prefix(f'{family.name}_created', pairs)}{number(created)}\n"


def _template(family: Family, labels: tuple[str, ...], count: str) -> str:
    """Return the lines of a histogram with `count` in the place of each count, `%s` of the sum.

    One formatting of all lines at once takes 0.2 us a line, one for each line 0.5 us.
    """
    pairs = tuple(zip(family.labels, labels, strict=True))
    prefixes = [
        *(
            sample_prefix(f"{family.name}_bucket", (*pairs, ("le", number(bound))))
            for bound in (*family.buckets, float("inf"))
        ),
        sample_prefix(f"{family.name}_count", pairs),
    ]
    lines = "".join(f"{prefix.replace('%', '%%')}{count}\n" for prefix in prefixes)
    return f"{lines}{sample_prefix(f'{family.name}_sum', pairs).replace('%', '%%')}%s\n"


Series = Counter | Gauge | Histogram
