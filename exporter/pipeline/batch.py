"""One push on its way through the pipeline."""

from dataclasses import dataclass
from typing import Any

from exporter.event.types import Event


@dataclass(slots=True)
class Batch:
    """The events of one push, and what it takes to commit and to answer it.

    `source` is the format it came in (`native`, ...), `size_bytes` its decoded size, `received_at`
    its arrival in Unix seconds. The writer takes duplicates out of `events`. `summary` is what was
    imported in place of events, in the store's own form.
    """

    source: str
    events: list[Event]
    received_at: float
    size_bytes: int = 0
    idempotency_key: str | None = None
    summary: Any = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that would have to be written."""
        return not self.events and self.summary is None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was committed of a batch; a summary counts as one."""

    accepted: int
    duplicates: int
