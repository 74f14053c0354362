"""The window of one model, and what all models add up to slot by slot.

What all models did in a slot is added up as their slots are sealed, since to do that in a read
would take as long as there are models times slots. It holds just what the sealed slots of the
models that are kept hold: it is not saved, but added up anew from them.
"""

from exporter.store.aggregate import Completions
from exporter.store.open_slot import OpenSlot, save_open
from exporter.store.rolling import RollingWindow
from exporter.store.saved import SavedCompletions, SavedModel, saved
from exporter.store.window import SlotRow

ModelKey = tuple[str, str]
"""Provider and model."""

_save_slot = saved(SavedCompletions)


class Together(SlotRow[Completions]):
    """What the sealed slots of all models add up to, by slot; what has left may still be there."""

    __slots__ = ()

    def add(self, index: int, sums: Completions) -> None:
        """Add what was sealed in the slot with that index."""
        together = self.slots.get(index)
        if together is None:
            together = Completions()
            self.put(index, together)
        together.absorb(sums)

    def admit(self, window: "ModelWindow", floor: int) -> None:
        """Add all that a window has sealed after `floor`."""
        for index, sums in window.slots.items():
            if index > floor:
                self.add(index, sums)

    def forget(self, window: "ModelWindow", floor: int) -> None:
        """Take out all that a window has sealed after `floor`."""
        for index, sums in window.slots.items():
            if index > floor:
                self.slots[index].remove(sums)


class ModelWindow(RollingWindow[OpenSlot, Completions]):
    """The window of one model; what it seals is added to `together`."""

    __slots__ = ("together",)

    def __init__(self, together: Together | None = None) -> None:
        super().__init__(OpenSlot(), Completions())
        self.together = together or Together()

    def messages(self) -> int:
        """Return how many completions are in the window, as of the last `leave`."""
        unsealed = sum(slot.successes + slot.failures for _, slot in self.unsealed())
        return self.sum.messages + unsealed

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
        sums = slot.sealed()
        self.together.add(index, sums)
        self.add(index, sums)
