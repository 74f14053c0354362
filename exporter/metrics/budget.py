"""Label budgets: how many values a label may have, whatever is pushed.

A value past its label's budget is written as `_other`. A value is held for as long as some series
carries it, so a label of expiring gauges makes room again when they go.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from exporter.event.types import OTHER

log = logging.getLogger(__name__)

LABEL_SET = "label_set"
"""What an overflow is counted under when a family has no room for another set of values."""


class LabelBudgets:
    """The values in use of every open label; `values_max` says how many each may have.

    Every method takes the names of a family's open labels and, in their order, the values of a
    label set; what follows them, the values of closed labels, is left as it is.
    """

    def __init__(self, values_max: Mapping[str, int]) -> None:
        self.values_max = dict(values_max)
        self.overflows: Counter[str] = Counter()
        self.held: dict[str, Counter[str]] = {name: Counter() for name in values_max}

    def fold(self, names: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
        """Return the values with those that find no room replaced, counting each replacement."""
        folded = self.peek(names, values)
        for name, value, kept in zip(names, values, folded):  # noqa: B905 - closed labels follow
            if value != kept:
                if not self.overflows[name]:
                    log.warning("a label has no room left", extra={"fields": {"label": name}})
                self.overflows[name] += 1
        return folded

    def peek(self, names: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
        """Return what `fold` would, counting nothing: for what is read again at every scrape."""
        return (*map(self._fold_one, names, values), *values[len(names) :])

    def _fold_one(self, name: str, value: str) -> str:
        held = self.held[name]
        if not value or value in held or len(held) < self.values_max[name]:
            return value
        return OTHER

    def hold(self, names: Sequence[str], values: Sequence[str]) -> None:
        """Note that one more series carries these values."""
        for name, value in zip(names, values):  # noqa: B905 - closed labels follow
            if value and value != OTHER:
                self.held[name][value] += 1

    def release(self, names: Sequence[str], values: Sequence[str]) -> None:
        """Note that one series fewer carries these values."""
        for name, value in zip(names, values):  # noqa: B905 - closed labels follow
            if value and value != OTHER:
                held = self.held[name]
                held[value] -= 1
                if not held[value]:
                    del held[value]

    def overflowed(self) -> dict[str, int]:
        """Return how many events were folded, by label, and by label set."""
        return {name: self.overflows[name] for name in (*self.values_max, LABEL_SET)}

    def values(self, name: str) -> int:
        """Return how many values of a label are in use, `_other` not among them."""
        return len(self.held[name])


class GuestBudgets(LabelBudgets):
    """What families that are read at every scrape hold: room that the recorded ones leave.

    They never take it from those. Where an event is counted must not depend on who scraped before
    it, or a replay, which nobody scrapes, would count it elsewhere.
    """

    def __init__(self, hosts: LabelBudgets) -> None:
        super().__init__(hosts.values_max)
        self.values_max = hosts.values_max
        self._hosts = hosts

    def _fold_one(self, name: str, value: str) -> str:
        recorded, held = self._hosts.held[name], self.held[name]
        if not value or value in recorded or value in held:
            return value
        return value if len(recorded) + len(held) < self.values_max[name] else OTHER
