"""The series themselves: one small object for each set of label values of a family.

Each keeps the text that stands before its numbers, and the text of its last rendering with the
state that belongs to it. A scrape compares states and re-writes only what moved: an unchanged
series costs an attribute read, a changed one its `repr`. Recording stays a plain addition; it
does not have to mark anything. What is ugly: `value`, `sums` and `counts` are written from outside
(`exporter.metrics.recorder`), because a method call an observation would double the cost of it.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from exporter.metrics.catalogue import Family
from exporter.metrics.text import number, sample_prefix

EXEMPLAR_LENGTH_MAX = 128
"""Characters that the label names and values of an exemplar may have, by OpenMetrics 1.0.0."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for those of its bucket, and the trace it belongs to."""

    trace_id: str
    value: float
    at: float


class Counter:
    """A sum that only grows. `created` is when it began, in Unix seconds."""

    __slots__ = ("_created_line", "_prefix", "_rendered", "_text", "created", "labels", "value")

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        pairs = tuple(zip(family.labels, labels, strict=True))
        self.labels = labels
        self.value = 0.0
        self.created = created
        self._prefix = sample_prefix(family.sample_name, pairs)
        self._created_line = f"{sample_prefix(f'{family.name}_created', pairs)}{number(created)}\n"
        self._rendered = -1.0
        self._text = ""

    def text(self) -> str:
        """Return the sample's line."""
        if self.value != self._rendered:
            self._rendered = self.value
            self._text = f"{self._prefix}{number(self.value)}\n"
        return self._text

    def openmetrics(self) -> str:
        """Return the sample's line and the line that says when it began."""
        return self.text() + self._created_line


class Gauge:
    """A value that goes up and down. `updated_at` is the last reading's arrival, Unix seconds."""

    __slots__ = ("_prefix", "_rendered", "_text", "labels", "updated_at", "value")

    def __init__(self, family: Family, labels: tuple[str, ...], updated_at: float) -> None:
        self.labels = labels
        self.value = 0.0
        self.updated_at = updated_at
        self._prefix = sample_prefix(
            family.sample_name, tuple(zip(family.labels, labels, strict=True))
        )
        self._rendered: float | None = None
        self._text = ""

    def read(self, value: float, now: float) -> None:
        """Take a reading that arrived at `now`, Unix seconds."""
        self.value = value
        self.updated_at = now

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
        "_count_prefix",
        "_created_line",
        "_prefixes",
        "_rendered",
        "_sum_prefix",
        "_text",
        "bounds",
        "counts",
        "created",
        "exemplars",
        "labels",
        "sum",
    )

    def __init__(self, family: Family, labels: tuple[str, ...], created: float) -> None:
        pairs = tuple(zip(family.labels, labels, strict=True))
        self.labels = labels
        self.bounds = family.buckets
        self.counts = [0] * (len(family.buckets) + 1)
        self.sum = 0.0
        self.created = created
        self.exemplars: dict[int, Exemplar] = {}
        self._prefixes = tuple(
            sample_prefix(f"{family.name}_bucket", (*pairs, ("le", number(bound))))
            for bound in (*family.buckets, float("inf"))
        )
        self._count_prefix = sample_prefix(f"{family.name}_count", pairs)
        self._sum_prefix = sample_prefix(f"{family.name}_sum", pairs)
        self._created_line = f"{sample_prefix(f'{family.name}_created', pairs)}{number(created)}\n"
        self._rendered: list[int] = []
        self._text = ""

    def observe(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def observe_traced(self, value: float, trace_id: str, at: float) -> None:
        """Count one observation and keep it as its bucket's exemplar, where it fits in one."""
        self.observe(value)
        if len(trace_id) + len("trace_id") <= EXEMPLAR_LENGTH_MAX:
            self.exemplars[bisect_left(self.bounds, value)] = Exemplar(trace_id, value, at)

    def text(self) -> str:
        """Return the lines of every bucket, of the count and of the sum."""
        if self.counts != self._rendered:
            self._rendered = self.counts.copy()
            self._text = "".join(self._lines())
        return self._text

    def openmetrics(self) -> str:
        """Return the same lines, with exemplars and the line that says when it began."""
        if not self.exemplars:
            return self.text() + self._created_line
        lines = self._lines()
        for index, exemplar in self.exemplars.items():
            labels = sample_prefix("", [("trace_id", exemplar.trace_id)])
            lines[index] = f"{lines[index][:-1]} # {labels}{number(exemplar.value)} {exemplar.at}\n"
        return "".join(lines) + self._created_line

    def _lines(self) -> list[str]:
        lines = [
            f"{prefix}{number(count)}\n"
            for prefix, count in zip(self._prefixes, accumulate(self.counts), strict=True)
        ]
        lines.append(f"{self._count_prefix}{number(sum(self.counts))}\n")
        lines.append(f"{self._sum_prefix}{number(self.sum)}\n")
        return lines


Series = Counter | Gauge | Histogram
