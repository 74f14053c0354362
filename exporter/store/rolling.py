"""The window of one thing: a slot that is open, and the sum of those that are sealed.

An event touches the open slot alone; a slot is added to the sum when the next one opens and taken
out when it leaves, so that a read adds up a few aggregates however many slots and events lie
behind them. What comes late, for a slot that is sealed already, is gathered beside it, for a few
slots at a time.

Sealing rounds to microseconds. So it is events alone that seal, never a read: what was asked in
between does not show in any answer, and one who replays the events need not know of it.

What came late is not added up at every read, though: what it came to is kept until more comes, and
is made of integers too. It is told by the way slots are asked for, which comes before each write.
"""

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

    def copy(self) -> Self:
        """Return the same, to be changed by itself."""
        ...

    def absorb(self, other: Any, /) -> None:  # noqa: ANN401 - any form of the same sums
        """Add others to these."""
        ...

    def remove(self, other: Self, /) -> None:
        """Take out what was absorbed before; `last_at` stays."""
        ...


S = TypeVar("S", bound=Sums)


class Writable(Protocol[S]):
    """A slot that is still being written to; made without arguments, it is empty."""

    last_at: float

    def sealed(self) -> S:
        """Return what was booked, as sums of the caller's own."""
        ...

    def add_to(self, total: S, /) -> None:
        """Add what `sealed` would return, without making it."""
        ...

    def absorb(self, other: Any, /) -> None:  # noqa: ANN401 - any form of the same sums
        """Add what was booked elsewhere; it is sealed again to the microsecond it says."""
        ...


W = TypeVar("W", bound=Writable[Any])


class RollingWindow(SlotRow[S], Generic[W, S]):
    """The window of one thing, whose slots are written as `W` and kept as `S`.

    The row holds the sealed slots and `sum` adds them up; `open` is the slot with the index `head`,
    newer than all of them (`NEVER` if nothing was booked), `late` what came for those before it.
    `used` is the number of the latest use, `past_used` that of the latest that began the window or
    wrote to another slot than the newest; `entries` is what the sealed slots count for. It begins
    with an empty slot of each kind.
    """

    __slots__ = ("_past", "entries", "head", "late", "open", "past_used", "sum", "used")

    def __init__(self, opened: W, nothing: S) -> None:
        super().__init__()
        self.head = NEVER
        self.open = opened
        self.sum = nothing
        self.late: dict[int, W] = {}
        self.used = 0
        self.past_used = 0
        self.entries = 0
        self._past: S | None = None

    def slot(self, index: int, floor: int) -> W:
        """Return where to book what belongs into the slot with that index."""
        if index > self.head:
            self._seal_late()
            self.leave(floor)
            if self.head != NEVER:
                self._seal(self.head, self.open)
            else:
                self.past_used = self.used
            self.open = self.open.__class__()
            self.head = index
        if index == self.head:
            return self.open
        late = self.late.get(index)
        if late is None:
            if len(self.late) >= LATE_SLOTS_MAX:
                self._seal_late()
            late = self.late[index] = self.open.__class__()
        self.past_used = self.used
        self._past = None
        return late

    def leave(self, floor: int) -> None:
        """Let go of the slots up to and including `floor`."""
        if self.late and min(self.late) <= floor:
            self.late = {index: slot for index, slot in self.late.items() if index > floor}
            self._past = None
        for gone in self.expire(floor):
            self._let_go(gone)
        if self.head <= floor:
            self.head = NEVER

    def past_sum(self) -> S:
        """Return the sum of all slots but the open one, as of the last `leave`; it is our own."""
        if not self.late:
            return self.sum
        if self._past is None:
            self._past = self.sum.copy()
            for late in self.late.values():
                late.add_to(self._past)
        return self._past

    def total(self, floor: int) -> S:
        """Return the sum of what is in the window, of which the open slot still is."""
        self.leave(floor)
        total = self.past_sum().copy()
        self.open.add_to(total)
        total.last_at = self.open.last_at
        return total

    def by_slot(self, first: int) -> dict[int, S]:
        """Return what each slot from the index `first` on adds up to; the sealed are our own."""
        asked = range(max(first, self.oldest), self.head)
        indices = asked if len(asked) < len(self.slots) else self.slots
        slots = {i: self.slots[i] for i in indices if i >= first and i in self.slots}
        for index, late in self.late.items():
            if index >= first:
                whole: S = late.sealed()
                if index in slots:
                    whole.absorb(slots[index])
                slots[index] = whole
        if self.head >= first and self.head != NEVER:
            slots[self.head] = self.open.sealed()
        return slots

    def save(self, key: Any, /) -> Any:  # noqa: ANN401 - each kind has a form of its own
        """Return the form of this window as it is, floats and late slots included."""
        raise NotImplementedError

    def restore(self, form: Any, /) -> None:  # noqa: ANN401 - as above
        """Become the window that was saved; this one must be fresh."""
        raise NotImplementedError

    def take_over(self, other: Self, made_by: SavedClock, clock: SlotClock) -> None:
        """Become what a window of another clock is, in the slots of `clock`; this must be fresh."""
        self.used = other.used
        for index, sums in sorted(other.by_slot(NEVER).items(), key=itemgetter(0)):
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

    def _let_go(self, gone: S) -> None:
        self._past = None
        self.sum.remove(gone)
        self.entries -= _entries(gone)

    def _seal_late(self) -> None:
        late, self.late = self.late, {}
        self._past = None
        for index, slot in late.items():
            self._seal(index, slot)

    def _seal(self, index: int, slot: W) -> None:
        self.add(index, slot.sealed())


def _entries(sealed: Sums) -> int:
    return SLOT_ENTRIES + len(sealed.latencies)
