"""How each (provider, model) did over the window.

A window keeps its open slot apart from the sum of the sealed ones. A completion touches the open
slot alone; a slot is added to the sum when the next one opens and taken out when it leaves, so that
a read adds two aggregates however many slots and events lie behind them. What comes late, for a
slot that is sealed already, is gathered beside it, for a few slots at a time, and added to both
before anything else happens.

Two bounds hold the memory: the number of models, and the entries of all histograms in sealed slots
(`entries_max`), since a model whose latencies spread out fills as many as it has slots times
buckets.
"""

from collections.abc import Iterator
from typing import Final

from exporter.store.aggregate import Completions
from exporter.store.booking import OpenSlot
from exporter.store.recency import EvictionQueue
from exporter.store.seen import LatestKeys
from exporter.store.window import NEVER, SlotClock, SlotRow

ModelKey = tuple[str, str]
"""Provider and model."""

SLOT_ENTRIES: Final = 8
"""What a sealed slot counts for beside the entries of its histogram."""

PASSED_MAX: Final = 1_000
"""How many models that have nothing left in the window are remembered by name."""

LATE_SLOTS_MAX: Final = 4
"""For how many slots what comes late is gathered."""


class ModelWindow(SlotRow[Completions]):
    """The window of one model.

    The row holds the sealed slots and `sum` adds them up; `open` is the slot with the index `head`,
    newer than all of them (`NEVER` if nothing was booked), `late` what came for those before it.
    `entries` is what the sealed slots count for.
    """

    __slots__ = ("entries", "head", "late", "open", "sum", "used")

    def __init__(self) -> None:
        super().__init__()
        self.head = NEVER
        self.open = OpenSlot()
        self.sum = Completions()
        self.late: dict[int, OpenSlot] = {}
        self.used = 0
        self.entries = 0

    def slot(self, index: int, floor: int) -> OpenSlot:
        """Return where to book what belongs into the slot with that index."""
        if index > self.head:
            self.leave(floor)
            if self.head != NEVER:
                self._add(self.head, self.open.sealed())
            self.open = OpenSlot()
            self.head = index
        if index == self.head:
            return self.open
        late = self.late.get(index)
        if late is None:
            if len(self.late) >= LATE_SLOTS_MAX:
                self._seal_late()
            late = self.late[index] = OpenSlot()
        return late

    def leave(self, floor: int) -> None:
        """Let go of the slots up to and including `floor`."""
        self._seal_late()
        for gone in self.expire(floor):
            self.sum.remove(gone)
            self.entries -= _entries(gone)
        if self.head <= floor:
            self.head = NEVER

    def total(self, floor: int) -> Completions:
        """Return the sum of what is in the window, of which the open slot still is."""
        self.leave(floor)
        total = self.open.sealed()
        last_at = total.last_at
        total.absorb(self.sum)
        total.last_at = last_at
        return total

    def _seal_late(self) -> None:
        late, self.late = self.late, {}
        for index, slot in late.items():
            self._add(index, slot.sealed())

    def _add(self, index: int, slot: Completions) -> None:
        self.sum.absorb(slot)
        sealed = self.slots.get(index)
        if sealed is None:
            self.put(index, slot)
            self.entries += _entries(slot)
        else:
            before = _entries(sealed)
            sealed.absorb(slot)
            self.entries += _entries(sealed) - before


class ModelTable:
    """The windows of at most `models_max` models; the least recently used leaves first.

    `evictions` counts those that had to go for want of room. `passed` are the latest that left, for
    that reason or by the clock, and have not come back.
    """

    def __init__(self, clock: SlotClock, *, models_max: int, entries_max: int) -> None:
        self.passed: LatestKeys[ModelKey] = LatestKeys(keys_max=PASSED_MAX)
        self.models_max = models_max
        self.entries_max = entries_max
        self.evictions = 0
        self._clock = clock
        self._windows: dict[ModelKey, ModelWindow] = {}
        self._entries = 0
        self._queue: EvictionQueue[ModelKey] = EvictionQueue()

    def slot(self, key: ModelKey, index: int, used: int) -> OpenSlot:
        """Return where to book a completion of a model, in its slot with that index.

        `used` is the number of this use, larger than those of all uses before.
        """
        window = self._windows.get(key)
        if window is None:
            window = self._admit(key)
        window.used = used
        if index == window.head:
            return window.open
        before = window.entries
        slot = window.slot(index, self._clock.floor)
        self._entries += window.entries - before
        while self._entries > self.entries_max and len(self._windows) > 1:
            self._evict()
        return slot

    def expire(self) -> None:
        """Forget the models that have nothing left in the window."""
        floor = self._clock.floor
        for key in [key for key, window in self._windows.items() if window.head <= floor]:
            self._forget(key)

    def total(self, key: ModelKey) -> Completions | None:
        """Return what is in the window of one model, or `None` where nothing is."""
        window = self._windows.get(key)
        if window is None:
            return None
        before = window.entries
        total = window.total(self._clock.floor)
        self._entries += window.entries - before
        return total

    def keys(self) -> Iterator[ModelKey]:
        """Yield every (provider, model) that has something in the window."""
        return iter(self._windows)

    def _admit(self, key: ModelKey) -> ModelWindow:
        if len(self._windows) >= self.models_max:
            self._evict()
        window = self._windows[key] = ModelWindow()
        self.passed.discard(key)
        return window

    def _evict(self) -> None:
        self._forget(self._queue.next(self._windows))
        self.evictions += 1

    def _forget(self, key: ModelKey) -> None:
        self._entries -= self._windows.pop(key).entries
        self.passed.add(key)


def _entries(sealed: Completions) -> int:
    return SLOT_ENTRIES + len(sealed.latencies)
