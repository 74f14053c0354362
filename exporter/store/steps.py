"""The steps of a course: what slots come to in each of them.

A step is a whole number of slots, as few as let the points asked for reach over the window. Steps
begin at whole multiples of their length, so that a point stays what it is while time goes on. The
last one is still filling. What the window still holds of a step before the first is left out.
"""

from collections.abc import Mapping, Sequence
from math import ceil

from msgspec import Struct

from exporter.store import latency
from exporter.store.aggregate import NANO_PER_USD, Completions
from exporter.store.latency import Counts, quantile_ms
from exporter.store.window import SlotClock


class Course(Struct, frozen=True):
    """A number for each step, the oldest first; a cost or a latency may be unknown."""

    completions: list[int]
    failures: list[int]
    tokens: list[int]
    cost_usd: list[float | None]
    p95_latency_ms: list[float | None]

    def part(self, first: int, until: int) -> "Course":
        """Return the points from `first` to before `until`."""
        return Course(
            completions=self.completions[first:until],
            failures=self.failures[first:until],
            tokens=self.tokens[first:until],
            cost_usd=self.cost_usd[first:until],
            p95_latency_ms=self.p95_latency_ms[first:until],
        )

    def followed_by(self, later: "Course") -> "Course":
        """Return these points and then others."""
        return Course(
            completions=self.completions + later.completions,
            failures=self.failures + later.failures,
            tokens=self.tokens + later.tokens,
            cost_usd=self.cost_usd + later.cost_usd,
            p95_latency_ms=self.p95_latency_ms + later.p95_latency_ms,
        )


class Steps:
    """At most `points_max` steps, the last of which is that of slot time's now.

    `first` is the index of the first slot of the first step, which is in the window, and `end` that
    of the slot after the last step.
    """

    def __init__(self, clock: SlotClock, *, points_max: int) -> None:
        self.stride = ceil(clock.slots / points_max)
        self.points = clock.slots // self.stride
        self.end = self.begins(clock.head) + self.stride
        self.first = self.end - self.points * self.stride
        self.secs = self.stride * clock.slot_secs
        self.ends_at = clock.starts_at(self.end)

    def begins(self, index: int) -> int:
        """Return the index of the first slot of the step that has the slot `index`."""
        return index // self.stride * self.stride

    def course(self, slots: Mapping[int, Completions], since: int) -> Course:
        """Return what slots, by their indices, come to in each step from the slot `since` on.

        A step begins with it. What is in other steps than these is passed over.
        """
        stride, points = self.stride, (self.end - since) // self.stride
        completions, failures, tokens = ([0] * points for _ in range(3))
        cost_nano: list[int | None] = [None] * points
        latencies: list[list[Counts]] = [[] for _ in range(points)]
        for index, sums in slots.items():
            point = (index - since) // stride
            if not 0 <= point < points:
                continue  # The last ones may have begun since the first model was told.
            messages = sums.messages
            completions[point] += messages
            failures[point] += messages - sums.successes
            tokens[point] += sums.tokens
            if messages > sums.unpriced:
                cost_nano[point] = (cost_nano[point] or 0) + sums.cost_nano
            if sums.latencies:
                latencies[point].append(sums.latencies)
        return Course(
            completions=completions,
            failures=failures,
            tokens=tokens,
            cost_usd=[nano if nano is None else nano / NANO_PER_USD for nano in cost_nano],
            p95_latency_ms=[_p95_ms(counts) for counts in latencies],
        )


def _p95_ms(histograms: Sequence[Counts]) -> float | None:
    if not histograms:
        return None
    counts = histograms[0]
    if len(histograms) > 1:
        counts = counts.copy()
        for other in histograms[1:]:
            latency.merge(counts, other)
    return quantile_ms(counts, 0.95)
