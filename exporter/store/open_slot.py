"""What one model did in a slot that is still being written to.

What is rare is counted instead of what is common: failures, completions without a price, and the
tokens and times that say nothing about the pace of generation. Times are added as floats and become
integers when the slot is sealed. Latencies wait, to be put into their buckets many at once; where
few have come since somebody read, they are put into the reader's histogram too.
"""

from typing import Final

from exporter.store.aggregate import US_PER_MS, Completions, CompletionSums
from exporter.store.latency import Counts, bucket, count_all, merge
from exporter.store.ranks import Ranks
from exporter.store.saved import SavedOpenSlot, saved

WAITING_MAX: Final = 100
"""How many latencies of a slot may wait to be put into their buckets."""

FEW: Final = 16
"""So many latencies at most are put into their buckets one by one: to sort them takes longer."""


class OpenSlot:
    """What one model did in a slot that is still being written to.

    `ranks` is a reader's histogram of the window, these `latencies` included; `None` without one.
    """

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
        "ranks",
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
        self.ranks: Ranks | None = None
        self.waiting: list[float] = []

    def bin_later(self, latencies_ms: list[float]) -> None:
        """Take latencies in: many at once are put into their buckets in a third of the time."""
        self.waiting += latencies_ms
        if len(self.waiting) >= WAITING_MAX:
            self.bin()

    def bin(self) -> None:
        """Put what waits into its buckets; whoever reads `latencies` does this first."""
        if self.waiting:
            waiting, self.waiting = self.waiting, []
            if len(waiting) <= FEW:
                self._bin_few(waiting)
            else:
                count_all(self.latencies, waiting)
                self.ranks = None  # To make it anew takes no longer.

    def _bin_few(self, latencies_ms: list[float]) -> None:
        counts, ranks = self.latencies, self.ranks
        for latency_ms in latencies_ms:
            index = bucket(latency_ms)
            counts[index] = counts.get(index, 0) + 1
            if ranks is not None:
                ranks.add(index)

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
        self.ranks = None
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
