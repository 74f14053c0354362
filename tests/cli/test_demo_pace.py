"""The demo's events in real time, of a clock that is set by hand."""

import math
import os
import signal
from collections.abc import Callable
from random import Random

import pytest

from exporter.cli.demo_pace import paced, pausing
from exporter.cli.demo_traffic import Traffic

BEGAN_AT = 1_800_000_000.0


class Clock:
    """A clock that goes on while somebody pauses; `stop_at` is when a pause is told to stop."""

    def __init__(self, stop_at: float = math.inf) -> None:
        self.now = BEGAN_AT
        self.stop_at = stop_at
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pause(self, secs: float) -> bool:
        """Let so many seconds pass; returns whether to stop."""
        assert secs >= 0
        self.pauses.append(secs)
        self.now += secs
        return self.now >= self.stop_at


def _traffic(rate: float = 20.0) -> Traffic:
    random = Random(3)  # noqa: S311 - it is to be the same again
    return Traffic(random, rate=rate, began_at=BEGAN_AT)


def _times(clock: Clock, seconds: float, meanwhile: Callable[[int], None]) -> list[float]:
    """Return when events came, on a clock to which something may happen after each of them."""
    times = []
    events = paced(_traffic(), clock=clock, pause=clock.pause, seconds=seconds)
    for index, _ in enumerate(events):
        times.append(clock.now)
        meanwhile(index)
    return times


def _simulated(seconds: float) -> list[float]:
    """Return when events are due."""
    due: list[float] = []
    now = BEGAN_AT
    for delay, _ in _traffic().events():
        now += delay
        if now > BEGAN_AT + seconds:
            return due
        due.append(now)
    raise AssertionError


def test_each_event_comes_when_it_is_due() -> None:
    """Events come at their times, and it ends after the seconds asked for."""
    clock = Clock()
    assert _times(clock, 30, lambda _: None) == pytest.approx(_simulated(30))
    assert clock.now == pytest.approx(BEGAN_AT + 30)


def test_what_takes_time_does_not_lower_the_rate() -> None:
    """What came late because of what was done with those before is caught up with."""
    clock = Clock()

    def work(_index: int) -> None:
        clock.now += 0.01

    times = _times(clock, 30, work)
    assert len(times) == len(_simulated(30))
    assert clock.now == pytest.approx(BEGAN_AT + 30)


@pytest.mark.parametrize("jump_secs", [3600.0, 10.0, -10.0, -3600.0])
def test_what_was_slept_through_is_not_made_up_for(jump_secs: float) -> None:
    """After a jump of the clock it goes on from there, at the old pace."""
    clock = Clock()

    def jump(index: int) -> None:
        if index == 99:
            clock.now += jump_secs

    times = _times(clock, 30, jump)
    assert len(times) == pytest.approx(len(_simulated(30)), rel=0.1)
    assert clock.now == pytest.approx(BEGAN_AT + jump_secs + 30, abs=0.5)
    assert sum(clock.pauses) == pytest.approx(30, abs=0.5)


def test_instants_follow_the_clock() -> None:
    """What is told of instants after a jump is of the clock's time."""
    clock = Clock()
    ages = []
    events = paced(_traffic(5.0), clock=clock, pause=clock.pause, seconds=120)
    for index, event in enumerate(events):
        if index == 50:
            clock.now += 7200
        elif index > 51 and event["type"] == "request_started":
            ages.append(clock.now - event["started_at"])
    assert ages
    assert max(map(abs, ages)) < 100


def test_it_stops_when_asked() -> None:
    """Once a pause is told to stop, no event follows."""
    clock = Clock(stop_at=BEGAN_AT + 3)
    times = _times(clock, math.inf, lambda _: None)
    assert times
    assert max(times) < BEGAN_AT + 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_pause(number: int) -> None:
    """A signal ends the pause at once, and afterwards all signals do what they did before."""
    before = signal.getsignal(number)
    with pausing() as pause:
        assert not pause(0.0)
        os.kill(os.getpid(), number)
        assert pause(60.0)
        assert signal.getsignal(number) is signal.SIG_DFL
    assert signal.getsignal(number) is before
