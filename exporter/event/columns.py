"""What completions say, field by field: as columns, and what those add up to.

Two flat loops, for speed: a list display for every field takes half as long again.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from exporter.event.tokens import PARTS, Tokens
from exporter.event.types import Completion

_READ_PARTS: Final = tuple(map(attrgetter, PARTS))


class CompletionColumns:
    """The columns of `count` completions; each holds what is known, in their order.

    `failures` are those that failed. Latencies and times to the first token are milliseconds,
    costs dollars. `tokens` are the sums of the five parts, `None` where none was reported;
    `prompts` and `generated` are what went into a completion and what came out of it.
    `mismatches` is how many claimed another total than their parts add up to, `traced` those with a
    trace.
    """

    __slots__ = (
        "computed_costs",
        "count",
        "failures",
        "finish_reasons",
        "generated",
        "latencies_ms",
        "mismatches",
        "prompts",
        "reported_costs",
        "tokens",
        "traced",
        "ttfts_ms",
    )

    def __init__(self, events: Sequence[Completion]) -> None:
        self.count = len(events)
        self.failures: list[Completion] = []
        self.finish_reasons: list[str] = []
        self.latencies_ms: list[float] = []
        self.ttfts_ms: list[float] = []
        self.traced: list[Completion] = []
        self.reported_costs: list[float] = []
        self.computed_costs: list[float] = []
        self.prompts: list[int] = []
        self.generated: list[int] = []
        self.mismatches = 0
        self.tokens = self._take_tokens(self._take(events))

    def _take(self, events: Sequence[Completion]) -> list[Tokens]:
        """Take in all but the tokens, and return those."""
        latencies_ms, ttfts_ms, costs = self.latencies_ms, self.ttfts_ms, self.reported_costs
        ledgers: list[Tokens] = []
        for event in events:
            if not event.success:
                self.failures.append(event)
            latency_ms, ttft_ms, cost_usd = event.latency_ms, event.ttft_ms, event.cost_usd
            if latency_ms is not None:
                latencies_ms.append(latency_ms)
            if ttft_ms is not None:
                ttfts_ms.append(ttft_ms)
            if cost_usd is not None:
                if event.cost_source == "computed":
                    self.computed_costs.append(cost_usd)
                else:
                    costs.append(cost_usd)
            if event.finish_reason:
                self.finish_reasons.append(event.finish_reason)
            if event.trace_id is not None:
                self.traced.append(event)
            if event.tokens is not None:
                ledgers.append(event.tokens)
        return ledgers

    def _take_tokens(self, ledgers: Sequence[Tokens]) -> list[int | None]:
        """Take in tokens, and return the sum of each part; `None` where it was never reported."""
        prompts, generated = self.prompts, self.generated
        inputs = outputs = reasonings = cache_reads = cache_writes = 0
        for tokens in ledgers:
            input_, output, reasoning = tokens.input, tokens.output, tokens.reasoning
            cache_read, cache_write = tokens.cache_read, tokens.cache_write
            prompt = (input_ or 0) + (cache_read or 0) + (cache_write or 0)
            if prompt or not (input_ is cache_read is cache_write is None):
                prompts.append(prompt)
            completed = (output or 0) + (reasoning or 0)
            if completed or not (output is reasoning is None):
                generated.append(completed)
            inputs += input_ or 0
            outputs += output or 0
            reasonings += reasoning or 0
            cache_reads += cache_read or 0
            cache_writes += cache_write or 0
            if tokens.total is not None:
                self.mismatches += tokens.mismatched
        totals = (inputs, outputs, reasonings, cache_reads, cache_writes)
        return [
            # To tell none from zero takes another look, which only a total of zero needs.
            total if total or set(map(read, ledgers)) - {None} else None
            for total, read in zip(totals, _READ_PARTS, strict=True)
        ]
