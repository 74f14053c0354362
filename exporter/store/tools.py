"""How each (agent, tool) did over the window.

Windows are those of models (`exporter.store.rolling`): the same slots, and the same rules for what
comes late. Durations are of every call that told one, failed ones included: a tool that fails
takes its time too.
"""

from math import log2
from typing import Final

from exporter.event.types import ToolCall
from exporter.store.aggregate import US_PER_MS
from exporter.store.answers import ToolPerformance, instant
from exporter.store.latency import (
    BUCKETS_PER_DOUBLING,
    FIRST,
    LAST,
    OFFSET,
    ZERO,
    Counts,
    bucket,
    merge,
    quantile_ms,
    remove,
)
from exporter.store.rolling import RollingWindow
from exporter.store.saved import SavedClock, SavedOpenTool, SavedTool, SavedToolSums, saved
from exporter.store.window import SlotClock
from exporter.store.window_table import WindowTable

ToolKey = tuple[str, str]
"""Agent and tool."""


class ToolSums:
    """What the calls of one tool add up to: `failures` of `calls`.

    `duration_us` adds up the durations that `latencies` counts. `last_at` is the newest instant
    (Unix seconds); it merges, but cannot be taken out.
    """

    __slots__ = ("calls", "duration_us", "failures", "last_at", "latencies")

    def __init__(self) -> None:
        self.calls = 0
        self.failures = 0
        self.duration_us = 0
        self.latencies: Counts = {}
        self.last_at = float("-inf")

    def copy(self) -> "ToolSums":
        """Return the same, to be changed by itself."""
        copied = ToolSums()
        copied.absorb(self)
        return copied

    def absorb(self, other: "ToolSums | SavedToolSums", /) -> None:
        """Add other calls to these."""
        self.calls += other.calls
        self.failures += other.failures
        self.duration_us += other.duration_us
        merge(self.latencies, other.latencies)
        self.last_at = max(self.last_at, other.last_at)

    def remove(self, other: "ToolSums", /) -> None:
        """Take out what was absorbed before; `last_at` stays."""
        self.calls -= other.calls
        self.failures -= other.failures
        self.duration_us -= other.duration_us
        remove(self.latencies, other.latencies)


class OpenTool:
    """What one tool did in a slot that is still being written to."""

    __slots__ = ("calls", "duration_ms", "failures", "last_at", "latencies")

    def __init__(self) -> None:
        self.calls = 0
        self.failures = 0
        self.duration_ms = 0.0
        self.latencies: Counts = {}
        self.last_at = float("-inf")

    def book(self, event: ToolCall, at: float) -> None:
        """Add a call that ended at `at` (Unix seconds)."""
        self.calls += 1
        if at > self.last_at:  # noqa: PLR1730 - a call to `max` takes three times as long
            self.last_at = at
        if event.success is False:
            self.failures += 1
        duration_ms = event.duration_ms
        if duration_ms is not None:
            self.duration_ms += duration_ms
            # What `bucket` does, without its calls: that takes 0.3 us off the 0.8 of booking.
            index = int(log2(duration_ms) * BUCKETS_PER_DOUBLING + OFFSET) if duration_ms else ZERO
            if not FIRST <= index <= LAST:
                index = bucket(duration_ms)
            latencies = self.latencies
            latencies[index] = latencies.get(index, 0) + 1

    def sealed(self) -> ToolSums:
        """Return what was booked, in the integers that windows are made of."""
        sums = ToolSums()
        self.add_to(sums)
        return sums

    def add_to(self, total: ToolSums, /) -> None:
        """Add what `sealed` would return, without making it."""
        total.calls += self.calls
        total.failures += self.failures
        total.duration_us += round(self.duration_ms * US_PER_MS)
        merge(total.latencies, self.latencies)
        total.last_at = max(total.last_at, self.last_at)

    def absorb(self, other: ToolSums, /) -> None:
        """Add what was booked elsewhere; it is sealed again to the microsecond it says."""
        self.calls += other.calls
        self.failures += other.failures
        self.duration_ms += other.duration_us / US_PER_MS
        merge(self.latencies, other.latencies)
        self.last_at = max(self.last_at, other.last_at)

    def restore(self, form: SavedOpenTool) -> None:
        """Become what was saved."""
        for name in form.__struct_fields__:
            setattr(self, name, getattr(form, name))


_save_open: Final = saved(SavedOpenTool)
_save_sums: Final = saved(SavedToolSums)


class ToolWindow(RollingWindow[OpenTool, ToolSums]):
    """The window of one tool."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(OpenTool(), ToolSums())

    def save(self, key: ToolKey, /) -> SavedTool:
        """Return the form of this window as it is, floats and late slots included."""
        return SavedTool(
            *key,
            used=self.used,
            head=self.head,
            open=_save_open(self.open),
            late={index: _save_open(slot) for index, slot in self.late.items()},
            slots={index: _save_sums(slot) for index, slot in self.slots.items()},
        )

    def restore(self, form: SavedTool, /) -> None:
        """Become the window that was saved; this one must be fresh."""
        self.used = form.used
        self.head = form.head
        self.open.restore(form.open)
        for index, late in form.late.items():
            self.late[index] = OpenTool()
            self.late[index].restore(late)
        for index, sealed in form.slots.items():
            slot = ToolSums()
            slot.absorb(sealed)
            self.add(index, slot)


class ToolTable(WindowTable[ToolKey, ToolWindow, OpenTool, ToolSums]):
    """The windows of at most `tools_max` tools, each of one agent."""

    def __init__(self, clock: SlotClock, *, tools_max: int, entries_max: int) -> None:
        super().__init__(clock, windows_max=tools_max, entries_max=entries_max)

    def most_called(self, limit: int) -> list[ToolPerformance]:
        """Return how the `limit` tools did that were called most often, the first of all first."""
        totals = [(key, sums) for key in list(self.keys()) if (sums := self.total(key)) is not None]
        totals.sort(key=lambda total: (-total[1].calls, total[0]))
        return [_performance(*key, sums) for key, sums in totals[:limit]]

    def restore(self, form: SavedTool, made_by: SavedClock) -> None:
        """Take in a window that was saved under a clock, which ours goes on from."""
        self._restore((form.agent, form.tool), form, made_by)

    def _fresh(self) -> ToolWindow:
        return ToolWindow()


def _performance(agent: str, tool: str, sums: ToolSums) -> ToolPerformance:
    timed = sum(sums.latencies.values())
    return ToolPerformance(
        agent=agent,
        tool=tool,
        calls=sums.calls,
        failures=sums.failures,
        success_rate=(sums.calls - sums.failures) / sums.calls if sums.calls else None,
        avg_duration_ms=sums.duration_us / US_PER_MS / timed if timed else None,
        p95_duration_ms=quantile_ms(sums.latencies, 0.95),
        last_event_at=instant(sums.last_at),
    )
