"""The window of one model: a slot that is open, and the sum of those that are sealed.

A completion touches the open slot alone; a slot is added to the sum when the next one opens and
taken out when it leaves, so that a read adds up a few aggregates however many slots and events lie
behind them. What comes late, for a slot that is sealed already, is gathered beside it, for a few
slots at a time.

Sealing rounds to microseconds. So it is events alone that seal, never a read: what was asked in
between does not show in any answer, and one who replays the events need not know of it.
"""

from operator import itemgetter
from typing import Final

from exporter.store.aggregate import Completions
from exporter.store.booking import OpenSlot, save_open
from exporter.store.saved import SavedClock, SavedCompletions, SavedModel, saved
from exporter.store.window import NEVER, SlotClock, SlotRow

ModelKey = tuple[str, str]
"""Provider and model."""

SLOT_ENTRIES: Final = 8
"""What a sealed slot counts for beside the entries of its histogram."""

LATE_SLOTS_MAX: Final = 4
"""For how many slots what comes late is gathered."""

_save_slot = saved(SavedCompletions)


class ModelWindow(SlotRow[Completions]):
    """The window of one model.

    The row holds the sealed slots and `sum` adds them up; `open` is the slot with the index `head`,
    newer than all of them (`NEVER` if nothing was booked), `late` what came for those before it.
    `used` is the number of the latest use, `entries` what the sealed slots count for.
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
            self._seal_late()
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
        if self.late:
            self.late = {index: slot for index, slot in self.late.items() if index > floor}
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
        for late in self.late.values():
            total.absorb(late.sealed())
        total.last_at = last_at
        return total

    def by_slot(self) -> dict[int, Completions]:
        """Return what each slot adds up to, the open one last; the sealed ones are our own."""
        slots = dict(sorted(self.slots.items()))
        for index, late in self.late.items():
            whole = late.sealed()
            if index in slots:
                whole.absorb(slots[index])
            slots[index] = whole
        if self.head != NEVER:
            slots[self.head] = self.open.sealed()
        return slots

    def save(self, key: ModelKey) -> SavedModel:
        """Return the form of this window as it is, floats and late slots included."""
        return SavedModel(
            *key,
            used=self.used,
            head=self.head,
            open=save_open(self.open),
            late={index: save_open(slot) for index, slot in self.late.items()},
            slots={index: _save_slot(slot) for index, slot in self.slots.items()},
        )

    def restore(self, form: SavedModel) -> None:
        """Become the window that was saved; this one must be fresh."""
        self.used = form.used
        self.head = form.head
        self.open.restore(form.open)
        for index, late in form.late.items():
            self.late[index] = OpenSlot()
            self.late[index].restore(late)
        for index, sealed in form.slots.items():
            slot = Completions()
            slot.absorb(sealed)
            self._add(index, slot)

    def moved(self, made_by: SavedClock, clock: SlotClock) -> "ModelWindow":
        """Return this window in the slots of another clock."""
        window = ModelWindow()
        window.used = self.used
        for index, sums in sorted(self.by_slot().items(), key=itemgetter(0)):
            window.slot(clock.slot(made_by.middle(index)), clock.floor).absorb(sums)
        return window

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


def _entries(sealed: Completions) -> int:
    return SLOT_ENTRIES + len(sealed.latencies)
