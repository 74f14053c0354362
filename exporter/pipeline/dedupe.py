"""Retries recognised: a batch by its idempotency key, an event by its id.

In two steps, because a commit may fail in between: what a group holds is looked up, and only once
the group is committed is it remembered. Until then nothing changes, so there is nothing to undo,
and a group that fails pushes no committed key out of its place.

Both are generators that stop after every piece, for whoever has others to let go on. Nothing else
may ask or add until they are through.
"""

from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Protocol

from exporter.event.types import Activity, Completion, Event
from exporter.pipeline.batch import Batch
from exporter.pipeline.cumulative import Total, Totals
from exporter.pipeline.secrets import id_without_keys
from exporter.pipeline.turns import pieces


class Committed(Protocol):
    """What is remembered of a batch that was committed, now or before a restart."""

    @property
    def events(self) -> Sequence[Event]:
        """The events that counted."""
        ...

    @property
    def idempotency_key(self) -> str | None:
        """The key it came with, if any."""
        ...


class Remembered:
    """Keys seen in the last `ttl_secs`, at most `keys_max`; the oldest is forgotten first.

    `evicted` counts those that had to go before their time.
    """

    def __init__(self, *, keys_max: int, ttl_secs: float) -> None:
        self._keys_max = keys_max
        self._ttl_secs = ttl_secs
        # Not a dict: finding its oldest key takes longer with each one that was deleted before it.
        self._seen_at: OrderedDict[str, float] = OrderedDict()
        self.evicted = 0

    def knows(self, key: str, now: float) -> bool:
        """Return whether a key is remembered at `now`, monotonic seconds."""
        seen_at = self._seen_at.get(key)
        return seen_at is not None and now - seen_at < self._ttl_secs

    def add(self, key: str, now: float) -> None:
        """Remember a key from `now` on, monotonic seconds."""
        self._seen_at.pop(key, None)
        self._seen_at[key] = now
        if len(self._seen_at) > self._keys_max:
            _, seen_at = self._seen_at.popitem(last=False)
            self.evicted += now - seen_at < self._ttl_secs

    def seen(self) -> Iterator[tuple[str, float]]:
        """Yield every key and when it was seen, monotonic seconds; the oldest first.

        None may be added until the last was taken.
        """
        return iter(self._seen_at.items())

    def __len__(self) -> int:
        return len(self._seen_at)


class Dedupe:
    """Takes out of batches what has been counted before; of a total, what the one before held.

    The first of two equal keys or ids wins, whatever else the second one says. Time is monotonic
    seconds: a wall clock that jumps makes nothing forgotten.
    """

    def __init__(self, *, keys_max: int, ids_max: int, ttl_secs: float) -> None:
        self.keys = Remembered(keys_max=keys_max, ttl_secs=ttl_secs)
        self.ids = Remembered(keys_max=ids_max, ttl_secs=ttl_secs)
        self.totals = Totals()

    def reduce(
        self, batches: Sequence[Batch], now: float
    ) -> Generator[None, None, list[list[Event]]]:
        """Leave in a group of batches only what is new; return the duplicates of each.

        The key of a batch that came before is taken out too: it is that one's.
        """
        keys: set[str] = set()
        ids: set[str] = set()
        totals: dict[str, Total] = {}
        duplicates = []
        for batch in batches:
            found = yield from self._reduce_one(batch, keys, ids, now)
            duplicates.append(found)
        for batch in batches:
            for piece in pieces(batch.events):
                self.totals.fill_in(piece, totals)
                yield
        return duplicates

    def _reduce_one(
        self, batch: Batch, keys: set[str], ids: set[str], now: float
    ) -> Generator[None, None, list[Event]]:
        key = batch.idempotency_key
        if key is not None:
            if key in keys or self.keys.knows(key, now):
                repeated, batch.events, batch.idempotency_key = batch.events, [], None
                batch.summary = None
                return repeated
            keys.add(key)
        duplicates: list[Event] = []
        fresh: list[Event] = []
        mine: set[str] = set()
        told_runs: set[str | None] = set()
        for piece in pieces(batch.events):
            for event in piece:
                event_id = event.id
                if event_id is None:
                    fresh.append(event)
                    continue
                # As it will be kept: a retry is compared with what was.
                event_id = event.id = id_without_keys(event_id)
                if event_id in mine:
                    duplicates.append(event)
                elif event_id in ids or self.ids.knows(event_id, now):
                    duplicates.append(event)
                    told_runs.add(_run_of(event))
                else:
                    mine.add(event_id)
                    fresh.append(event)
            yield
        if duplicates:
            batch.events, of_told_runs = _parted(fresh, told_runs - {None})
            duplicates += of_told_runs
            mine.difference_update([event.id for event in of_told_runs if event.id])
        ids |= mine
        return duplicates

    def remember(self, batches: Iterable[Committed], now: float) -> Generator[None, None, None]:
        """Remember what was committed of the batches that `reduce` has been through."""
        for batch in batches:
            if batch.idempotency_key is not None:
                self.keys.add(batch.idempotency_key, now)
            for piece in pieces(batch.events):
                self._remember(piece, now)
                yield

    def _remember(self, events: Iterable[Event], now: float) -> None:
        for event in events:
            if event.id is not None:
                self.ids.add(event.id, now)
            if event.__class__ is Activity:
                self.totals.remember(event)


def _parted(fresh: list[Event], told_runs: set[str | None]) -> tuple[list[Event], list[Event]]:
    """Return those that count, and those of runs whose calls somebody else tells of."""
    if not told_runs:
        return fresh, []
    return (
        [event for event in fresh if _run_of(event) not in told_runs],
        [event for event in fresh if _run_of(event) in told_runs],
    )


def _run_of(event: Event) -> str | None:
    return event.run_id if isinstance(event, Completion) else None
