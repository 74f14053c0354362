"""The series of one family, by their label values, and never more than its cap."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from exporter.event.types import OTHER
from exporter.metrics.budget import LABEL_SET, LabelBudgets
from exporter.metrics.catalogue import Family
from exporter.metrics.series import Counter, Gauge, Histogram

S = TypeVar("S", Counter, Gauge, Histogram)

Rows = Callable[[float], Iterable[tuple[tuple[str, ...], float]]]
"""What a pulled family reads at every scrape: label values and value, as of an instant."""


class Table(Generic[S]):
    """The series of `family`, made on first use.

    `label_sets_max` bounds how many sets of open label values there are, each with all its closed
    ones. What comes after goes to the set whose open labels are all `_other`.
    """

    def __init__(
        self, family: Family, series_class: type[S], budgets: LabelBudgets, *, label_sets_max: int
    ) -> None:
        if series_class.__name__.lower() != family.type:
            raise TypeError(f"{family.name} is a {family.type}")
        self.family = family
        self.label_sets_max = label_sets_max * family.sets_per_open_set
        self._open_labels = family.open_labels
        self._series_class: Callable[[Family, tuple[str, ...], float], S] = series_class
        self._budgets = budgets
        self._series: dict[tuple[str, ...], S] = {}

    def get(self, values: Sequence[str], now: float) -> S:
        """Return the series of these label values, folding and counting what finds no room.

        A new series begins at `now`, Unix seconds.
        """
        names = self._open_labels
        folded = self._budgets.fold(names, values)
        if folded not in self._series and names and len(self._series) >= self.label_sets_max:
            other = self._all_other(folded)
            self._budgets.overflows[LABEL_SET] += other != folded
            folded = other
        return self._series.get(folded) or self._add(folded, now)

    def find(self, values: tuple[str, ...]) -> S | None:
        """Return the series of just these label values, if there is one."""
        return self._series.get(values)

    def all(self) -> list[S]:
        """Return the series, oldest first."""
        return list(self._series.values())

    def remove(self, series: S) -> None:
        """Take a series out; the values that only it carried make room again."""
        del self._series[series.labels]
        self._budgets.release(self._open_labels, series.labels)

    def distinct_values(self) -> dict[str, int]:
        """Return how many different values each label has here."""
        columns = zip(*self._series, strict=True)
        return {name: len(set(column)) for name, column in zip(self.family.labels, columns)}  # noqa: B905 - no series, no columns

    def __len__(self) -> int:
        return len(self._series)

    def _add(self, folded: tuple[str, ...], now: float) -> S:
        self._budgets.hold(self._open_labels, folded)
        series: S = self._series_class(self.family, folded, now)
        self._series[folded] = series
        return series

    def refresh(
        self, rows: Rows, merge: Callable[[float, float], float], now: float, *, since: float
    ) -> None:
        """Make a table of counters or gauges say what `rows` says now, and nothing else.

        Rows that fold into the same label values are merged: `operator.add` or `max`. Nothing is
        counted as an overflow, for the same rows come again with every scrape. A series that is
        new began at `since`.
        """
        seen: set[tuple[str, ...]] = set()
        for values, value in rows(now):
            labels = self._place(values)
            series = self._series.get(labels) or self._add(labels, since)
            if isinstance(series, Histogram):
                raise TypeError(f"{self.family.name} is a histogram")
            series.value = merge(series.value, value) if labels in seen else value
            seen.add(labels)
        for labels in self._series.keys() - seen:
            self.remove(self._series[labels])

    def _place(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if values in self._series:
            return values
        folded = self._budgets.peek(self._open_labels, values)
        if self._open_labels and len(self._series) >= self.label_sets_max:
            return folded if folded in self._series else self._all_other(folded)
        return folded

    def _all_other(self, values: tuple[str, ...]) -> tuple[str, ...]:
        open_count = len(self._open_labels)
        return (OTHER,) * open_count + values[open_count:]
