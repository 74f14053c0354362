"""How deep the agents' queues are, as last read."""

from collections import OrderedDict
from collections.abc import Iterator

from exporter.event.types import QueueDepth
from exporter.store.saved import SavedQueue, in_parts


class QueueTable:
    """The latest depth of at most `queues_max` queues, each told for `ttl_secs` from its reading.

    Only a reading takes the place of another: a clock that jumps ahead and back hides what there is
    for as long as it is ahead. `evictions` counts those that had to go for want of room, the least
    recently read first, and were not too old to be told.
    """

    def __init__(self, *, queues_max: int, ttl_secs: float) -> None:
        self.queues_max = queues_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self._readings: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def read(self, event: QueueDepth, at: float, now: float) -> None:
        """Take in a reading made at `at` (Unix seconds); one that is out of date is passed over.

        None is, beside one that was made ahead of `now`: the clock has stepped back since.
        """
        key = (event.agent, event.queue)
        before = self._readings.get(key)
        if before is not None and at < before[0] <= now:
            return
        self._readings[key] = (at, event.depth)
        self._readings.move_to_end(key)
        self.evictions += self._make_room(now - self.ttl_secs)

    def depth(self, now: float) -> int:
        """Return how many items wait in all queues together."""
        since = now - self.ttl_secs
        return sum(depth for at, depth in self._readings.values() if at > since)

    def save(self) -> Iterator[list[SavedQueue]]:
        """Yield the latest readings, the least recent first."""
        readings = list(self._readings.items())
        return in_parts((SavedQueue(*key, *reading) for key, reading in readings), lambda _: 1)

    def restore(self, form: SavedQueue) -> None:
        """Take in a reading that was saved, after all that are less recent."""
        self._readings[form.agent, form.queue] = (form.at, form.depth)
        self._make_room(form.at)

    def _make_room(self, since: float) -> int:
        """Forget what is one too many; return how many readings made after `since` that was."""
        if len(self._readings) <= self.queues_max:
            return 0
        _, (at, _) = self._readings.popitem(last=False)
        return int(at > since)
