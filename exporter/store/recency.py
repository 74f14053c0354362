"""Who was used least recently, without keeping anybody in order.

Moving an entry to the end of an ordered dict at every use costs more than the use itself. So a use
only stamps the entry with a number that grows, and the order is made when somebody has to go: the
entries are sorted by their stamps into a queue, and one that is still stamped as it was when it
was queued was used before all that are not. The queue serves until it is empty, so a sort is paid
for by as many evictions, or uses, as there are entries.
"""

from collections import deque
from collections.abc import Mapping
from operator import itemgetter
from typing import Generic, Protocol, TypeVar


class Stamped(Protocol):
    """An entry that bears the stamp of its last use."""

    used: int


K = TypeVar("K")


class EvictionQueue(Generic[K]):
    """Finds the least recently used entry of one dict."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, K]] = deque()

    def next(self, entries: Mapping[K, Stamped]) -> K:
        """Return the key of the least recently used entry; there must be one, and it must go."""
        while True:
            while self._queue:
                used, key = self._queue.popleft()
                entry = entries.get(key)
                if entry is not None and entry.used == used:
                    return key
            stamps = ((entry.used, key) for key, entry in entries.items())
            self._queue.extend(sorted(stamps, key=itemgetter(0)))
