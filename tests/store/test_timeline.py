"""The course of the window: its steps, what is in each, and that all models add up to the total."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.types import Completion
from exporter.pipeline.turns import finish
from exporter.store.answers import instant
from exporter.store.steps import Course
from exporter.store.telemetry import TelemetryStore
from exporter.store.timeline import ModelCourse, Timeline
from tests.builders import NOW, completion, failure, tokens
from tests.store import oracle
from tests.store.filled import restored
from tests.store.histories import (
    BOUNDS,
    events,
    histories,
    limit_signals,
    steps_ahead,
    steps_back,
)
from tests.store.histories import Step as Happening
from tests.store.oracle import Oracle, Recorded
from tests.store.test_window_properties import Step as Pushed
from tests.store.test_window_properties import histories as completion_histories

ALL = 1_000


def told(store: TelemetryStore, now: float, points_max: int = 60, limit: int = ALL) -> Timeline:
    """Return the course of the window."""
    return finish(store.board.timeline(now=now, limit=limit, points_max=points_max))


def test_each_point_is_a_step_of_the_window() -> None:
    """The last one is that of now, and still filling; steps begin at whole multiples."""
    store = TelemetryStore()
    at_start = NOW - NOW % 60
    store.apply(
        [
            completion(cost_usd=0.5, tokens=tokens(1, 2, 3, 4, 5), at=at_start),
            completion(latency_ms=400.0, cost_usd=None, at=at_start - 1),
            failure(cost_usd=0.25, at=at_start - 60),
            failure(at=at_start - 3000),
        ],
        NOW,
    )
    timeline = told(store, NOW)
    assert (timeline.points, timeline.step_secs, timeline.window_secs) == (60, 60, 3600)
    assert timeline.ends_at == instant(at_start + 60)
    total = timeline.total
    assert total.completions == [0] * 9 + [1] + [0] * 48 + [2, 1]
    assert total.failures == [0] * 9 + [1] + [0] * 48 + [1, 0]
    assert total.tokens == [0] * 59 + [15]
    assert total.cost_usd == [None] * 58 + [0.25, 0.5]
    assert total.p95_latency_ms == [None] * 58 + [
        pytest.approx(400, rel=0.05),
        pytest.approx(100, rel=0.05),
    ]
    (model,) = timeline.models
    assert (model.provider, model.model) == ("p", "m")
    assert course(model) == course(total)


def course(course: Course) -> dict[str, list[object]]:
    """Return the arrays of a course, by name."""
    return {name: getattr(course, name) for name in Course.__struct_fields__}


def test_a_point_stays_what_it_is_while_time_goes_on() -> None:
    """Within a step nothing moves; with the next one, everything does by one point."""
    store = TelemetryStore()
    at_start = NOW - NOW % 60
    store.apply([completion(at=at_start - 61), completion(at=at_start + 1)], at_start + 1)
    first = told(store, at_start + 1)
    assert told(store, at_start + 59.9) == first
    later = told(store, at_start + 60)
    assert later.total.completions == [*first.total.completions[1:], 0]
    assert later.ends_at.timestamp() == first.ends_at.timestamp() + 60


@pytest.mark.parametrize(
    ("slots", "points_max", "points", "step_slots"),
    [
        (120, 120, 120, 1),
        (120, 60, 60, 2),
        (120, 59, 40, 3),
        (120, 50, 40, 3),
        (120, 7, 6, 18),
        (120, 1, 1, 120),
        (120, 500, 120, 1),
        (7, 3, 2, 3),
        (1, 1, 1, 1),
        (10_000, 10_000, 500, 20),
    ],
)
def test_steps_are_whole_slots(slots: int, points_max: int, points: int, step_slots: int) -> None:
    """As few as the points asked for allow; so many of them as the window is long enough for."""
    store = TelemetryStore(window_secs=3600, slots=slots)
    timeline = told(store, NOW, points_max)
    assert timeline.points == len(timeline.total.completions) == points
    assert timeline.step_secs == pytest.approx(step_slots * 3600 / slots)
    ends_at = timeline.ends_at.timestamp()
    assert NOW < ends_at <= NOW + timeline.step_secs


def test_asking_changes_nothing() -> None:
    """Whatever was asked before, and in however many points."""
    store = TelemetryStore()
    for age_slots in range(10):
        at = NOW - age_slots * 30
        store.apply([completion(latency_ms=2.0**n, at=at) for n in range(9)], NOW)
    parts, glance = list(store.save()), store.board.glance(NOW)
    for points_max in (60, 7, 1, 60):
        assert told(store, NOW, points_max) == told(restored(parts), NOW, points_max)
    assert store.board.glance(NOW) == glance
    assert list(store.save()) == parts


def test_nothing_is_a_course_of_nothing() -> None:
    """Counts are 0, and what cannot be known is unknown."""
    assert told(TelemetryStore(), NOW, 2) == Timeline(
        window_secs=3600,
        step_secs=1800,
        ends_at=instant(NOW - NOW % 1800 + 1800),
        points=2,
        total=Course([0, 0], [0, 0], [0, 0], [None, None], [None, None]),
        models=[],
    )


def test_the_busiest_models_come_first() -> None:
    """Failures count as well; equals are sorted by provider and name."""
    store = TelemetryStore()
    for model, count in (("a", 1), ("b", 3), ("c", 1), ("d", 2)):
        store.apply([failure(model=model, at=NOW - 600)] * (count - 1), NOW)
        store.apply([completion(model=model, provider="z" if model == "a" else "p")], NOW)
    assert [one.model for one in told(store, NOW).models] == ["b", "d", "c", "a"]
    timeline = told(store, NOW, limit=1)
    assert [one.model for one in timeline.models] == ["b"]
    assert sum(timeline.total.completions) == 7


@settings(max_examples=80, deadline=None)
@given(completion_histories, st.integers(1, oracle.SLOTS))
def test_courses_equal_the_oracle(history: list[Pushed], points_max: int) -> None:
    """Late, early and stepping clocks included, each point adds up what is in its slots."""
    store, now = oracle.store(), NOW
    plain: Oracle[Completion] = Oracle()
    for step in history:
        now += step.secs
        plain.advance(now)
        for age_secs, event in step.pushed:
            event.at = now - age_secs
            plain.apply(event, now)
        store.apply([event for _, event in step.pushed], now)
        if step.read:
            check(told(store, now, points_max), plain, points_max)
    plain.advance(now)
    check(told(store, now, points_max), plain, points_max)


@dataclass(frozen=True)
class Span:
    """The slots of the points, as the documentation states them."""

    stride: int
    points: int
    first: int

    @classmethod
    def of(cls, head: int, points_max: int) -> "Span":
        """Return the span that ends with the step of the slot `head`."""
        stride = -(-oracle.SLOTS // points_max)
        points = oracle.SLOTS // stride
        return cls(stride, points, (head // stride - points + 1) * stride)

    def parted(self, recorded: list[Recorded[Completion]]) -> list[list[Completion]]:
        """Return what is in each point."""
        parts: list[list[Completion]] = [[] for _ in range(self.points)]
        for one in recorded:
            if one.slot >= self.first:
                parts[(one.slot - self.first) // self.stride].append(one.event)
        return parts


def check(timeline: Timeline, plain: Oracle[Completion], points_max: int) -> None:
    """Compare all models together and each of them."""
    span = Span.of(plain.head, points_max)
    assert timeline.points == span.points
    ends_at = (span.first + span.points * span.stride - plain.shift) * oracle.SLOT_SECS
    assert timeline.ends_at == instant(ends_at)
    check_course(timeline.total, span.parted(plain.recorded))
    keys = {(one.event.provider, one.event.model) for one in plain.recorded}
    assert {(one.provider, one.model) for one in timeline.models} == keys
    ranks = []
    for one in timeline.models:
        recorded = plain.where(provider=one.provider, model=one.model)
        check_course(one, span.parted(recorded))
        ranks.append((-len(recorded), one.provider, one.model))
    assert ranks == sorted(ranks)


def check_course(course: Course, points: list[list[Completion]]) -> None:
    """Compare every number of a course."""
    assert course.completions == [len(point) for point in points]
    assert course.failures == [sum(not e.success for e in point) for point in points]
    assert course.tokens == [sum(e.tokens.sum for e in point if e.tokens) for point in points]
    for cost_usd, p95_ms, point in zip(course.cost_usd, course.p95_latency_ms, points, strict=True):
        costs = [e.cost_usd for e in point if e.cost_usd is not None]
        assert cost_usd == (pytest.approx(sum(costs), abs=1e-6) if costs else None)
        latencies = [e.latency_ms for e in point if e.success and e.latency_ms is not None]
        exact = oracle.exact_quantile(latencies, 0.95) if latencies else None
        assert p95_ms == (pytest.approx(exact, rel=0.05) if latencies else None)


def add_up(models: list[ModelCourse], points: int) -> dict[str, list[float]]:
    """Return what can be added up of some models, added up."""
    return {
        name: [sum(getattr(one, name)[point] or 0 for one in models) for point in range(points)]
        for name in ("completions", "failures", "tokens", "cost_usd")
    }


@settings(max_examples=200, deadline=None)
@given(histories(steps_ahead | steps_back, events | limit_signals, "live", "restart", "other"))
def test_the_total_is_that_of_the_models(history: list[Happening]) -> None:
    """Evictions, restarts and other slots included: what is told of all is told of each."""
    bounds, now = BOUNDS, NOW
    store = TelemetryStore(**bounds)
    for step in history:
        now += step.secs
        store.apply(step.events(now), now)
        if step.what == "other":
            bounds = {**bounds, "slots": 36 - bounds["slots"], "window_secs": 60.0}
        if step.what != "live":
            store = restored(store.save(), **bounds)
        timeline = told(store, now)
        sums = add_up(timeline.models, timeline.points)
        costs = [pytest.approx(cost or 0, abs=1e-9) for cost in timeline.total.cost_usd]
        assert sums.pop("cost_usd") == costs
        assert sums == {name: getattr(timeline.total, name) for name in sums}
