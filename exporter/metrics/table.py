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


def _keep_all(_now: float) -> None:
    """Take nothing out: where no series expires, none makes room."""


class Table(Generic[S]):
    """The series of `family`, made on first use.

    `label_sets_max` bounds how many sets of open label values there are, each with all its closed
    ones. What comes after goes to the set whose open labels are all `_other`. `make_room` is called
    with `now` before anything is folded: what has expired need not have been taken out yet.
    """

    def __init__(
        self,
        family: Family,
        series_class: type[S],
        budgets: LabelBudgets,
        *,
        label_sets_max: int,
        make_room: Callable[[float], None] = _keep_all,
    ) -> None:
        if series_class.__name__.lower() != family.type:
            raise TypeError(f"{family.name} is a {family.type}")
        self.family = family
        self.label_sets_max = label_sets_max * family.sets_per_open_set
        self._open_labels = family.open_labels
        self._series_class: Callable[[Family, tuple[str, ...], float], S] = series_class
        self._budgets = budgets
        self._make_room = make_room
        self._series: dict[tuple[str, ...], S] = {}

    def get(self, values: Sequence[str], now: float, *, since: float | None = None) -> S:
        """Return the series of these label values, folding and counting what finds no room.

        A new series began at `since`, by default `now`, both in Unix seconds.
        """
        labels = tuple(values)
        series = self._series.get(labels)
        if series is not None:
            return series
        if not self._has_room(labels):
            self._make_room(now)
            labels = self._folded(labels)
        return self.join(labels, now if since is None else since)

    def join(self, labels: tuple[str, ...], since: float) -> S:
        """Return the series of label values that were placed before, in this family or another."""
        return self._series.get(labels) or self._add(labels, since)

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

    @property
    def series_count(self) -> int:
        """How many series it exposes: a histogram's label set has several."""
        return len(self._series) * self.family.lines_per_label_set

    @property
    def series_max(self) -> int | None:
        """How many it may expose; `None` where what is pushed cannot make it grow."""
        if not self._open_labels:
            return None
        return self.label_sets_max * self.family.lines_per_label_set

    def __len__(self) -> int:
        return len(self._series)

    def _has_room(self, labels: tuple[str, ...]) -> bool:
        if not self._open_labels:
            return True
        full = len(self._series) >= self.label_sets_max
        return not full and self._budgets.peek(self._open_labels, labels) == labels

    def _folded(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        folded = self._budgets.fold(self._open_labels, labels)
        if folded in self._series or len(self._series) < self.label_sets_max:
            return folded
        other = self._all_other(folded)
        self._budgets.overflows[LABEL_SET] += other != folded
        return other

    def _add(self, labels: tuple[str, ...], since: float) -> S:
        self._budgets.hold(self._open_labels, labels)
        series: S = self._series_class(self.family, labels, since)
        self._series[labels] = series
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
