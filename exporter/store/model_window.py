"""The window of one model, which has a part in what all models did together."""

from collections.abc import Iterable, Iterator
from itertools import chain

from exporter.store.aggregate import Completions
from exporter.store.latency import merge
from exporter.store.open_slot import OpenSlot, save_open
from exporter.store.ranks import Ranks
from exporter.store.rolling import RollingWindow
from exporter.store.saved import SavedCompletions, SavedModel, saved
from exporter.store.together import Together
from exporter.store.window import NEVER

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
        opened = self.open
        slot = super().slot(index, floor)
        # What is sealed is in the window as before, but what comes late is new to it.
        self.open.ranks = opened.ranks if slot is self.open else None
        told = self.told.pop(index, None) if self.told else None
        if told is not None:
            self.together.slots[index].remove(told)
        return slot

    def leave(self, floor: int) -> None:
        """Let go of the slots up to and including `floor`."""
        late = self.late
        super().leave(floor)
        if self.late is not late or self.head == NEVER:
            self.open.ranks = None
        if self.told and min(self.told) <= floor:
            self.told = {index: sums for index, sums in self.told.items() if index > floor}

    def ranks(self) -> Ranks:
        """Return the latencies of the whole window, as of the last `leave`; they are our own.

        They are kept, 1 kB, and follow what is booked and what leaves. Only where something comes
        late, or much at once, are they made anew: 5 us. They stand in the open slot, which counts
        on in them, and go on to the next: there, they are all of the window that is binned.
        """
        self.open.bin()
        ranks = self.open.ranks
        if ranks is None:
            latencies = self.past_sum().latencies.copy()
            merge(latencies, self.open.latencies)
            ranks = self.open.ranks = Ranks(latencies)
        return ranks

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

    def _let_go(self, gone: Completions) -> None:
        super()._let_go(gone)
        if self.open.ranks is not None:
            self.open.ranks.remove(gone.latencies)

    def _seal(self, index: int, slot: OpenSlot) -> None:
        sums = self.told.pop(index, None)
        if sums is None:
            sums = slot.sealed()
            self.together.add(index, sums)
        self.add(index, sums)


def merged(windows: Iterable[ModelWindow]) -> ModelWindow:
    """Return a window, to be read, of what is in several as of the last `leave` of each."""
    whole = ModelWindow()
    for window in windows:
        whole.sum.absorb(window.past_sum())
        window.open.add_to(whole.sum)
        whole.open.last_at = max(whole.open.last_at, window.open.last_at)
    return whole
