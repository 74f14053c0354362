"""Totals that senders keep, turned into what was added since the last.

A total is compared with the one before of the same stream, before anything of it is folded: the
totals of two sessions share no series, though what they add does. As with keys and ids, what a
group holds is worked out first, and remembered only once the group is committed.

A stream that is not known counts whole: its total began at 0, at `since`. Unless it may be one that
was forgotten for want of room: then it began before the last that was forgotten was heard of, and
its first total only says where to go on from. That loses a little, and counts nothing twice.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exporter.event.types import Activity, Cumulative, Event
from exporter.pipeline.secrets import repeated_id_without_keys

NEVER = float("-inf")

STREAMS_MAX = 20_000
"""Streams that are remembered, at about 300 bytes each; the least recently heard of goes first."""


class Total(NamedTuple):
    """The last total of a stream: since when it counts, how much, and as of when (Unix seconds)."""

    since: float
    total: float
    at: float


class Totals:
    """The last total of each stream. `evicted` counts the streams that had to be forgotten."""

    def __init__(self, streams_max: int = STREAMS_MAX) -> None:
        self._streams_max = streams_max
        self._last: OrderedDict[str, Total] = OrderedDict()
        self.forgotten_at = NEVER
        self.evicted = 0

    def fill_in(self, events: Iterable[Event], pending: dict[str, Total]) -> None:
        """Fill in the amount of activities that are told by their totals, in place.

        `pending` holds what the events before these in their group have told, and is added to.
        """
        for event in [event for event in events if event.__class__ is Activity]:
            if event.cumulative is not None:
                told = event.cumulative
                # As it will be kept: the next total is compared with what was.
                told.stream = repeated_id_without_keys(told.stream)
                last = pending.get(told.stream) or self._last.get(told.stream)
                event.amount, new = self._compared(told, event.at, last)
                if new is not None:
                    pending[told.stream] = new

    def _compared(
        self, told: Cumulative, at: float, last: Total | None
    ) -> tuple[float, Total | None]:
        """Return what a total adds to the last, and what is to be remembered of it."""
        new = Total(told.since, told.total, at)
        if last is None:
            forgotten = told.since <= self.forgotten_at
            return (0.0 if forgotten else told.total), new
        if told.since < last.since or at < last.at:
            return 0.0, None  # It was overtaken on its way.
        if told.since > last.since or told.total < last.total:
            return told.total, new  # Its sender began anew.
        return told.total - last.total, new

    def remember(self, event: Activity) -> None:
        """Remember the total of an activity that was committed; these come in their order."""
        told = event.cumulative
        if told is not None:
            _, new = self._compared(told, event.at, self._last.get(told.stream))
            if new is not None:
                self.put(told.stream, new)

    def put(self, stream: str, total: Total) -> None:
        """Remember a total as the latest."""
        self._last[stream] = total
        self._last.move_to_end(stream)
        if len(self._last) > self._streams_max:
            _, gone = self._last.popitem(last=False)
            self.forgotten_at = max(self.forgotten_at, gone.at)
            self.evicted += 1

    def all(self) -> Iterator[tuple[str, Total]]:
        """Yield every stream with its last total, the least recently heard of first."""
        return iter(self._last.items())
