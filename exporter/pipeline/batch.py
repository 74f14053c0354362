"""One push on its way through the pipeline."""

from dataclasses import dataclass

from exporter.event.types import Event


@dataclass(slots=True)
class Batch:
    """The events of one push, and what it takes to commit and to answer it.

    `source` is the format it came in (`native`, ...), `size_bytes` its decoded size, `received_at`
    its arrival in Unix seconds. The writer takes duplicates out of `events`.
    """

    source: str
    events: list[Event]
    received_at: float
    size_bytes: int = 0
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was committed of a batch."""

    accepted: int
    duplicates: int
