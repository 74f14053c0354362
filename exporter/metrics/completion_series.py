"""The series that one (agent, provider, model) writes when it completes.

The hot path: completions that come together are counted as columns at once. One that comes alone is
only put aside, and those put aside are folded into the series as columns too, before anybody reads
or when many wait. Sums and buckets of a list cost a quarter of what the same additions cost one by
one (0.9 us an event instead of 3.1). What is ugly: whoever reads must fold first;
`exporter.metrics.recorder` sees to that.

Outcomes, error types, unpriced and mismatch counters start at 0 with the first completion, so that
`rate()` sees the first failure; the rest appears when its first value is known. All of them began
with the first completion.

When events are folded depends on who reads, and a replay after a crash has nobody who does. So
nothing may depend on where one fold ends and the next begins: neither sums of floats (`added`) nor
the beginning of a series.
"""

from collections import Counter as Tally
from collections.abc import Sequence

from exporter.event.columns import CompletionColumns
from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.tokens import PARTS
from exporter.event.types import Completion, CompletionDetail
from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Histogram, added


class CompletionSeries:
    """All that completions of one agent with one model of one provider are counted in.

    `waiting` holds the events that are not in the series yet.
    """

    __slots__ = (
        "_counters",
        "_created",
        "_error",
        "_error_types",
        "_finishes",
        "_histograms",
        "_labels",
        "_mismatches",
        "_registry",
        "_success",
        "_unpriced",
        "waiting",
    )

    def __init__(self, registry: Registry, labels: tuple[str, ...], now: float) -> None:
        completions = registry.counters(catalogue.COMPLETIONS)
        self._registry = registry
        self._labels = labels
        self._success = completions.get((*labels, "success"), now)
        self._error = completions.get((*labels, "error"), now)
        self._unpriced = registry.counters(catalogue.UNPRICED_COMPLETIONS).get(labels, now)
        self._mismatches = registry.counters(catalogue.TOKEN_MISMATCHES).get(labels, now)
        errors = registry.counters(catalogue.COMPLETION_ERRORS)
        self._error_types = {kind: errors.get((*labels, kind), now) for kind in ErrorType}
        self._counters: dict[tuple[str, str], Counter] = {}
        self._finishes: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._created = self._success.created
        self.waiting: list[Completion] = []

    def fold(self) -> None:
        """Count what waits."""
        if self.waiting:
            waiting, self.waiting = self.waiting, []
            self._count(CompletionColumns(waiting))

    def record_group(self, group: CompletionColumns) -> None:
        """Count completions that came together, after what waits."""
        self.fold()
        self._count(group)

    def record(self, detail: CompletionDetail) -> None:
        """Take in what is told of a completion that is not counted by that."""
        self.fold()
        if detail.ttft_ms is not None:
            self._histogram(catalogue.COMPLETION_TTFT).observe_all_ms([detail.ttft_ms])
        if detail.finish_reason is not None:
            self._count_finishes([detail.finish_reason])

    def _count(self, columns: CompletionColumns) -> None:
        failures = len(columns.failures)
        self._success.value += columns.count - failures
        if failures:
            self._error.value += failures
            for event in columns.failures:
                self._error_types[ErrorType(event.error_type or "other")].value += 1
        self._count_costs(columns)
        if columns.latencies_ms:
            self._histogram(catalogue.COMPLETION_DURATION).observe_all_ms(columns.latencies_ms)
        if columns.ttfts_ms:
            self._histogram(catalogue.COMPLETION_TTFT).observe_all_ms(columns.ttfts_ms)
        self._exemplify(columns.traced)
        for part, total in zip(PARTS, columns.tokens, strict=True):
            if total is not None:
                self._add(catalogue.TOKENS, part, (total,))
        if columns.prompts:
            self._histogram(catalogue.COMPLETION_INPUT_TOKENS).observe_all(columns.prompts)
        if columns.generated:
            self._histogram(catalogue.COMPLETION_OUTPUT_TOKENS).observe_all(columns.generated)
        self._mismatches.value += columns.mismatches
        if columns.finish_reasons:
            self._count_finishes(columns.finish_reasons)

    def _count_costs(self, columns: CompletionColumns) -> None:
        reported, computed = columns.reported_costs, columns.computed_costs
        self._unpriced.value += columns.count - len(reported) - len(computed)
        if computed:
            self._add(catalogue.COST, "computed", computed)
        if reported:
            self._add(catalogue.COST, "reported", reported)

    def _count_finishes(self, reasons: Sequence[str]) -> None:
        if not self._finishes:
            table = self._registry.counters(catalogue.COMPLETION_FINISHES)
            self._finishes = {
                reason: table.join((*self._labels, reason), self._created)
                for reason in FinishReason
            }
        for reason, count in Tally(reasons).items():
            self._finishes[FinishReason(reason)].value += count

    def _exemplify(self, traced: Sequence[Completion]) -> None:
        for event in traced:
            if event.latency_ms is not None and event.trace_id is not None:
                self._histograms[catalogue.COMPLETION_DURATION.name].exemplify(
                    event.latency_ms / 1000, event.trace_id, event.at
                )

    def _add(self, family: Family, value: str, amounts: Sequence[float]) -> None:
        counter = self._counters.get((family.name, value))
        if counter is None:
            table = self._registry.counters(family)
            counter = table.join((*self._labels, value), self._created)
            self._counters[family.name, value] = counter
        counter.value = added(counter.value, amounts)

    def _histogram(self, family: Family) -> Histogram:
        histogram = self._histograms.get(family.name)
        if histogram is None:
            histogram = self._registry.histograms(family).join(self._labels, self._created)
            self._histograms[family.name] = histogram
        return histogram
