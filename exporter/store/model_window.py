"""The window of one model, which has a part in what all models did together."""

from collections.abc import Iterator
from itertools import chain

from exporter.store.aggregate import Completions
from exporter.store.open_slot import OpenSlot, save_open
from exporter.store.rolling import RollingWindow
from exporter.store.saved import SavedCompletions, SavedModel, saved
from exporter.store.together import Together

ModelKey = tuple[str, str]
"""Provider and model."""

_save_slot = saved(SavedCompletions)


class ModelWindow(RollingWindow[OpenSlot, Completions]):
    """The window of one model; what it seals is added to `together`.

    `told` are the late slots that were read and not written to since, each with what was added to
    `together` of it, if anything was.
    """

    __slots__ = ("together", "told")

    def __init__(self, together: Together | None = None) -> None:
        super().__init__(OpenSlot(), Completions())
        self.together = together or Together()
        self.told: dict[int, Completions | None] = {}

    def messages(self) -> int:
        """Return how many completions are in the window, as of the last `leave`."""
        messages = self.sum.messages + self.open.successes + self.open.failures
        for late in self.late.values():
            messages += late.successes + late.failures
        return messages

    def slot(self, index: int, floor: int) -> OpenSlot:
        """Return where to book what belongs into the slot with that index."""
        slot = super().slot(index, floor)
        told = self.told.pop(index, None) if self.told else None
        if told is not None:
            self.together.slots[index].remove(told)
        return slot

    def leave(self, floor: int) -> None:
        """Let go of the slots up to and including `floor`."""
        super().leave(floor)
        if self.told and min(self.told) <= floor:
            self.told = {index: sums for index, sums in self.told.items() if index > floor}

    def added(self) -> Iterator[tuple[int, Completions]]:
        """Yield what was added to `together`, by slot; what has left may be there."""
        told = ((index, sums) for index, sums in self.told.items() if sums is not None)
        return chain(self.slots.items(), told)

    def tell_late(self) -> Iterator[tuple[int, OpenSlot]]:
        """Add late slots to `together` that are as they were read before; yield the others."""
        for index, slot in self.late.items():
            if index not in self.told:
                self.told[index] = None
                yield index, slot
            elif self.told[index] is None:
                sums = self.told[index] = slot.sealed()
                self.together.add(index, sums)

    def save(self, key: ModelKey, /) -> SavedModel:
        """Return the form of this window as it is, floats and late slots included."""
        return SavedModel(
            *key,
            used=self.used,
            head=self.head,
            open=save_open(self.open),
            late={index: save_open(slot) for index, slot in self.late.items()},
            slots={index: _save_slot(slot) for index, slot in self.slots.items()},
        )

    def restore(self, form: SavedModel, /) -> None:
        """Become the window that was saved, adding nothing to `together`; this must be fresh."""
        self.used = form.used
        self.head = form.head
        self.open.restore(form.open)
        for index, late in form.late.items():
            self.late[index] = OpenSlot()
            self.late[index].restore(late)
        for index, sealed in form.slots.items():
            slot = Completions()
            slot.absorb(sealed)
            self.add(index, slot)

    def _seal(self, index: int, slot: OpenSlot) -> None:
        sums = self.told.pop(index, None)
        if sums is None:
            sums = slot.sealed()
            self.together.add(index, sums)
        self.add(index, sums)
