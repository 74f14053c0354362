"""Slot time, and rows of slots.

A window is divided into slots of equal length; an event goes into the slot of its own instant, and
a slot leaves as a whole once slot time has moved a window's length past it. Nothing here reads a
clock: slot time moves when somebody passes in a later `now`, which every write and read does.

The ugly part is a wall clock that steps back. Slot time never does. After a small step it stands
still until the wall clock has caught up, so that nothing is lost and a `now` taken a moment too
early does no harm. After a step of a window or more that would take too long: the wall clock's
slots are then renumbered (`_shift`), so that the instant `now` falls into the slot where slot time
stood, and time goes on from there with every slot keeping its age.
"""

from math import floor
from typing import Final, Generic, TypeVar

from exporter.store.saved import SavedClock

NEVER: Final = -(2**62)
"""An index before every slot."""

FOREVER: Final = 2**62
"""An index after every slot."""


class SlotClock:
    """Where slot time stands.

    `head` is the index of the slot of now and `head_starts_at` the Unix second where it begins;
    slots up to and including `floor` have left the window.
    """

    __slots__ = ("_shift", "floor", "head", "head_starts_at", "slot_secs", "slots")

    def __init__(self, *, window_secs: float, slots: int) -> None:
        self.slots = slots
        self.slot_secs = window_secs / slots
        self.head = NEVER
        self.floor = NEVER
        self.head_starts_at = 0.0
        self._shift = 0

    def slot(self, at: float) -> int:
        """Return the index of the slot that the Unix second `at` falls into."""
        return floor(at / self.slot_secs) + self._shift

    def slot_of_all(self, first_at: float, last_at: float) -> int | None:
        """Return the slot in which all between two instants fell, if that is one in the window."""
        if first_at >= self.head_starts_at:
            return self.head
        slot = self.slot(first_at)
        return slot if slot > self.floor and self.slot(last_at) == slot else None

    def starts_at(self, index: int) -> float:
        """Return the Unix second where the slot with that index begins."""
        return (index - self._shift) * self.slot_secs

    def advance(self, now: float) -> bool:
        """Move slot time on to `now` (Unix seconds); return whether a new slot began."""
        index = self.slot(now)
        moved = index > self.head
        if moved:
            self.head = index
            self.floor = index - self.slots
        elif index <= self.floor:
            self._shift += self.head - index
        self.head_starts_at = (self.head - self._shift) * self.slot_secs
        return moved

    def save(self) -> SavedClock:
        """Return where slot time stands, and what its slots are."""
        return SavedClock(self.slot_secs, self.slots, self.head, self._shift)

    def restore(self, saved: SavedClock) -> None:
        """Go on from where slot time stood, if need be in slots of another length."""
        if saved.head == NEVER:
            return
        if self.divides_like(saved):
            self.head, self._shift = saved.head, saved.shift
        else:
            self.head = self.slot(saved.middle(saved.head))
        self.floor = self.head - self.slots
        self.head_starts_at = (self.head - self._shift) * self.slot_secs

    def divides_like(self, saved: SavedClock) -> bool:
        """Return whether slots that were saved with `saved` keep their indices here."""
        return (self.slot_secs, self.slots) == (saved.slot_secs, saved.slots)


S = TypeVar("S")


class SlotRow(Generic[S]):
    """The slots of one thing, by index; `oldest` is `FOREVER` where there is none."""

    __slots__ = ("oldest", "slots")

    def __init__(self) -> None:
        self.oldest = FOREVER
        self.slots: dict[int, S] = {}

    def put(self, index: int, slot: S) -> None:
        """Put a slot in at an index that has none."""
        self.slots[index] = slot
        self.oldest = min(self.oldest, index)

    def expire(self, floor: int) -> list[S]:
        """Take out the slots up to and including the index `floor`, and return them."""
        if self.oldest > floor:
            return []
        gone = [self.slots.pop(index) for index in [i for i in self.slots if i <= floor]]
        self.oldest = min(self.slots, default=FOREVER)
        return gone
