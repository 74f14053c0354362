"""The windows of many things of one kind, and what bounds them.

Two bounds hold the memory: the number of windows, and the entries of all histograms in sealed slots
(`entries_max`), since what spreads out fills as many as it has slots times buckets. A window lets
go of what left the window when it is next touched; before one has to go for want of room, all of
them do.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Generic, TypeVar

from exporter.store.parts import in_parts
from exporter.store.recency import EvictionQueue
from exporter.store.rolling import RollingWindow, Sums, Writable
from exporter.store.saved import SavedClock
from exporter.store.window import NEVER, SlotClock

K = TypeVar("K")
R = TypeVar("R", bound=RollingWindow[Any, Any])
W = TypeVar("W", bound=Writable[Any])
S = TypeVar("S", bound=Sums)


class WindowTable(Generic[K, R, W, S]):
    """At most `windows_max` windows `R` by key `K`; the least recently used leaves first.

    Their slots are written as `W` and add up to `S`. `evictions` counts those that had to go for
    want of room. A kind of table says how its windows are made (`_fresh`).
    """

    def __init__(self, clock: SlotClock, *, windows_max: int, entries_max: int) -> None:
        self.windows_max = windows_max
        self.entries_max = entries_max
        self.evictions = 0
        self._clock = clock
        self._windows: dict[K, R] = {}
        self._entries = 0
        self._swept = NEVER
        self._queue: EvictionQueue[K] = EvictionQueue()

    def _fresh(self) -> R:
        """Return a window in which nothing is."""
        raise NotImplementedError

    def slot(self, key: K, index: int, used: int) -> W:
        """Return where to book what happened in the slot with that index.

        `used` is the number of this use, larger than those of all uses before.
        """
        window = self._windows.get(key)
        if window is None:
            window = self._admit(key)
        window.used = used
        slot: W
        if index == window.head:
            slot = window.open
            return slot
        before = window.entries
        slot = window.slot(index, self._clock.floor)
        self._entries += window.entries - before
        if self._entries > self.entries_max:
            self._make_room()
        return slot

    def expire(self) -> None:
        """Forget what has nothing left in the window, in the order it left."""
        floor = self._clock.floor
        left = [(window.head, key) for key, window in self._windows.items() if window.head <= floor]
        for _, key in sorted(left, key=itemgetter(0)):
            self._forget(key)

    def current(self, key: K) -> R | None:
        """Return a window to be read, which has let go of what left it; `None` for none."""
        window = self._windows.get(key)
        if window is not None:
            self._leave(window)
        return window

    def peek(self, key: K) -> R | None:
        """Return a window as it is, with slots that have left it but were not let go of yet."""
        return self._windows.get(key)

    @property
    def floor(self) -> int:
        """The newest slot that has left the window."""
        return self._clock.floor

    def total(self, key: K) -> S | None:
        """Return what is in the window of one thing, or `None` where nothing is."""
        window = self.current(key)
        if window is None:
            return None
        total: S = window.total(self._clock.floor)
        return total

    def by_slot(self, key: K, first: int = NEVER) -> dict[int, S]:
        """Return what is in each slot of a window from the index `first` on; nothing for none."""
        window = self._windows.get(key)
        if window is None:
            return {}
        return window.by_slot(max(first, self._clock.floor + 1))

    def past(self, key: K) -> tuple[int, int] | None:
        """Return the version of the slots before the newest, and the index of that.

        While the version is the same they stay as they are, but for leaving. `None` for no window.
        """
        window = self._windows.get(key)
        return None if window is None else (window.past_used, window.head)

    def __len__(self) -> int:
        return len(self._windows)

    def keys(self) -> Iterator[K]:
        """Yield the key of everything that has something in the window."""
        return iter(self._windows)

    def save(self) -> Iterator[list[Any]]:
        """Yield the forms of all windows, some at a time; what leaves meanwhile may be missing."""
        windows = ((key, self._windows.get(key)) for key in list(self._windows))
        forms = (window.save(key) for key, window in windows if window is not None)
        return in_parts(forms, lambda form: 1 + len(form.slots))

    def _restore(self, key: K, form: object, made_by: SavedClock) -> R:
        """Take in a window that was saved under a clock, which ours goes on from."""
        if key in self._windows:
            raise ValueError("a window is saved twice")
        window = self._fresh()
        window.restore(form)
        if not self._clock.divides_like(made_by):
            other, window = window, self._fresh()
            window.take_over(other, made_by, self._clock)
        self._windows[key] = window
        self._entries += window.entries
        return window

    def settle(self) -> None:
        """Let go of what was restored and has no place here; no more of it is to come."""
        self.expire()
        while len(self._windows) > self.windows_max:
            self._evict()
        if self._entries > self.entries_max:
            self._make_room()
        self.evictions = 0

    def _leave(self, window: R) -> None:
        floor = self._clock.floor
        if window.oldest <= floor or window.late:
            before = window.entries
            window.leave(floor)
            self._entries += window.entries - before

    def _make_room(self) -> None:
        floor = self._clock.floor
        if self._swept != floor:
            self._swept = floor
            for window in self._windows.values():
                window.leave(floor)
            self._entries = sum(window.entries for window in self._windows.values())
        while self._entries > self.entries_max and len(self._windows) > 1:
            self._evict()

    def _admit(self, key: K) -> R:
        if len(self._windows) >= self.windows_max:
            self._evict()
        window = self._windows[key] = self._fresh()
        return window

    def _evict(self) -> None:
        self._forget(self._queue.next(self._windows))
        self.evictions += 1

    def _forget(self, key: K) -> R:
        window = self._windows.pop(key)
        self._entries -= window.entries
        return window
