"""How each (provider, model) did over the window.

A window keeps its open slot apart from the sum of the sealed ones. A completion touches the open
slot alone; a slot is added to the sum when the next one opens and taken out when it leaves, so that
a read adds two aggregates however many slots and events lie behind them. What comes late, for a
slot that is sealed already, is gathered beside it and added to both before anything else happens.
"""

import sys
from collections.abc import Iterator

from exporter.store.aggregate import Completions
from exporter.store.booking import OpenSlot
from exporter.store.recency import EvictionQueue
from exporter.store.window import NEVER, SlotClock, SlotRow

ModelKey = tuple[str, str]
"""Provider and model."""


class ModelWindow(SlotRow[Completions]):
    """The window of one model.

    The row holds the sealed slots and `sum` adds them up; `open` is the slot with the index `head`,
    newer than all of them (`NEVER` if nothing was booked), `late` what came for those before it.
    """

    __slots__ = ("head", "late", "open", "sum", "used")

    def __init__(self) -> None:
        super().__init__()
        self.head = NEVER
        self.open = OpenSlot()
        self.sum = Completions()
        self.late: dict[int, OpenSlot] = {}
        self.used = 0

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
        return self.late.setdefault(index, OpenSlot())

    def leave(self, floor: int) -> None:
        """Let go of the slots up to and including `floor`."""
        late, self.late = self.late, {}
        for index, slot in late.items():
            self._add(index, slot.sealed())
        for gone in self.expire(floor):
            self.sum.remove(gone)
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

    def _add(self, index: int, slot: Completions) -> None:
        self.sum.absorb(slot)
        sealed = self.slots.get(index)
        if sealed is None:
            self.put(index, slot)
        else:
            sealed.absorb(slot)


class ModelTable:
    """The windows of at most `models_max` models; the least recently used leaves first.

    `evictions` counts those that had to go for want of room.
    """

    def __init__(self, clock: SlotClock, *, models_max: int) -> None:
        self.models_max = models_max
        self.evictions = 0
        self._clock = clock
        self._windows: dict[ModelKey, ModelWindow] = {}
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
        return window.slot(index, self._clock.floor)

    def expire(self) -> None:
        """Forget the models that have nothing left in the window."""
        floor = self._clock.floor
        for key in [key for key, window in self._windows.items() if window.head <= floor]:
            del self._windows[key]

    def total(self, key: ModelKey) -> Completions | None:
        """Return what is in the window of one model, or `None` where nothing is."""
        window = self._windows.get(key)
        return window.total(self._clock.floor) if window is not None else None

    def keys(self) -> Iterator[ModelKey]:
        """Yield every (provider, model) that has something in the window."""
        return iter(self._windows)

    def _admit(self, key: ModelKey) -> ModelWindow:
        if len(self._windows) >= self.models_max:
            del self._windows[self._queue.next(self._windows)]
            self.evictions += 1
        # A decoded name is a new object in every event: keep one of each.
        provider, model = key
        window = self._windows[sys.intern(provider), sys.intern(model)] = ModelWindow()
        return window
