"""Retries recognised: a batch by its idempotency key, an event by its id."""

from collections.abc import Iterable

from exporter.event.types import Event
from exporter.pipeline.batch import Batch


class Remembered:
    """Keys seen in the last `ttl_secs`, at most `keys_max`; the oldest is forgotten first."""

    def __init__(self, *, keys_max: int, ttl_secs: float) -> None:
        self._keys_max = keys_max
        self._ttl_secs = ttl_secs
        self._seen_at: dict[str, float] = {}
        self.evicted = 0

    def add(self, key: str, now: float) -> bool:
        """Remember a key as of `now`, Unix seconds; return whether it was new."""
        seen_at = self._seen_at.get(key)
        if seen_at is not None and now - seen_at < self._ttl_secs:
            return False
        self._seen_at.pop(key, None)
        self._seen_at[key] = now
        if len(self._seen_at) > self._keys_max:
            self._forget_oldest(now)
        return True

    def discard(self, keys: Iterable[str]) -> None:
        """Forget keys, so that what they stand for may be pushed again."""
        for key in keys:
            self._seen_at.pop(key, None)

    def _forget_oldest(self, now: float) -> None:
        oldest = next(iter(self._seen_at))
        if now - self._seen_at.pop(oldest) < self._ttl_secs:
            self.evicted += 1

    def __len__(self) -> int:
        return len(self._seen_at)


class Dedupe:
    """Takes out of a batch what has been counted before.

    The first of two equal keys or ids wins, whatever else the second one says.
    """

    def __init__(self, *, keys_max: int, ids_max: int, ttl_secs: float) -> None:
        self.keys = Remembered(keys_max=keys_max, ttl_secs=ttl_secs)
        self.ids = Remembered(keys_max=ids_max, ttl_secs=ttl_secs)

    def reduce(self, batch: Batch, now: float) -> list[Event]:
        """Leave in the batch only events not seen before; return the duplicates taken out.

        The key of a batch that was committed before is taken out too: it is that one's.
        """
        if batch.idempotency_key is not None and not self.keys.add(batch.idempotency_key, now):
            duplicates, batch.events, batch.idempotency_key = batch.events, [], None
            return duplicates
        duplicates = []
        fresh = []
        for event in batch.events:
            if event.id is None or self.ids.add(event.id, now):
                fresh.append(event)
            else:
                duplicates.append(event)
        if duplicates:
            batch.events = fresh
        return duplicates

    def forget(self, batches: Iterable[Batch]) -> None:
        """Undo `reduce` for batches that could not be committed, so that a retry counts."""
        for batch in batches:
            if batch.idempotency_key is not None:
                self.keys.discard([batch.idempotency_key])
            self.ids.discard(event.id for event in batch.events if event.id is not None)
