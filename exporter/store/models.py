"""How each (provider, model) did over the window, and all of them together."""

from collections import defaultdict
from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

from exporter.store.aggregate import Completions
from exporter.store.model_window import ModelKey, ModelWindow
from exporter.store.open_slot import OpenSlot
from exporter.store.saved import SavedClock, SavedModel
from exporter.store.seen import LatestKeys
from exporter.store.together import Together, sum_of_open
from exporter.store.window import SlotClock
from exporter.store.window_table import WindowTable

PASSED_MAX: Final = 1_000
"""How many models that have nothing left in the window are remembered by name."""


class ModelTable(WindowTable[ModelKey, ModelWindow, OpenSlot, Completions]):
    """The windows of at most `models_max` models.

    `passed` are the latest that left, for want of room or by the clock, and have not come back.
    """

    def __init__(self, clock: SlotClock, *, models_max: int, entries_max: int) -> None:
        super().__init__(clock, windows_max=models_max, entries_max=entries_max)
        self.passed: LatestKeys[ModelKey] = LatestKeys(keys_max=PASSED_MAX)
        self._together = Together()

    def expire(self) -> None:
        """Forget the models that have nothing left in the window, in the order they left it."""
        super().expire()
        self._together.expire(self._clock.floor)

    def busiest(self, limit: int) -> list[ModelKey]:
        """Return the `limit` models with the most completions in the window, the busiest first."""
        ranks = []
        for key, window in self._windows.items():
            self._leave(window)
            ranks.append((-window.messages(), key))
        return [key for _, key in nsmallest(limit, ranks)]

    def together(self, first: int) -> dict[int, Completions]:
        """Return what all models did in each slot from the index `first` on, if anything.

        It takes as long as there are models and slots, not models times slots. What is returned is
        to be read, and only until anything is written.
        """
        opened: dict[int, list[OpenSlot]] = defaultdict(list)
        for window in self._windows.values():
            if window.late:
                for index, slot in window.tell_late():
                    if index >= first:
                        opened[index].append(slot)
            if window.head >= first:
                opened[window.head].append(window.open)
        slots = {index: sums for index, sums in self._together.slots.items() if index >= first}
        for index, open_slots in opened.items():
            sums = sum_of_open(open_slots)
            if index in slots:
                sums.absorb(slots[index])
            slots[index] = sums
        return slots

    def restore(self, form: SavedModel, made_by: SavedClock) -> None:
        """Take in a window that was saved under a clock, which ours goes on from."""
        window = self._restore((form.provider, form.model), form, made_by)
        window.together = self._together
        self._together.admit(window.slots, self._clock.floor)

    def settle(self, passed: Iterable[ModelKey] = ()) -> None:
        """Let go of what was restored and has no place here; no more of it is to come.

        `passed` are the models that had left, in that order.
        """
        self.expire()
        for key in passed:
            self.passed.add(key)
        super().settle()

    def _fresh(self) -> ModelWindow:
        return ModelWindow()

    def _admit(self, key: ModelKey) -> ModelWindow:
        window = super()._admit(key)
        window.together = self._together
        self.passed.discard(key)
        return window

    def _forget(self, key: ModelKey) -> ModelWindow:
        window = super()._forget(key)
        self._together.forget(window.added(), self._clock.floor)
        self.passed.add(key)
        return window
