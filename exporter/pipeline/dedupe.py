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
from exporter.pipeline.secrets import id_without_keys, ids_hold_keys
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

    def knows_any(self, keys: Iterable[str], now: float) -> bool:
        """Return whether one of the keys is remembered at `now`, monotonic seconds."""
        seen_at = self._seen_at
        return any(self.knows(key, now) for key in [key for key in keys if key in seen_at])

    def add_all(self, keys: Sequence[str], now: float) -> None:
        """Remember keys, no two of them equal, from `now` on, monotonic seconds, in their order."""
        if not self._seen_at.keys().isdisjoint(keys):
            for key in keys:
                self.add(key, now)
            return
        self._seen_at.update(dict.fromkeys(keys, now))
        while len(self._seen_at) > self._keys_max:
            self._forget_oldest(now)

    def add(self, key: str, now: float) -> None:
        """Remember a key from `now` on, monotonic seconds."""
        self._seen_at.pop(key, None)
        self._seen_at[key] = now
        if len(self._seen_at) > self._keys_max:
            self._forget_oldest(now)

    def _forget_oldest(self, now: float) -> None:
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
        sieve = _Sieve(self.ids, told=ids, now=now)
        for piece in pieces(batch.events):
            sieve.take(piece)
            yield
        duplicates, mine = sieve.duplicates, sieve.ids
        if duplicates:
            batch.events, of_told_runs = _parted(sieve.fresh, sieve.told_runs - {None})
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
        self.ids.add_all([event.id for event in events if event.id is not None], now)
        for event in events:
            if event.__class__ is Activity:
                self.totals.remember(event)


class _Sieve:
    """Parts the events of one batch into `fresh` ones, whose `ids` are new, and `duplicates`.

    `told` are the ids of the batches before it, `told_runs` the runs of what these or others told.
    """

    def __init__(self, known: Remembered, *, told: set[str], now: float) -> None:
        self._known = known
        self._told = told
        self._now = now
        self.ids: set[str] = set()
        self.fresh: list[Event] = []
        self.duplicates: list[Event] = []
        self.told_runs: set[str | None] = set()

    def take(self, events: Sequence[Event]) -> None:
        """Part some of them."""
        ids = _clean_ids(events)
        if self._are_new(ids):
            self.ids.update(ids)
            self.fresh += events
        else:
            for event in events:
                self._take(event)

    def _are_new(self, ids: Sequence[str]) -> bool:
        """Return whether all ids are new: nearly always so, and told in 0.2 us an event."""
        distinct = set(ids)
        return (
            len(distinct) == len(ids)
            and distinct.isdisjoint(self.ids)
            and distinct.isdisjoint(self._told)
            and not self._known.knows_any(ids, self._now)
        )

    def _take(self, event: Event) -> None:
        event_id = event.id
        if event_id is None:
            self.fresh.append(event)
        elif event_id in self.ids:
            self.duplicates.append(event)
        elif event_id in self._told or self._known.knows(event_id, self._now):
            self.duplicates.append(event)
            self.told_runs.add(_run_of(event))
        else:
            self.ids.add(event_id)
            self.fresh.append(event)


def _clean_ids(events: Iterable[Event]) -> list[str]:
    """Return the ids of events, in place as they will be kept: a retry is compared with those."""
    ids = [event.id for event in events if event.id is not None]
    if not ids or not ids_hold_keys(ids):
        return ids
    for event in events:
        if event.id is not None:
            event.id = id_without_keys(event.id)
    return [event.id for event in events if event.id is not None]


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
