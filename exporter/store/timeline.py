"""The course of the window: what happened in each step of it, for sparklines.

Only the newest slot of a model is written to, but for what comes late. So the points before it are
kept for the next who asks: a model told again takes 15 us in place of 300.
"""

from collections.abc import Generator
from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict

from exporter.store.answers import instant
from exporter.store.kept import Kept
from exporter.store.model_window import ModelKey
from exporter.store.models import ModelTable
from exporter.store.steps import Course, Steps
from exporter.store.window import SlotClock

KEPT_POINTS_MAX: Final = 25_000
"""How many points are kept, 0.1 kB each: 500 of 50 models, or 120 of 200."""


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


class Told(NamedTuple):
    """A course from the slot `first` on; points of slots before `until` stay as they are."""

    first: int
    until: int
    course: Course


class Timelines:
    """Tells the course of the window of some models."""

    def __init__(self, models: ModelTable, clock: SlotClock, *, window_secs: float) -> None:
        self._models = models
        self._clock = clock
        self._window_secs = window_secs
        self._told: Kept[tuple[ModelKey, int], Told] = Kept(weight_max=KEPT_POINTS_MAX)

    def tell(self, *, limit: int, points_max: int) -> Generator[None, None, Timeline]:
        """Return the course of the window, in at most `points_max` steps, and of `limit` models.

        Slot time must have been moved on to now. It stops after each model, for of 10,000 slots one
        takes 30 ms: a model is told as it is by then.
        """
        steps = Steps(self._clock, points_max=points_max)
        total = steps.course(self._models.together(steps.first), steps.first)
        courses = []
        for key in self._models.busiest(limit):
            yield
            provider, model = key
            course = self._course(steps, key)
            courses.append(ModelCourse(**asdict(course), provider=provider, model=model))
        return Timeline(
            window_secs=self._window_secs,
            step_secs=steps.secs,
            ends_at=instant(steps.ends_at),
            points=steps.points,
            total=total,
            models=courses,
        )

    def _course(self, steps: Steps, key: ModelKey) -> Course:
        past = self._models.past(key)
        if past is None:
            return steps.course({}, steps.first)
        version, newest = past
        told = self._told.get((key, steps.stride), version)
        overtaken = told is not None and told.first > steps.first
        if overtaken:
            told = None  # While we waited, another told it from a later slot on.
        since = steps.first if told is None else max(told.until, steps.first)
        course = steps.course(self._models.by_slot(key, since), since)
        if told is not None:
            known = (steps.first - told.first) // steps.stride, (since - told.first) // steps.stride
            course = told.course.part(*known).followed_by(course)
        until = min(max(steps.begins(newest), since), steps.end)
        if not overtaken:
            kept = Told(steps.first, until, course)
            self._told.put((key, steps.stride), version, kept, weight=steps.points)
        return course
