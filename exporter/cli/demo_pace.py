"""From simulated time to real time: each event when it is due, until somebody says stop."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

from exporter.cli.demo_traffic import Traffic
from exporter.cli.demo_world import Event

LAG_SECS_MAX: Final = 2.0
"""What is caught up with; more than that, and the machine slept, or its clock was set."""

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)

Pause = Callable[[float], bool]
"""Waits so many seconds; returns whether to stop instead."""


def paced(
    traffic: Traffic, *, clock: Callable[[], float], pause: Pause, seconds: float
) -> Iterator[Event]:
    """Yield the events of so many seconds as they come due by `clock`, in Unix seconds.

    They are a little late at most: what was slept through is skipped and not caught up with.
    """
    due_at = clock()
    left_secs = seconds
    for delay_secs, event in traffic.events():
        if delay_secs > left_secs:
            pause(max(0.0, due_at + left_secs - clock()))
            return
        left_secs -= delay_secs
        due_at += delay_secs
        wait_secs = due_at - clock()
        if not -LAG_SECS_MAX <= wait_secs <= delay_secs + LAG_SECS_MAX:
            traffic.skip(-wait_secs)
            due_at -= wait_secs
            wait_secs = 0.0
        if pause(max(0.0, wait_secs)):
            return
        yield event


@contextmanager
def pausing() -> Iterator[Pause]:
    """Give what waits until a signal asks to stop; the next one has its default effect."""
    # A `SimpleQueue` may be put into by a signal handler, whatever was interrupted.
    asked: SimpleQueue[int] = SimpleQueue()
    before = {number: signal.getsignal(number) for number in STOPPING}

    def stop(number: int, _frame: object) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_DFL)
        asked.put(number)

    def pause(secs: float) -> bool:
        try:
            asked.get(timeout=secs)
        except Empty:
            return False
        return True

    for number in STOPPING:
        signal.signal(number, stop)
    try:
        yield pause
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
