"""The hot path: one completion booked in its model's open slot and in its session's usage at once.

What is ugly here is for speed, and every line of it was measured. The two are booked by one flat
function, because reading a field of the event costs as much as adding it up. What is rare is
counted instead of what is common: failures, completions without a price, and the tokens and times
that say nothing about the pace of generation. Times are added as floats and become integers when
the slot is sealed (`OpenSlot.sealed`).
"""

from collections import Counter
from collections.abc import Sequence
from math import log2
from typing import Final

from exporter.event.grouping import CompletionGroup
from exporter.event.types import Completion
from exporter.store.aggregate import (
    NANO_PER_USD,
    US_PER_MS,
    Completions,
    CompletionSums,
    SessionUsage,
)
from exporter.store.latency import (
    BUCKETS_PER_DOUBLING,
    FIRST,
    LAST,
    OFFSET,
    ZERO,
    Counts,
    merge,
)
from exporter.store.saved import SavedOpenSlot, saved

WAITING_MAX: Final = 100
"""How many latencies of a slot may wait to be put into their buckets."""

EXACT_MAX: Final = 2.0**53
"""Below it whole numbers add up exactly as floats."""


class OpenSlot:
    """What one model did in a slot that is still being written to."""

    __slots__ = (
        "cache_read",
        "cache_write",
        "cost_nano",
        "failures",
        "input",
        "last_at",
        "latencies",
        "latency_ms",
        "output",
        "reasoning",
        "successes",
        "ttft_ms",
        "ttfts",
        "unbinned",
        "unpaced_ms",
        "unpaced_tokens",
        "unpriced",
        "waiting",
    )

    def __init__(self) -> None:
        self.last_at = float("-inf")
        self.successes = self.failures = self.unpriced = self.ttfts = self.cost_nano = 0
        self.input = self.output = self.reasoning = self.cache_read = self.cache_write = 0
        self.unpaced_tokens = self.unbinned = 0
        self.latency_ms = self.ttft_ms = self.unpaced_ms = 0.0
        self.latencies: Counts = {}
        self.waiting: list[float] = []

    def bin_later(self, latencies_ms: list[float]) -> None:
        """Take latencies in: many at once are put into their buckets in half the time."""
        self.waiting += latencies_ms
        if len(self.waiting) >= WAITING_MAX:
            self.bin()

    def bin(self) -> None:
        """Put what waits into its buckets; whoever reads `latencies` does this first."""
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return
        latencies = self.latencies
        positive = waiting if all(waiting) else [ms for ms in waiting if ms]
        # Rounded down as floats, and counted in C: half the time of `int` and a loop.
        indices = Counter([log2(ms) * BUCKETS_PER_DOUBLING // 1.0 for ms in positive])
        for floor, count in indices.items():
            index = min(max(int(floor + OFFSET), FIRST), LAST)
            latencies[index] = latencies.get(index, 0) + count
        if len(positive) < len(waiting):
            latencies[ZERO] = latencies.get(ZERO, 0) + len(waiting) - len(positive)

    def sealed(self) -> Completions:
        """Return what was booked, in the integers that windows are made of."""
        total = Completions()
        self.add_to(total)
        return total

    def add_to(self, total: Completions) -> None:
        """Add what `sealed` would return, without making it."""
        self.bin()
        latency_us = round(self.latency_ms * US_PER_MS)
        total.messages += self.successes + self.failures
        total.successes += self.successes
        total.input += self.input
        total.output += self.output
        total.reasoning += self.reasoning
        total.cache_read += self.cache_read
        total.cache_write += self.cache_write
        total.cost_nano += self.cost_nano
        total.unpriced += self.unpriced
        merge(total.latencies, self.latencies)
        total.latency_us += latency_us
        total.ttft_us += round(self.ttft_ms * US_PER_MS)
        total.ttfts += self.ttfts
        total.paced_tokens += self.output + self.reasoning - self.unpaced_tokens
        total.paced_us += latency_us - round(self.unpaced_ms * US_PER_MS)
        total.unbinned += self.unbinned
        total.last_at = max(total.last_at, self.last_at)

    def absorb(self, other: CompletionSums) -> None:
        """Add what was booked elsewhere; it is sealed again to the microsecond it says."""
        self.last_at = max(self.last_at, other.last_at)
        self.successes += other.successes
        self.failures += other.messages - other.successes
        self.input += other.input
        self.output += other.output
        self.reasoning += other.reasoning
        self.cache_read += other.cache_read
        self.cache_write += other.cache_write
        self.cost_nano += other.cost_nano
        self.unpriced += other.unpriced
        merge(self.latencies, other.latencies)
        self.latency_ms += other.latency_us / US_PER_MS
        self.ttft_ms += other.ttft_us / US_PER_MS
        self.ttfts += other.ttfts
        self.unpaced_tokens += other.output + other.reasoning - other.paced_tokens
        self.unpaced_ms += (other.latency_us - other.paced_us) / US_PER_MS
        self.unbinned += other.unbinned

    def first_token(self, ttft_ms: float, at: float) -> None:
        """Add what was told at `at` (Unix seconds) of a call that is booked by itself."""
        self.last_at = max(self.last_at, at)
        self.ttft_ms += ttft_ms
        self.ttfts += 1

    def restore(self, form: SavedOpenSlot) -> None:
        """Become what was saved."""
        for name in form.__struct_fields__:
            setattr(self, name, getattr(form, name))


_save: Final = saved(SavedOpenSlot)


def save_open(slot: OpenSlot) -> SavedOpenSlot:
    """Return the form of an open slot as it is."""
    slot.bin()
    return _save(slot)


def book(  # noqa: C901, PLR0915 - flat, for speed
    event: Completion, at: float, slot: OpenSlot, usage: SessionUsage
) -> None:
    """Add a completion that ended at `at` (Unix seconds) to both."""
    if at > slot.last_at:  # noqa: PLR1730 - a call to `max` takes three times as long
        slot.last_at = at
    usage.messages += 1
    cost_usd = event.cost_usd
    if cost_usd is None:
        slot.unpriced += 1
        usage.unpriced += 1
    else:
        cost_nano = int(cost_usd * NANO_PER_USD + 0.5)
        slot.cost_nano += cost_nano
        usage.cost_nano += cost_nano
        usage.spending.cost_nano += cost_nano
    tokens = event.tokens
    output = None
    if tokens is not None:
        total = 0
        if count := tokens.input:
            slot.input += count
            usage.input += count
            total = count
        if output := tokens.output:
            slot.output += output
            usage.output += output
            total += output
        if count := tokens.reasoning:
            slot.reasoning += count
            usage.reasoning += count
            total += count
        if count := tokens.cache_read:
            slot.cache_read += count
            usage.cache_read += count
            total += count
        if count := tokens.cache_write:
            slot.cache_write += count
            usage.cache_write += count
            total += count
        usage.spending.tokens += total
    latency_ms = event.latency_ms
    if not event.success or not output or not latency_ms:
        _book_rare(event, slot)
        return
    slot.successes += 1
    slot.latency_ms += latency_ms
    waiting = slot.waiting
    waiting.append(latency_ms)
    if len(waiting) >= WAITING_MAX:
        slot.bin()
    ttft_ms = event.ttft_ms
    if ttft_ms is not None:
        slot.ttft_ms += ttft_ms
        slot.ttfts += 1


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
        successes = [event for event in group.events if event.success]
        latencies_ms = [ms for event in successes if (ms := event.latency_ms) is not None]
        ttfts_ms = [ms for event in successes if (ms := event.ttft_ms) is not None]
    slot.latency_ms += sum(latencies_ms)
    slot.ttft_ms += sum(ttfts_ms)
    slot.ttfts += len(ttfts_ms)
    slot.bin_later(latencies_ms)
    _book_spending(group, slot, usage)
    return latencies_ms


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
    costs = group.reported_costs + group.computed_costs
    unpriced = group.count - len(costs)
    cost_nano = _sum_nano(costs)
    input_, output, reasoning, cache_read, cache_write = (total or 0 for total in group.tokens)
    slot.unpriced += unpriced
    slot.cost_nano += cost_nano
    slot.input += input_
    slot.output += output
    slot.reasoning += reasoning
    slot.cache_read += cache_read
    slot.cache_write += cache_write
    usage.messages += group.count
    usage.unpriced += unpriced
    usage.cost_nano += cost_nano
    usage.input += input_
    usage.output += output
    usage.reasoning += reasoning
    usage.cache_read += cache_read
    usage.cache_write += cache_write
    usage.spending.cost_nano += cost_nano
    usage.spending.tokens += input_ + output + reasoning + cache_read + cache_write


def _sum_nano(costs: list[float]) -> int:
    """Return dollars, each rounded to nano-dollars, added up."""
    total = sum([(usd * NANO_PER_USD + 0.5) // 1.0 for usd in costs])
    if total < EXACT_MAX:
        return int(total)
    return sum(int(usd * NANO_PER_USD + 0.5) for usd in costs)


def _book_rare(event: Completion, slot: OpenSlot) -> None:
    """Add the outcome and the times of a completion that failed, or that does not tell its pace."""
    generated = event.tokens.generated if event.tokens is not None else None
    latency_ms = event.latency_ms
    if not event.success:
        slot.failures += 1
        slot.unpaced_tokens += generated or 0
        return
    slot.successes += 1
    if latency_ms is None:
        slot.unpaced_tokens += generated or 0
    else:
        slot.latency_ms += latency_ms
        slot.bin_later([latency_ms])
        if generated is None:
            slot.unpaced_ms += latency_ms
    if event.ttft_ms is not None:
        slot.ttft_ms += event.ttft_ms
        slot.ttfts += 1
