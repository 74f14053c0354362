"""Every table, in the order of the catalogue: what there is to expose, and how much of it.

A family is either recorded, its series written as events come in, or pulled, its series read from
whoever owns the state each time they are asked for. Both end up in a `Table`.
"""

import operator
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from exporter.metrics.budget import LABEL_SET, GuestBudgets, LabelBudgets
from exporter.metrics.catalogue import CATALOGUE, SERIES, Family
from exporter.metrics.series import Counter, Gauge, Histogram
from exporter.metrics.table import Rows, Table


class LabelUse(Struct, frozen=True):
    """One label: the values in use, how many it may have, and the events folded so far."""

    values: int
    budget: int
    folded: int


class FamilyUse(Struct, frozen=True):
    """One family: its series, the most it may have, and the different values of each label.

    A family without open labels cannot grow by what is pushed, and has no cap.
    """

    family: str
    series: int
    cap: int | None
    labels: dict[str, int]


class Cardinality(Struct, frozen=True):
    """Where the series come from, the largest family first, and what found no room."""

    series: int
    families: list[FamilyUse]
    labels: dict[str, LabelUse]
    label_sets_folded: int


class Registry:
    """The tables of all families.

    `label_sets_max` holds for each family; `gauge_ttl_secs` is how long an expiring gauge lives
    after its last reading; `started_at`, Unix seconds, is when pulled counters began.
    """

    def __init__(
        self,
        budgets: LabelBudgets,
        *,
        label_sets_max: int,
        gauge_ttl_secs: float,
        started_at: float,
    ) -> None:
        self.budgets = budgets
        self.gauge_ttl_secs = gauge_ttl_secs
        self._started_at = started_at
        self._counters: dict[str, Table[Counter]] = {}
        self._gauges: dict[str, Table[Gauge]] = {}
        self._histograms: dict[str, Table[Histogram]] = {}
        self._folds: list[Callable[[], None]] = []
        self._pulls: list[Callable[[float], None]] = []
        self._made_room_at = float("-inf")
        guests = GuestBudgets(budgets)
        for family in CATALOGUE:
            self._add(family, budgets if family.recorded else guests, label_sets_max)

    def _add(self, family: Family, budgets: LabelBudgets, label_sets_max: int) -> None:
        if family.type == "counter":
            self._counters[family.name] = Table(
                family,
                Counter,
                budgets,
                label_sets_max=label_sets_max,
                make_room=self._make_room,
            )
        elif family.type == "gauge":
            self._gauges[family.name] = Table(
                family,
                Gauge,
                budgets,
                label_sets_max=label_sets_max,
                make_room=self._make_room,
            )
        else:
            self._histograms[family.name] = Table(
                family,
                Histogram,
                budgets,
                label_sets_max=label_sets_max,
                make_room=self._make_room,
            )

    def counters(self, family: Family) -> Table[Counter]:
        """Return the table of a counter family."""
        return self._counters[family.name]

    def gauges(self, family: Family) -> Table[Gauge]:
        """Return the table of a gauge family."""
        return self._gauges[family.name]

    def histograms(self, family: Family) -> Table[Histogram]:
        """Return the table of a histogram family."""
        return self._histograms[family.name]

    def pull(
        self,
        family: Family,
        rows: Rows,
        merge: Callable[[float, float], float] = operator.add,
    ) -> None:
        """Have a counter or gauge family read from `rows` at every refresh.

        `merge` joins what folds into the same labels: by default the values add up.
        """
        if family.type == "counter":
            counters = self.counters(family)
            self._pulls.append(
                lambda now: counters.refresh(rows, merge, now, since=self._started_at)
            )
            return
        gauges = self.gauges(family)
        self._pulls.append(lambda now: gauges.refresh(rows, merge, now, since=now))

    def before_refresh(self, fold: Callable[[], None]) -> None:
        """Have whoever puts things aside bring the series up to date before they are read."""
        self._folds.append(fold)

    def refresh(self, now: float) -> None:
        """Bring everything up to date as of `now`, Unix seconds, and let expired gauges go."""
        self.fold()
        self._expire(now)
        for pull in self._pulls:
            pull(now)

    def fold(self) -> None:
        """Bring the recorded series up to date."""
        for fold in self._folds:
            fold()

    def _make_room(self, now: float) -> None:
        # Events are recorded many to one `now`; what had not expired for the first has not since.
        if now != self._made_room_at:
            self._made_room_at = now
            self._expire(now)

    def _expire(self, now: float) -> None:
        for table in self._gauges.values():
            if table.family.expiring:
                self._expire_gauges(table, now)

    def _expire_gauges(self, table: Table[Gauge], now: float) -> None:
        for gauge in table.all():
            # A clock that stepped back must not keep a gauge for longer.
            gauge.updated_at = min(gauge.updated_at, now)
            if now - gauge.updated_at >= self.gauge_ttl_secs or gauge.ends_at <= now:
                table.remove(gauge)

    def tables(self) -> list[Table[Any]]:
        """Return every table, in the order of the catalogue."""
        by_name: dict[str, Table[Any]] = {**self._counters, **self._gauges, **self._histograms}
        return [by_name[family.name] for family in CATALOGUE]

    def series_by_family(self) -> list[tuple[tuple[str, ...], float]]:
        """Return how many series each family exposes, as rows of the family that says so."""
        rows = {(table.family.name,): float(table.series_count) for table in self.tables()}
        rows[SERIES.name,] = float(len(rows))  # It is about to have a row for each family.
        return list(rows.items())

    def size(self, now: float) -> tuple[int, int]:
        """Return how many series there are as of `now`, Unix seconds, and how many there may be.

        A family without open labels may have as many as it has.
        """
        self.refresh(now)
        sizes = [(t.series_count, t.series_max) for t in self.tables()]
        return (
            sum(count for count, _ in sizes),
            sum(count if most is None else most for count, most in sizes),
        )

    def cardinality(self, now: float) -> Cardinality:
        """Return how the series come about, as of `now`, Unix seconds."""
        self.refresh(now)
        families = [
            FamilyUse(
                family=table.family.name,
                series=table.series_count,
                cap=table.series_max,
                labels=table.distinct_values(),
            )
            for table in self.tables()
        ]
        families.sort(key=lambda use: use.series, reverse=True)
        budgets = self.budgets
        return Cardinality(
            series=sum(use.series for use in families),
            families=families,
            labels={
                name: LabelUse(budgets.values(name), values_max, budgets.overflows[name])
                for name, values_max in budgets.values_max.items()
            },
            label_sets_folded=budgets.overflows[LABEL_SET],
        )
