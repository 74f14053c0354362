"""What completions add up to: sums that merge, and that can be taken out again exactly.

A window keeps the sum of its slots and takes a slot out of that sum when it leaves. This is exact
only because everything here is an integer: latencies are microseconds, costs are nano-dollars
(one cheap call costs less than a micro-dollar).

Merging is written out, since a read may merge thousands; taking out runs once a slot and goes by
the names.
"""

from typing import Final, Protocol, Self

from exporter.event.tokens import PARTS
from exporter.store import latency

NANO_PER_USD: Final = 1e9
US_PER_MS: Final = 1e3

_USAGE: Final = ("messages", *PARTS, "cost_nano", "unpriced")
_TIMES: Final = ("latency_us", "ttft_us", "ttfts", "paced_tokens", "paced_us", "unbinned")


class UsageSums(Protocol):
    """What can be merged into usage: any form of it."""

    messages: int
    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    cost_nano: int
    unpriced: int


class CompletionSums(UsageSums, Protocol):
    """What can be merged into completions: any form of them."""

    successes: int
    latencies: latency.Counts
    latency_us: int
    ttft_us: int
    ttfts: int
    paced_tokens: int
    paced_us: int
    unbinned: int
    last_at: float


class Usage:
    """Tokens and cost of some completions: `messages` of them, `unpriced` without a known cost."""

    __slots__ = _USAGE

    def __init__(self) -> None:
        self.messages = 0
        self.input = 0
        self.output = 0
        self.reasoning = 0
        self.cache_read = 0
        self.cache_write = 0
        self.cost_nano = 0
        self.unpriced = 0

    @property
    def tokens(self) -> int:
        """All five parts added up."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    @property
    def cost_usd(self) -> float | None:
        """The cost in dollars; `None` where not one completion had a known cost."""
        return self.cost_nano / NANO_PER_USD if self.messages > self.unpriced else None

    def merge(self, other: UsageSums) -> None:
        """Add another usage to this one."""
        self.messages += other.messages
        self.input += other.input
        self.output += other.output
        self.reasoning += other.reasoning
        self.cache_read += other.cache_read
        self.cache_write += other.cache_write
        self.cost_nano += other.cost_nano
        self.unpriced += other.unpriced


class Spending:
    """What a session spent in all, kept added up: what sessions are ranked by."""

    __slots__ = ("cost_nano", "tokens")

    def __init__(self) -> None:
        self.cost_nano = 0
        self.tokens = 0

    def remove(self, usage: Usage) -> None:
        """Take out what was added with a usage."""
        self.cost_nano -= usage.cost_nano
        self.tokens -= usage.tokens


class SessionUsage(Usage):
    """Usage of one session; what is added to it is to be added to the session's `spending` too."""

    __slots__ = ("spending",)

    def __init__(self, spending: Spending) -> None:
        super().__init__()
        self.spending = spending

    def book(self, other: UsageSums) -> None:
        """Add another usage to this one and to what the session spent."""
        self.merge(other)
        self.spending.cost_nano += other.cost_nano
        self.spending.tokens += (
            other.input + other.output + other.reasoning + other.cache_read + other.cache_write
        )


class Completions(Usage):
    """Usage, and how the completions went: `successes` of `messages`.

    Everything timed is about successes only: `latencies` and their sum `latency_us`, `ttft_us` of
    the `ttfts` that were told, and `paced_tokens` generated in `paced_us` by those that told both.
    `unbinned` is how many latencies are in the sum and in no bucket: those known by a mean alone.
    `last_at` is the newest instant (Unix seconds); it merges, but cannot be taken out.
    """

    __slots__ = ("last_at", "latencies", "successes", *_TIMES)

    def __init__(self) -> None:
        super().__init__()
        self.successes = 0
        self.latencies: latency.Counts = {}
        self.latency_us = 0
        self.ttft_us = 0
        self.ttfts = 0
        self.paced_tokens = 0
        self.paced_us = 0
        self.unbinned = 0
        self.last_at = float("-inf")

    @property
    def timed(self) -> int:
        """How many latencies are in the sum."""
        return sum(self.latencies.values()) + self.unbinned

    def copy(self) -> Self:
        """Return the same, to be changed by itself."""
        copied = self.__class__.__new__(self.__class__)
        copied.messages = self.messages
        copied.input = self.input
        copied.output = self.output
        copied.reasoning = self.reasoning
        copied.cache_read = self.cache_read
        copied.cache_write = self.cache_write
        copied.cost_nano = self.cost_nano
        copied.unpriced = self.unpriced
        copied.successes = self.successes
        copied.latencies = self.latencies.copy()
        copied.latency_us = self.latency_us
        copied.ttft_us = self.ttft_us
        copied.ttfts = self.ttfts
        copied.paced_tokens = self.paced_tokens
        copied.paced_us = self.paced_us
        copied.unbinned = self.unbinned
        copied.last_at = self.last_at
        return copied

    def absorb(self, other: CompletionSums) -> None:
        """Add another aggregate to this one."""
        self.merge(other)
        self.successes += other.successes
        latency.merge(self.latencies, other.latencies)
        self.latency_us += other.latency_us
        self.ttft_us += other.ttft_us
        self.ttfts += other.ttfts
        self.paced_tokens += other.paced_tokens
        self.paced_us += other.paced_us
        self.unbinned += other.unbinned
        self.last_at = max(self.last_at, other.last_at)

    def remove(self, other: Self) -> None:
        """Take out what was absorbed before; `last_at` stays."""
        for name in (*_USAGE, "successes", *_TIMES):
            setattr(self, name, getattr(self, name) - getattr(other, name))
        latency.remove(self.latencies, other.latencies)
