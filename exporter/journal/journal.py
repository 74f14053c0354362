"""What a journal does, and the one that does nothing."""

from collections.abc import Sequence
from typing import Protocol

from exporter.event.types import Event


class Entry(Protocol):
    """One batch as the journal keeps it."""

    @property
    def events(self) -> Sequence[Event]:
        """The events, enriched and without duplicates."""
        ...

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the batch may be pushed again, if it came with one."""
        ...

    @property
    def received_at(self) -> float:
        """When it arrived, in Unix seconds."""
        ...


class Journal(Protocol):
    """Keeps batches in the order of their commit. One writer calls it, one call at a time."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Commit the batches as one group: all of them, or none.

        Raises `Refusal` (`journal_failing`) where it cannot.
        """
        ...

    @property
    def size_bytes(self) -> int:
        """How much a restart would have to replay."""
        ...

    @property
    def snapshot_at(self) -> float | None:
        """When the newest snapshot was taken, Unix seconds; `None` where there is none."""
        ...

    @property
    def durable(self) -> bool:
        """Whether what is committed outlives the process."""
        ...


class MemoryJournal:
    """Keeps nothing: state lives as long as the process, and a restart begins at 0."""

    size_bytes = 0
    snapshot_at: float | None = None
    durable = False

    async def append(self, entries: Sequence[Entry]) -> None:
        """Take the group as committed."""
