"""How deep the agents' queues are, as last read."""

from collections import OrderedDict

from exporter.event.types import QueueDepth


class QueueTable:
    """The latest depth of at most `queues_max` queues, each forgotten `ttl_secs` after its reading.

    `evictions` counts those that had to go for want of room, the least recently read first.
    """

    def __init__(self, *, queues_max: int, ttl_secs: float) -> None:
        self.queues_max = queues_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self._readings: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def read(self, event: QueueDepth, at: float) -> None:
        """Take in a reading made at `at` (Unix seconds); one that is out of date is passed over."""
        key = (event.agent, event.queue)
        before = self._readings.get(key)
        if before is not None and at < before[0]:
            return
        self._readings[key] = (at, event.depth)
        self._readings.move_to_end(key)
        if len(self._readings) > self.queues_max:
            self._readings.popitem(last=False)
            self.evictions += 1

    def depth(self, now: float) -> int:
        """Return how many items wait in all queues together."""
        for key in [key for key, (at, _) in self._readings.items() if at <= now - self.ttl_secs]:
            del self._readings[key]
        return sum(depth for _, depth in self._readings.values())
