"""Bundles: the series that one set of open labels writes together, found in one look-up."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from exporter.metrics.catalogue import Family
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Histogram
from exporter.metrics.table import Table

B = TypeVar("B")


class Bundles(Generic[B]):
    """The bundles of a family with an outcome, by the labels that its series really carry.

    Labels that were folded do not lead here by themselves, so each folded event asks the table
    again and is counted there; and there are never more bundles than the table has label sets.
    """

    def __init__(
        self, outcomes: Table[Counter], make: Callable[[tuple[str, ...], float], B]
    ) -> None:
        self._outcomes = outcomes
        self._make = make
        self._bundles: dict[tuple[str, ...], B] = {}

    def find(self, labels: tuple[str, ...], now: float) -> B:
        """Return the bundle for these open labels, made at `now` if it is the first."""
        bundle = self._bundles.get(labels)
        if bundle is not None:
            return bundle
        placed = self._outcomes.get((*labels, "success"), now).labels[:-1]
        bundle = self._bundles.get(placed)
        if bundle is None:
            bundle = self._bundles[placed] = self._make(placed, now)
        return bundle

    def all(self) -> Iterable[B]:
        """Return every bundle."""
        return self._bundles.values()


class OutcomeSeries:
    """A counter for each outcome and a histogram of durations: requests and tool calls."""

    def __init__(
        self,
        registry: Registry,
        counts: Family,
        durations: Family,
        labels: tuple[str, ...],
        now: float,
    ) -> None:
        table = registry.counters(counts)
        self._labels = labels
        self._success = table.get((*labels, "success"), now)
        self._error = table.get((*labels, "error"), now)
        self._durations = registry.histograms(durations)
        self._duration: Histogram | None = None

    def record(self, *, success: bool, duration_ms: float | None) -> None:
        """Count one that ended; a duration of `None` is unknown and observed nowhere."""
        if success:
            self._success.value += 1
        else:
            self._error.value += 1
        if duration_ms is not None:
            if self._duration is None:
                self._duration = self._durations.join(self._labels, self._success.created)
            self._duration.observe(duration_ms / 1000)
