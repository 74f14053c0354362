"""Completions that came together, booked in their model's open slot and their session's usage.

It comes to the same as booking them one by one (`exporter.store.booking`); what it bought is told
in `exporter.event.grouping`.
"""

from collections.abc import Sequence
from typing import Final

from exporter.event.grouping import CompletionGroup
from exporter.event.tokens import PARTS
from exporter.event.types import Completion
from exporter.store.aggregate import NANO_PER_USD, SessionUsage, Usage
from exporter.store.open_slot import OpenSlot

_ROUND: Final = 2.0**52
"""Added to a float that is less, it leaves no room for a fraction: the sum is rounded, as `round`
does, in a third of the time."""

ROUNDED_USD_MAX: Final = 1_000.0
"""So much each, thousands of costs add up to whole numbers that a float holds exactly."""


def book_group(
    group: CompletionGroup, at: float, slot: OpenSlot, usage: SessionUsage
) -> list[float]:
    """Add completions of which the last ended at `at` (Unix seconds) to both, as `book` does.

    Returns the latencies of the successes, in milliseconds.
    """
    slot.last_at = max(slot.last_at, at)
    slot.failures += len(group.failures)
    slot.successes += group.count - len(group.failures)
    latencies_ms, ttfts_ms = group.latencies_ms, group.ttfts_ms
    silent = sum([event.tokens is None for event in group.failures])
    if len(latencies_ms) < group.count or len(group.generated) + silent < group.count:
        _book_unpaced(group.events, slot)
    elif silent < len(group.failures):
        _book_unpaced(group.failures, slot)
    if group.failures:
        latencies_ms = _without(latencies_ms, [event.latency_ms for event in group.failures])
        ttfts_ms = _without(ttfts_ms, [event.ttft_ms for event in group.failures])
    slot.latency_ms += sum(latencies_ms)
    slot.ttft_ms += sum(ttfts_ms)
    slot.ttfts += len(ttfts_ms)
    slot.bin_later(latencies_ms)
    _book_spending(group, slot, usage)
    return latencies_ms


def _without(column: list[float], failed: Sequence[float | None]) -> list[float]:
    """Return a column without what the few failures in it say."""
    rest = column.copy()
    for value in failed:
        if value is not None:
            rest.remove(value)
    return rest


def _book_unpaced(events: Sequence[Completion], slot: OpenSlot) -> None:
    """Add what says nothing of the pace: tokens without a time, and times without tokens."""
    for event in events:
        tokens, latency_ms = event.tokens, event.latency_ms
        silent = tokens is None or (tokens.output is None and tokens.reasoning is None)
        if not event.success or latency_ms is None:
            slot.unpaced_tokens += (tokens.generated or 0) if tokens is not None else 0
        elif silent:
            slot.unpaced_ms += latency_ms


def _book_spending(group: CompletionGroup, slot: OpenSlot, usage: SessionUsage) -> None:
    sums = _usage_of(group)
    usage.book(sums)
    slot.unpriced += sums.unpriced
    slot.cost_nano += sums.cost_nano
    slot.input += sums.input
    slot.output += sums.output
    slot.reasoning += sums.reasoning
    slot.cache_read += sums.cache_read
    slot.cache_write += sums.cache_write


def _usage_of(group: CompletionGroup) -> Usage:
    costs = group.reported_costs + group.computed_costs
    sums = Usage()
    sums.messages = group.count
    sums.unpriced = group.count - len(costs)
    sums.cost_nano = sum_nano(costs)
    for part, total in zip(PARTS, group.tokens, strict=True):
        setattr(sums, part, total or 0)
    return sums


def sum_nano(costs: Sequence[float]) -> int:
    """Return dollars, each rounded to nano-dollars, added up."""
    if max(costs, default=0.0) < ROUNDED_USD_MAX:
        return int(sum([usd * NANO_PER_USD + _ROUND - _ROUND for usd in costs]))
    return sum([round(usd * NANO_PER_USD) for usd in costs])
