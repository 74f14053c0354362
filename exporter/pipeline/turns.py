"""Turns: long work on the event loop, cut where others may go on."""

import asyncio
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

from exporter.clock import Clock

TURN_SECS_MAX = 0.005
"""How long work goes on before others get a turn; it may last one piece longer."""

EVENTS_PER_PIECE = 100
"""Events between two looks at the clock: at up to 10 us each, or 100 where each is the first of its
label values, which happens once for as many as are kept.

A record of the journal holds a whole number of pieces, for a replay must have the same ones."""

EVENTS_PER_SMALL_PIECE = 50
"""The same where an event may take 0.1 ms, as a failed completion does to make sense of."""

T = TypeVar("T")


class Turns:
    """Keeps an eye on the time since others last had a turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()

    async def over(self) -> None:
        """Let others go on if this turn has taken long enough."""
        if self._clock.monotonic() - self._began >= TURN_SECS_MAX:
            await asyncio.sleep(0)
            self._began = self._clock.monotonic()

    async def through(self, work: Generator[None, None, T]) -> T:
        """Go through work that stops after every piece, and return what it returns."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                value: T = end.value
                return value
            await self.over()


def finish(work: Generator[None, None, T]) -> T:
    """Go through work without letting others go on, and return what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            value: T = end.value
            return value


def pieces(items: Sequence[T], size: int = EVENTS_PER_PIECE) -> Iterator[Sequence[T]]:
    """Yield the items in order, at most `size` at a time; nothing for none."""
    if len(items) <= size:
        if items:
            yield items
        return
    for start in range(0, len(items), size):
        yield items[start : start + size]
