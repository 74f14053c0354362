"""A plain oracle of the windows: it keeps every event and adds them up when asked."""

from dataclasses import dataclass, field
from math import ceil, floor
from typing import Generic, TypeVar

from exporter.event.types import Completion, ToolCall
from exporter.store.telemetry import TelemetryStore

WINDOW_SECS = 60.0
SLOTS = 6
SLOT_SECS = 10.0


E = TypeVar("E", Completion, ToolCall)


@dataclass
class Recorded(Generic[E]):
    """An event, the slot it counts in, and the instant it counts as of."""

    slot: int
    at: float
    event: E


@dataclass
class Oracle(Generic[E]):
    """Slot time as the store's documentation states it, and a list."""

    head: int = -(10**9)
    shift: int = 0
    late: int = 0
    recorded: list[Recorded[E]] = field(default_factory=list)

    def advance(self, now: float) -> None:
        """Move slot time, and drop what has left the window."""
        slot = floor(now / SLOT_SECS) + self.shift
        if slot <= self.head - SLOTS:
            self.shift += self.head - slot
        self.head = max(self.head, slot)
        self.recorded = [one for one in self.recorded if one.slot > self.head - SLOTS]

    def apply(self, event: E, now: float) -> None:
        """Keep an event, in the slot of its instant or, if it is dated ahead, of now."""
        self.advance(now)
        at = min(event.at, now)
        slot = floor(at / SLOT_SECS) + self.shift
        if slot > self.head - SLOTS:
            self.recorded.append(Recorded(slot, at, event))
        else:
            self.late += 1

    def where(self, **fields: object) -> list[Recorded[E]]:
        """Return what is in the window and has these values."""
        return [
            one
            for one in self.recorded
            if all(getattr(one.event, name) == value for name, value in fields.items())
        ]


def store() -> TelemetryStore:
    """Return a store with the oracle's window."""
    return TelemetryStore(window_secs=WINDOW_SECS, slots=SLOTS)


def exact_quantile(samples: list[float], quantile: float) -> float:
    """Return the sample at rank ceil(q * n)."""
    return sorted(samples)[ceil(quantile * len(samples)) - 1]
