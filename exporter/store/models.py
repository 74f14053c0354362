"""How each (provider, model) did over the window.

Two bounds hold the memory: the number of models, and the entries of all histograms in sealed slots
(`entries_max`), since a model whose latencies spread out fills as many as it has slots times
buckets. A window lets go of what left the window when it is next touched; before a model has to go
for want of room, all of them do.
"""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final

from exporter.store.aggregate import Completions
from exporter.store.booking import OpenSlot
from exporter.store.model_window import ModelKey, ModelWindow
from exporter.store.recency import EvictionQueue
from exporter.store.saved import SavedClock, SavedModel, in_parts
from exporter.store.seen import LatestKeys
from exporter.store.window import NEVER, SlotClock

PASSED_MAX: Final = 1_000
"""How many models that have nothing left in the window are remembered by name."""


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
        self._swept = NEVER
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
        if self._entries > self.entries_max:
            self._make_room()
        return slot

    def expire(self) -> None:
        """Forget the models that have nothing left in the window, in the order they left it."""
        floor = self._clock.floor
        left = [(window.head, key) for key, window in self._windows.items() if window.head <= floor]
        for _, key in sorted(left, key=itemgetter(0)):
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

    def by_slot(self, key: ModelKey) -> dict[int, Completions]:
        """Return what is in each slot of a model's window, the newest last; nothing for none."""
        window = self._windows.get(key)
        if window is None:
            return {}
        floor = self._clock.floor
        return {index: slot for index, slot in window.by_slot().items() if index > floor}

    def keys(self) -> Iterator[ModelKey]:
        """Yield every (provider, model) that has something in the window."""
        return iter(self._windows)

    def save(self) -> Iterator[list[SavedModel]]:
        """Yield all windows, some at a time; what leaves meanwhile may be missing."""
        windows = ((key, self._windows.get(key)) for key in list(self._windows))
        forms = (window.save(key) for key, window in windows if window is not None)
        return in_parts(forms, lambda form: 1 + len(form.slots))

    def restore(self, form: SavedModel, made_by: SavedClock) -> None:
        """Take in a window that was saved under a clock, which ours goes on from."""
        key = (form.provider, form.model)
        if key in self._windows:
            raise ValueError("a model is saved twice")
        window = ModelWindow()
        window.restore(form)
        if not self._clock.divides_like(made_by):
            window = window.moved(made_by, self._clock)
        self._windows[key] = window
        self._entries += window.entries

    def settle(self, passed: Iterable[ModelKey]) -> None:
        """Let go of what was restored and has no place here; no more of it is to come.

        `passed` are the models that had left, in that order.
        """
        self.expire()
        for key in passed:
            self.passed.add(key)
        while len(self._windows) > self.models_max:
            self._evict()
        if self._entries > self.entries_max:
            self._make_room()
        self.evictions = 0

    def _make_room(self) -> None:
        floor = self._clock.floor
        if self._swept != floor:
            self._swept = floor
            for window in self._windows.values():
                window.leave(floor)
            self._entries = sum(window.entries for window in self._windows.values())
        while self._entries > self.entries_max and len(self._windows) > 1:
            self._evict()

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
