"""The window of one thing: a slot that is open, and the sum of those that are sealed.

An event touches the open slot alone; a slot is added to the sum when the next one opens and taken
out when it leaves, so that a read adds up a few aggregates however many slots and events lie
behind them. What comes late, for a slot that is sealed already, is gathered beside it, for a few
slots at a time.

Sealing rounds to microseconds. So it is events alone that seal, never a read: what was asked in
between does not show in any answer, and one who replays the events need not know of it.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from exporter.store.latency import Counts
from exporter.store.saved import SavedClock
from exporter.store.window import NEVER, SlotClock, SlotRow

SLOT_ENTRIES: Final = 8
"""What a sealed slot counts for beside the entries of its histogram."""

LATE_SLOTS_MAX: Final = 4
"""For how many slots what comes late is gathered."""


class Sums(Protocol):
    """What was booked in a slot, in integers: it adds up, and can be taken out again exactly."""

    latencies: Counts
    last_at: float

    def absorb(self, other: Any, /) -> None:  # noqa: ANN401 - any form of the same sums
        """Add others to these."""
        ...

    def remove(self, other: Self, /) -> None:
        """Take out what was absorbed before; `last_at` stays."""
        ...


S = TypeVar("S", bound=Sums)
S_co = TypeVar("S_co", bound=Sums, covariant=True)


class Writable(Protocol[S_co]):
    """A slot that is still being written to; made without arguments, it is empty."""

    def sealed(self) -> S_co:
        """Return what was booked, as sums of the caller's own."""
        ...

    def absorb(self, other: Any, /) -> None:  # noqa: ANN401 - any form of the same sums
        """Add what was booked elsewhere; it is sealed again to the microsecond it says."""
        ...


W = TypeVar("W", bound=Writable[Any])


class RollingWindow(SlotRow[S], Generic[W, S]):
    """The window of one thing, whose slots are written as `W` and kept as `S`.

    The row holds the sealed slots and `sum` adds them up; `open` is the slot with the index `head`,
    newer than all of them (`NEVER` if nothing was booked), `late` what came for those before it.
    `used` is the number of the latest use, `entries` what the sealed slots count for. It begins
    with an empty slot of each kind.
    """

    __slots__ = ("entries", "head", "late", "open", "sum", "used")

    def __init__(self, opened: W, nothing: S) -> None:
        super().__init__()
        self.head = NEVER
        self.open = opened
        self.sum = nothing
        self.late: dict[int, W] = {}
        self.used = 0
        self.entries = 0

    def slot(self, index: int, floor: int) -> W:
        """Return where to book what belongs into the slot with that index."""
        if index > self.head:
            self._seal_late()
            self.leave(floor)
            if self.head != NEVER:
                self._seal(self.head, self.open)
            self.open = self.open.__class__()
            self.head = index
        if index == self.head:
            return self.open
        late = self.late.get(index)
        if late is None:
            if len(self.late) >= LATE_SLOTS_MAX:
                self._seal_late()
            late = self.late[index] = self.open.__class__()
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

    def total(self, floor: int) -> S:
        """Return the sum of what is in the window, of which the open slot still is."""
        self.leave(floor)
        total: S = self.open.sealed()
        last_at = total.last_at
        total.absorb(self.sum)
        for late in self.late.values():
            total.absorb(late.sealed())
        total.last_at = last_at
        return total

    def by_slot(self) -> dict[int, S]:
        """Return what each slot adds up to, the open one last; the sealed ones are our own."""
        slots = dict(sorted(self.slots.items()))
        for index, late in self.late.items():
            whole: S = late.sealed()
            if index in slots:
                whole.absorb(slots[index])
            slots[index] = whole
        if self.head != NEVER:
            slots[self.head] = self.open.sealed()
        return slots

    def unsealed(self) -> Iterator[tuple[int, W]]:
        """Yield the slots that are still written to, by their indices; what left may be there."""
        yield from self.late.items()
        if self.head != NEVER:
            yield self.head, self.open

    def save(self, key: Any, /) -> Any:  # noqa: ANN401 - each kind has a form of its own
        """Return the form of this window as it is, floats and late slots included."""
        raise NotImplementedError

    def restore(self, form: Any, /) -> None:  # noqa: ANN401 - as above
        """Become the window that was saved; this one must be fresh."""
        raise NotImplementedError

    def take_over(self, other: Self, made_by: SavedClock, clock: SlotClock) -> None:
        """Become what a window of another clock is, in the slots of `clock`; this must be fresh."""
        self.used = other.used
        for index, sums in sorted(other.by_slot().items(), key=itemgetter(0)):
            self.slot(clock.slot(made_by.middle(index)), clock.floor).absorb(sums)

    def add(self, index: int, slot: S) -> None:
        """Put a sealed slot in, or what was booked late for one."""
        self.sum.absorb(slot)
        sealed = self.slots.get(index)
        if sealed is None:
            self.put(index, slot)
            self.entries += _entries(slot)
        else:
            before = _entries(sealed)
            sealed.absorb(slot)
            self.entries += _entries(sealed) - before

    def _seal_late(self) -> None:
        late, self.late = self.late, {}
        for index, slot in late.items():
            self._seal(index, slot)

    def _seal(self, index: int, slot: W) -> None:
        self.add(index, slot.sealed())


def _entries(sealed: Sums) -> int:
    return SLOT_ENTRIES + len(sealed.latencies)
