"""The series of agents' work beside their calls: which family an activity counts in."""

from typing import Final

from exporter.event.types import UNKNOWN, Activity, ActivityKind
from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter

PLACES: Final[dict[ActivityKind, tuple[Family, str | None]]] = {
    "session": (catalogue.SESSIONS, None),
    "lines_added": (catalogue.LINES_OF_CODE, "added"),
    "lines_removed": (catalogue.LINES_OF_CODE, "removed"),
    "commit": (catalogue.COMMITS, None),
    "pull_request": (catalogue.PULL_REQUESTS, None),
    "active_cli": (catalogue.ACTIVE_SECONDS, "cli"),
    "active_user": (catalogue.ACTIVE_SECONDS, "user"),
    "edit_accepted": (catalogue.EDIT_DECISIONS, "accepted"),
    "edit_rejected": (catalogue.EDIT_DECISIONS, "rejected"),
    "user_wait": (catalogue.USER_WAIT, None),
}
"""By kind of activity, its family and the value of the family's closed label, if it has one."""


class ActivitySeries:
    """Counts activities in the series of `registry`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def record(self, event: Activity, now: float) -> None:
        """Add an activity up; `now`, Unix seconds, is when a series it is the first of begins."""
        family, closed = PLACES[event.kind]
        named = {"agent": event.agent, "tool": event.tool or UNKNOWN}
        labels = tuple(named[name] for name in family.open_labels)
        amount = 1.0 if event.amount is None else event.amount
        self._counter(family, labels, closed, now).value += amount

    def _counter(
        self, family: Family, labels: tuple[str, ...], closed: str | None, now: float
    ) -> Counter:
        table = self._registry.counters(family)
        if closed is None:
            return table.get(labels, now)
        found = table.find((*labels, closed))
        if found is None:
            # All values at once, so that `rate()` sees the first of each.
            placed = table.get((*labels, closed), now).labels[:-1]
            for value in family.closed_labels[0].values:
                table.get((*placed, value), now)
            found = table.get((*placed, closed), now)
        return found
