"""The latest readings of what agents gauge: how deep a queue is, how much of a quota is used."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Readings(Generic[K, V]):
    """The latest readings `V` of at most `keys_max` keys `K`, each told for `ttl_secs`.

    Only a reading takes the place of another: a clock that jumps ahead and back hides what there is
    for as long as it is ahead. `evictions` counts those that had to go for want of room, the least
    recently read first, and were not too old to be told.
    """

    def __init__(self, *, keys_max: int, ttl_secs: float) -> None:
        self.keys_max = keys_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self._readings: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def read(self, key: K, value: V, at: float, now: float) -> None:
        """Take in a reading made at `at` (Unix seconds); one that is out of date is passed over.

        None is, beside one that was made ahead of `now`: the clock has stepped back since. What is
        too old to be told would only take room from others.
        """
        if at <= now - self.ttl_secs:
            return
        before = self._readings.get(key)
        if before is not None and at < before[0] <= now:
            return
        self._readings[key] = (at, value)
        self._readings.move_to_end(key)
        self.evictions += self._make_room(now - self.ttl_secs)

    def told(self, now: float) -> Iterator[tuple[K, float, V]]:
        """Yield each key that was read lately, when that was and what it said."""
        since = now - self.ttl_secs
        return ((key, at, value) for key, (at, value) in self._readings.items() if at > since)

    def all(self) -> list[tuple[K, float, V]]:
        """Return every reading, the least recent first."""
        return [(key, at, value) for key, (at, value) in self._readings.items()]

    def _put_back(self, key: K, value: V, at: float) -> None:
        """Take in a reading that was saved, after all that are less recent."""
        self._readings[key] = (at, value)
        self._make_room(at)

    def _make_room(self, since: float) -> int:
        """Forget what is one too many; return how many readings made after `since` that was."""
        if len(self._readings) <= self.keys_max:
            return 0
        _, (at, _) = self._readings.popitem(last=False)
        return int(at > since)
