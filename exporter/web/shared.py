"""Answers that take long to make: made one at a time, and once for all who wait for the same.

Whoever asks while one is being made shares the next, never the one that has begun: that could miss
a push acknowledged before they asked. So a crowd costs two makings, not one each. Between two, the
event loop turns to whatever else there is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from exporter.event.rejection import Code, Refusal

WAITING_MAX = 16
"""Different answers that may wait to be made: at 30 ms each, the last takes half a second."""

K = TypeVar("K", bound=Hashable)

Make = Callable[[], Awaitable[bytes]]
"""Makes an answer as of now."""


class Shared(Generic[K]):
    """Makes answers, each known by a key: who gives the same key may get the same answer."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._waiting_max = waiting_max
        self._one_at_a_time = asyncio.Lock()
        self._next: dict[K, asyncio.Task[bytes]] = {}

    async def answer(self, key: K, make: Make) -> bytes:
        """Return an answer that began to be made after this was called.

        Raises `Refusal` (`rate_limited`) where as many others as may wait to be made.
        """
        task = self._next.get(key)
        if task is None:
            if len(self._next) >= self._waiting_max:
                raise Refusal(Code.RATE_LIMITED, "too much else is asked for", retry_after_secs=1)
            task = self._next[key] = asyncio.create_task(self._made(key, make))
        # Whoever goes away takes nobody else's answer along.
        return await asyncio.shield(task)

    async def _made(self, key: K, make: Make) -> bytes:
        async with self._one_at_a_time:
            await asyncio.sleep(0)
            del self._next[key]
            return await make()
