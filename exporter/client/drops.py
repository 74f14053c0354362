"""What was dropped, and why: every event that does not arrive is counted here."""

import threading
from enum import StrEnum


class Reason(StrEnum):
    """Why events were dropped."""

    CLOSED = "closed"
    """Told after `close`, or where no thread can be started any more."""

    FAULT = "fault"
    """A fault of the client's own."""

    INVALID = "invalid"
    """No mapping, or nothing that can be made JSON."""

    QUEUE_FULL = "queue_full"
    """Told faster than they could be sent."""

    REFUSED = "refused"
    """The exporter answered that it will not have the batch."""

    REJECTED = "rejected"
    """The exporter took the batch, but not these events of it."""

    UNSENT = "unsent"
    """Tried for as long as a batch is tried, in vain. They may have counted all the same."""


class Drops:
    """Counts by reason: `total` since the start, and what is yet to be reported."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew, as the child of a fork has to."""
        # Reentrant, because a signal handler may drop an event while its thread drops one.
        self._lock = threading.RLock()
        self._unreported: dict[Reason, int] = {}
        self.total = 0

    def add(self, events: int, reason: Reason) -> None:
        """Count events that were dropped."""
        with self._lock:
            self.total += events
            self._unreported[reason] = self._unreported.get(reason, 0) + events

    def take(self) -> dict[Reason, int]:
        """Return what is to be reported; it counts as reported unless it is given back."""
        with self._lock:
            taken, self._unreported = self._unreported, {}
            return taken

    def give_back(self, taken: dict[Reason, int]) -> None:
        """Report this later: what told of it did not arrive."""
        with self._lock:
            for reason, events in taken.items():
                self._unreported[reason] = self._unreported.get(reason, 0) + events
