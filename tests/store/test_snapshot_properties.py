"""A store that is saved and restored, against a twin that never was."""

from collections import Counter

from hypothesis import given, settings

from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW
from tests.store.histories import (
    BOUNDS,
    Step,
    events,
    every_answer,
    histories,
    steps_ahead,
    steps_back,
)

LIVE, READ, RESTART, READ_WHILE_SAVING = "live", "read", "restart", "read while saving"

READ_SECS = 15.0
"""How long after the step somebody reads while the store is being saved."""


class Lives:
    """A store over several lives; what each of them counts by itself is added up."""

    def __init__(self) -> None:
        self.store = TelemetryStore(**BOUNDS)
        self.passed: Counter[str] = Counter()

    def restart(self, read_at: float | None = None) -> None:
        """Save the store, perhaps reading it in between, and go on with what is restored."""
        parts = []
        for number, part in enumerate(self.store.save()):
            parts.append(part)
            if read_at is not None and number % 3 == 1:
                every_answer(self.store, read_at)
        self.passed = self.lost()
        self.store = TelemetryStore(**BOUNDS)
        self.store.restore(parts)

    def lost(self) -> Counter[str]:
        """Return how much was lost in all lives so far."""
        return self.passed + lost(self.store)


def lost(store: TelemetryStore) -> Counter[str]:
    """Return what a store counts as lost for want of room or time."""
    return Counter(store.evictions) + Counter(late=store.late_events)


@settings(max_examples=300)
@given(histories(steps_ahead, events, LIVE, LIVE, READ, RESTART, READ_WHILE_SAVING))
def test_a_restart_does_not_show(history: list[Step]) -> None:
    """Every answer, then and ever after, is that of a store that never restarted nor was read."""
    lives, twin, now = Lives(), TelemetryStore(**BOUNDS), NOW
    for step in history:
        now += step.secs
        lives.store.apply(step.events(now), now)
        twin.apply(step.events(now), now)
        if step.what == READ:
            every_answer(lives.store, now)
        elif step.what == RESTART:
            lives.restart()
        elif step.what == READ_WHILE_SAVING:
            now += READ_SECS
            lives.restart(now)
    assert every_answer(lives.store, now) == every_answer(twin, now)
    assert lives.lost() == lost(twin)


@settings(max_examples=300)
@given(histories(steps_ahead | steps_back, events, LIVE, READ, RESTART))
def test_a_clock_that_steps_back_does_not_make_a_restart_show(history: list[Step]) -> None:
    """Slots keep their age; what is asked, is asked of both."""
    lives, twin, now = Lives(), TelemetryStore(**BOUNDS), NOW
    for step in history:
        now += step.secs
        lives.store.apply(step.events(now), now)
        twin.apply(step.events(now), now)
        if step.what == READ:
            assert every_answer(lives.store, now) == every_answer(twin, now)
        elif step.what == RESTART:
            lives.restart()
    assert every_answer(lives.store, now) == every_answer(twin, now)
    assert lives.lost() == lost(twin)
