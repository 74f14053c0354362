"""How deep the agents' queues are, as last read."""

from collections.abc import Iterator

from exporter.event.types import QueueDepth
from exporter.store.answers import QueueReading, instant
from exporter.store.parts import in_parts
from exporter.store.readings import Readings
from exporter.store.saved import SavedQueue


class QueueTable(Readings[tuple[str, str], int]):
    """The latest depth of each queue, by its agent and its name."""

    def take(self, event: QueueDepth, at: float, now: float) -> None:
        """Take in a reading made at `at`, both in Unix seconds."""
        self.read((event.agent, event.queue), event.depth, at, now)

    def depth(self, now: float) -> int:
        """Return how many items wait in all queues together."""
        return sum(depth for _, _, depth in self.told(now))

    def each(self, now: float) -> list[QueueReading]:
        """Return how deep each queue is, sorted by agent and by name."""
        return [QueueReading(*key, depth, instant(at)) for key, at, depth in sorted(self.told(now))]

    def save(self) -> Iterator[list[SavedQueue]]:
        """Yield the latest readings, the least recent first."""
        return in_parts((SavedQueue(*key, at, depth) for key, at, depth in self.all()), lambda _: 1)

    def restore(self, form: SavedQueue) -> None:
        """Take in a reading that was saved, after all that are less recent."""
        self._put_back((form.agent, form.queue), form.depth, form.at)
