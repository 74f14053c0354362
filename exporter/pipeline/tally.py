"""What became of everything pushed, in plain numbers that the exposition reads."""

from collections import Counter
from collections.abc import Iterable, Sequence

from exporter.event.rejection import Code
from exporter.event.types import EVENT_CLASSES, Event, type_name

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
REJECTED = "rejected"
USED = "used"
IGNORED = "ignored"

_TYPES = {event_class: type_name(event_class) for event_class in EVENT_CLASSES}


class Tally:
    """Counts that only grow, since the process began.

    `events` is keyed by (source, type, result), `rejections` by code, `records` (of OpenTelemetry)
    by (signal, result).
    """

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str, str]] = Counter()
        self.rejections: Counter[Code] = Counter()
        self.records: Counter[tuple[str, str]] = Counter()
        self.unknown_fields = 0
        self.journal_failures = 0
        self.writer_faults = 0
        self.last_push_at: float | None = None

    def count(self, source: str, events: Sequence[Event], result: str) -> None:
        """Count events of one source that came to the same result."""
        if not events:
            return
        classes = [event.__class__ for event in events]
        if classes.count(classes[0]) == len(classes):  # As in most pushes.
            self.events[source, _TYPES[classes[0]], result] += len(classes)
            return
        for event_class, number in Counter(classes).items():
            self.events[source, _TYPES[event_class], result] += number

    def count_rejected(self, source: str, codes: Iterable[Code], types: Iterable[str]) -> None:
        """Count events that were refused, each by its code and its type as far as it has one."""
        self.rejections.update(codes)
        for event_type, number in Counter(types).items():
            self.events[source, event_type, REJECTED] += number

    def count_records(self, signal: str, *, all_: int, used: int, rejected: int) -> None:
        """Count the records of an export: what says nothing that counts was ignored."""
        self.records[signal, USED] += used
        self.records[signal, REJECTED] += rejected
        self.records[signal, IGNORED] += max(0, all_ - used - rejected)
