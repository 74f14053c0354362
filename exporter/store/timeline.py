"""The course of the window: what happened in each step of it, for sparklines.

A step is a whole number of slots, as few as let the points asked for reach over the window. Steps
begin at whole multiples of their length, so that a point stays what it is while time goes on. The
last one is still filling. What the window still holds of a step before the first is left out.
"""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from math import ceil

from msgspec import Struct

from exporter.store import latency
from exporter.store.aggregate import NANO_PER_USD, Completions
from exporter.store.answers import instant
from exporter.store.latency import Counts, quantile_ms
from exporter.store.model_window import ModelKey
from exporter.store.models import ModelTable
from exporter.store.window import SlotClock


class Course(Struct, frozen=True):
    """A number for each step, the oldest first; a cost or a latency may be unknown."""

    completions: list[int]
    failures: list[int]
    tokens: list[int]
    cost_usd: list[float | None]
    p95_latency_ms: list[float | None]


class ModelCourse(Course, frozen=True, kw_only=True):
    """The course of one model."""

    provider: str
    model: str


class Timeline(Struct, frozen=True):
    """The course of all models together, and of the busiest of them.

    Point i of `points`, from 0 on, is about the `step_secs` that begin `points - i` steps before
    `ends_at`.
    """

    window_secs: float
    step_secs: float
    ends_at: datetime
    points: int
    total: Course
    models: list[ModelCourse]


class Steps:
    """At most `points_max` steps, the last of which is that of slot time's now."""

    def __init__(self, clock: SlotClock, *, points_max: int) -> None:
        self.stride = ceil(clock.slots / points_max)
        self.points = clock.slots // self.stride
        last = clock.head // self.stride
        self.first = (last - self.points + 1) * self.stride
        """The index of the first slot of the first step; it is in the window."""
        self.secs = self.stride * clock.slot_secs
        self.ends_at = clock.starts_at((last + 1) * self.stride)

    def course(self, slots: Mapping[int, Completions]) -> Course:
        """Return what slots, by their indices, come to in each step."""
        completions, failures, tokens = ([0] * self.points for _ in range(3))
        cost_nano: list[int | None] = [None] * self.points
        latencies: list[list[Counts]] = [[] for _ in range(self.points)]
        for index, sums in slots.items():
            point = (index - self.first) // self.stride
            if not 0 <= point < self.points:
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


def timeline(
    models: ModelTable, clock: SlotClock, *, window_secs: float, limit: int, points_max: int
) -> Generator[None, None, Timeline]:
    """Return the course of the window, in at most `points_max` steps, and of `limit` models.

    Slot time must have been moved on to now. It stops after each model, for of 10,000 slots one
    takes 30 ms: a model is told as it is by then.
    """
    steps = Steps(clock, points_max=points_max)
    total = steps.course(models.together(steps.first))
    courses = []
    for key in models.busiest(limit):
        yield
        courses.append(_model_course(steps, key, models.by_slot(key)))
    return Timeline(
        window_secs=window_secs,
        step_secs=steps.secs,
        ends_at=instant(steps.ends_at),
        points=steps.points,
        total=total,
        models=courses,
    )


def _model_course(steps: Steps, key: ModelKey, slots: Mapping[int, Completions]) -> ModelCourse:
    course = steps.course(slots)
    provider, model = key
    return ModelCourse(
        provider=provider,
        model=model,
        completions=course.completions,
        failures=course.failures,
        tokens=course.tokens,
        cost_usd=course.cost_usd,
        p95_latency_ms=course.p95_latency_ms,
    )


def _p95_ms(histograms: Sequence[Counts]) -> float | None:
    if len(histograms) <= 1:
        counts = histograms[0] if histograms else {}
    else:
        counts = histograms[0].copy()
        for other in histograms[1:]:
            latency.merge(counts, other)
    return quantile_ms(counts, 0.95)
