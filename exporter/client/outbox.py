"""The bounded queue between the threads that tell events and the one that sends them.

To put an event must cost next to nothing, so there is no lock. Both ends go by what a deque and a
`SimpleQueue` do in one step, which also makes it safe to put events from signal handlers and from
finalizers. The sender says at how many events it wants to be woken (`_wake_at`) and then looks at
the queue; whoever puts an event then looks at `_wake_at`. So one of them sees the other.
The ugly part: threads that put at the same moment may overrun the bound by one event each.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final

from exporter.client.drops import Drops, Reason

Event = dict[str, Any]

_NEVER: Final = 1 << 62


class Mark(threading.Event):
    """A place in the queue that somebody waits for: set once all before it is dealt with."""


class Outbox:
    """Events that wait: at most `events_max`, past it the newest is dropped and counted.

    `start` makes a thread run that takes events out, and returns whether there is one; it is called
    wherever none is `attended`.
    """

    def __init__(
        self, *, events_max: int, batch_events_max: int, drops: Drops, start: Callable[[], bool]
    ) -> None:
        self._events_max = events_max
        self._batch_events_max = batch_events_max
        self._drops = drops
        self._start = start
        self.attended = False
        self.closed = False
        self.renew()

    def renew(self) -> None:
        """Begin anew, empty and unattended, as the child of a fork has to."""
        self._waiting: deque[Event | Mark] = deque()
        self._marks: deque[Mark] = deque()
        self._token: SimpleQueue[None] = SimpleQueue()
        self._wake_at = _NEVER
        self.attended = False

    def put(self, event: Event) -> bool:
        """Queue an event, which is the queue's from now on; returns whether it had room."""
        waiting = self._waiting
        if len(waiting) >= self._events_max or self.closed:
            self._drops.add(1, Reason.CLOSED if self.closed else Reason.QUEUE_FULL)
            return False
        waiting.append(event)
        if not self.attended and not self._start():
            return self._taken_back()
        if len(waiting) >= self._wake_at and self._token.empty():
            self._token.put(None)
        return True

    def _taken_back(self) -> bool:
        """Count an event that nobody will ever send."""
        with contextlib.suppress(IndexError):
            self._waiting.pop()
        self._drops.add(1, Reason.CLOSED)
        return False

    def mark(self) -> Mark:
        """Put a mark behind all that waits, and hurry the sender on to it."""
        mark = Mark()
        self._marks.append(mark)
        self._waiting.append(mark)
        self.hurry()
        return mark

    def close(self) -> None:
        """Take no more; what waits can still be taken out."""
        self.closed = True
        self.hurry()

    def hurry(self) -> None:
        """Wake the sender, whatever it waits for."""
        self._token.put(None)

    # What follows is for the one thread that takes events out.

    def take(self, flush_secs: float) -> tuple[list[Event], Mark | None]:
        """Wait for events, then `flush_secs` for a batch of them, and return what there is.

        A mark ends a batch and does not wait; neither does anything once closed.
        """
        self._wait(1, None)
        self._wait(self._batch_events_max, time.monotonic() + flush_secs)
        events: list[Event] = []
        while self._waiting and len(events) < self._batch_events_max:
            item = self._waiting.popleft()
            if isinstance(item, Mark):
                self._marks.popleft()
                return events, item
            events.append(item)
        return events, None

    def pause(self, secs: float) -> bool:
        """Wait so long, or until hurried on; returns whether it was."""
        try:
            self._token.get(timeout=secs)
        except Empty:
            return False
        return True

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def _wait(self, events: int, until: float | None) -> None:
        self._wake_at = events
        while len(self._waiting) < events and not self._marks and not self.closed:
            left_secs = None if until is None else max(0.0, until - time.monotonic())
            try:
                self._token.get(timeout=left_secs)
            except Empty:
                break
        self._wake_at = _NEVER
