"""One push on its way through the pipeline."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from exporter.event.types import Event


class Summary(Protocol):
    """What was imported, in the store's own form."""

    def pieces(self) -> Iterable[object]:
        """Return it in pieces that can be taken in one by one."""
        ...


@dataclass(slots=True)
class Batch:
    """The events of one push, and what it takes to commit and to answer it.

    `source` is the format it came in (`native`, ...), `size_bytes` its decoded size, `received_at`
    its arrival in Unix seconds. The writer takes duplicates out of `events`. `summary` is what was
    imported in place of events.
    """

    source: str
    events: list[Event]
    received_at: float
    size_bytes: int = 0
    idempotency_key: str | None = None
    summary: Summary | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that would have to be written."""
        return not self.events and self.summary is None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was committed of a batch; a summary counts as one."""

    accepted: int
    duplicates: int
