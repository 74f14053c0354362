"""The series that one (agent, provider, model) writes when it completes.

The hot path: an event is only put aside, and the events put aside are folded into the series all
at once, before anybody reads or when many wait. Sums and buckets of a list cost a quarter of what
the same additions cost one by one (0.9 us an event instead of 3.1). What is ugly: whoever reads
must fold first; `exporter.metrics.recorder` sees to that.

Outcomes, error types, unpriced and mismatch counters start at 0 with the first completion, so that
`rate()` sees the first failure; the rest appears when its first value is known. All of them began
with the first completion.

When events are folded depends on who reads, and a replay after a crash has nobody who does. So
nothing may depend on where one fold ends and the next begins: neither sums of floats (`added`) nor
the beginning of a series.
"""

import operator
from collections import Counter as Tally
from collections.abc import Sequence

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.tokens import PARTS, Tokens
from exporter.event.types import Completion, CompletionDetail
from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Histogram, added

_PART_GETTERS = [operator.attrgetter(part) for part in PARTS]


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
        events, self.waiting = self.waiting, []
        if not events:
            return
        failed = [ErrorType(event.error_type or "other") for event in events if not event.success]
        self._success.value += len(events) - len(failed)
        self._error.value += len(failed)
        for error_type, count in Tally(failed).items():
            self._error_types[error_type].value += count
        self._fold_costs(events)
        latencies = [ms / 1000 for event in events if (ms := event.latency_ms) is not None]
        ttfts = [ms / 1000 for event in events if (ms := event.ttft_ms) is not None]
        self._observe(catalogue.COMPLETION_DURATION, latencies)
        self._observe(catalogue.COMPLETION_TTFT, ttfts)
        self._exemplify([event for event in events if event.trace_id is not None])
        tokens = [tokens for event in events if (tokens := event.tokens) is not None]
        if tokens:
            self._fold_tokens(tokens)
        reasons = [reason for event in events if (reason := event.finish_reason) is not None]
        if reasons:
            self._count_finishes(reasons)

    def record(self, detail: CompletionDetail) -> None:
        """Take in what is told of a completion that is not counted by that."""
        self.fold()
        if detail.ttft_ms is not None:
            self._observe(catalogue.COMPLETION_TTFT, [detail.ttft_ms / 1000])
        if detail.finish_reason is not None:
            self._count_finishes([detail.finish_reason])

    def _fold_costs(self, events: Sequence[Completion]) -> None:
        priced = [
            (cost, event.cost_source) for event in events if (cost := event.cost_usd) is not None
        ]
        self._unpriced.value += len(events) - len(priced)
        computed = [cost for cost, source in priced if source == "computed"]
        if computed:
            self._add(catalogue.COST, "computed", computed)
        if len(computed) < len(priced):
            reported = [cost for cost, source in priced if source != "computed"]
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

    def _fold_tokens(self, tokens: Sequence[Tokens]) -> None:
        columns = [list(map(part, tokens)) for part in _PART_GETTERS]
        try:
            sums = [sum(column) for column in columns]
        except TypeError:  # Some part of some completion is None, not reported.
            self._fold_gaps(columns, tokens)
        else:
            for part, total in zip(PARTS, sums, strict=True):
                self._add(catalogue.TOKENS, part, (total,))
            input_, output, reasoning, cache_read, cache_write = columns
            prompts = list(map(sum, zip(input_, cache_read, cache_write, strict=True)))
            generated = list(map(operator.add, output, reasoning))
            self._observe(catalogue.COMPLETION_INPUT_TOKENS, prompts)
            self._observe(catalogue.COMPLETION_OUTPUT_TOKENS, generated)
        self._mismatches.value += sum(one.mismatched for one in tokens if one.total is not None)

    def _fold_gaps(self, columns: Sequence[list[int | None]], tokens: Sequence[Tokens]) -> None:
        for part, column in zip(PARTS, columns, strict=True):
            reported = [count for count in column if count is not None]
            if reported:
                self._add(catalogue.TOKENS, part, reported)
        prompts = [count for one in tokens if (count := one.prompt) is not None]
        generated = [count for one in tokens if (count := one.generated) is not None]
        self._observe(catalogue.COMPLETION_INPUT_TOKENS, prompts)
        self._observe(catalogue.COMPLETION_OUTPUT_TOKENS, generated)

    def _add(self, family: Family, value: str, amounts: Sequence[float]) -> None:
        counter = self._counters.get((family.name, value))
        if counter is None:
            table = self._registry.counters(family)
            counter = table.join((*self._labels, value), self._created)
            self._counters[family.name, value] = counter
        counter.value = added(counter.value, amounts)

    def _observe(self, family: Family, values: Sequence[float]) -> None:
        if not values:
            return
        histogram = self._histograms.get(family.name)
        if histogram is None:
            histogram = self._registry.histograms(family).join(self._labels, self._created)
            self._histograms[family.name] = histogram
        histogram.observe_all(values)
