"""The hot path: one completion booked in its model's open slot and in its session's usage at once.

What is ugly here is for speed, and every line of it was measured. The two are booked by one flat
function, because reading a field of the event costs as much as adding it up. Completions that come
together are booked by `exporter.store.group_booking`.
"""

from exporter.event.types import Completion
from exporter.store.aggregate import NANO_PER_USD, SessionUsage
from exporter.store.open_slot import WAITING_MAX, OpenSlot


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
        cost_nano = round(cost_usd * NANO_PER_USD)
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
