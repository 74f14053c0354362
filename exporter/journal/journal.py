"""What a journal does, and the one that does nothing."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from exporter.event.types import Event
from exporter.journal.epoch import Epoch

Part = tuple[str, bytes]
"""A part of a snapshot: its name and its bytes."""


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

    @property
    def summary(self) -> Any:  # noqa: ANN401 - the store's own form, which msgpack can encode
        """What was imported, where it is no batch of events but a summary."""
        ...


class Replayed(Struct, gc=False):
    """A batch as it comes back; `summary` is encoded. See `Entry`."""

    committed_at: float
    received_at: float
    events: list[Event]
    idempotency_key: str | None
    summary: bytes | None


class Journal(Protocol):
    """Keeps batches in the order of their commit. One writer calls it, one call at a time."""

    basis: str
    """What decides under which series an event counts; kept with each snapshot."""

    @property
    def epoch(self) -> Epoch:
        """The life of the counters."""
        ...

    async def open(self, now: float) -> list[Part]:
        """Take possession, and return the newest snapshot; it is empty where there is none.

        Raises `StartError` where that can never succeed, and `Refusal` (`journal_failing`) where it
        may later. Until it has succeeded nothing else may be called but `close`.
        """
        ...

    async def renounce(self, now: float) -> None:
        """Set aside what was opened, since nobody can read it, and begin a new epoch.

        Raises `Refusal` (`journal_failing`).
        """
        ...

    def replay(self) -> AsyncIterator[Replayed]:
        """Yield what was committed since the snapshot, in order. Raises `StartError`."""
        ...

    async def append(self, entries: Sequence[Entry], committed_at: float) -> None:
        """Commit the batches as one group: all of them, or none.

        Raises `Refusal` (`journal_failing`) where it cannot.
        """
        ...

    async def cut(self) -> int:
        """End what a snapshot is about to be taken of; return the number of its last group.

        Raises `Refusal` (`journal_failing`).
        """
        ...

    async def snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        """Keep a snapshot of all that was committed up to `seq`, and let go of what it replaces.

        Raises `Refusal` (`journal_failing`) where it cannot; the snapshot before it stands then.
        """
        ...

    async def probe(self, now: float) -> None:
        """Look after the file, and after one failed, whether commits work again; never raises."""
        ...

    async def close(self) -> None:
        """Let go of everything, having noted that nothing is missing."""
        ...

    @property
    def seq(self) -> int:
        """The number of the last group that was committed."""
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
    def failing(self) -> bool:
        """Whether commits fail."""
        ...

    @property
    def snapshot_failing(self) -> bool:
        """Whether the last snapshot failed: commits go on, and a restart replays more."""
        ...

    @property
    def snapshot_failures(self) -> int:
        """How many snapshots failed."""
        ...

    @property
    def unfounded(self) -> bool:
        """Whether nothing can be committed before a snapshot was taken.

        That is so in an epoch that has no file of its own yet, and when the file had to be begun
        anew.
        """
        ...

    @property
    def rebased(self) -> bool:
        """Whether what was found was kept under another basis."""
        ...

    @property
    def begins_epoch(self) -> bool:
        """Whether the counters must begin at 0, whatever the snapshot and the replay hold."""
        ...

    @property
    def durable(self) -> bool:
        """Whether what is committed outlives the process."""
        ...


class MemoryJournal:
    """Keeps nothing: state lives as long as the process, and a restart begins at 0."""

    seq = 0
    size_bytes = 0
    snapshot_at: float | None = None
    failing = False
    snapshot_failing = False
    snapshot_failures = 0
    unfounded = False
    rebased = False
    begins_epoch = False
    durable = False

    def __init__(self) -> None:
        self.epoch = Epoch(started_at=0.0, cause="memory")
        self.basis = ""

    async def open(self, now: float) -> list[Part]:
        """Begin with nothing."""
        self.epoch = Epoch(started_at=now, cause="memory")
        return []

    async def renounce(self, now: float) -> None:
        """Begin with nothing."""

    async def replay(self) -> AsyncIterator[Replayed]:
        """Yield nothing."""
        nothing: tuple[Replayed, ...] = ()
        for one in nothing:
            yield one

    async def append(self, entries: Sequence[Entry], committed_at: float) -> None:
        """Take the group as committed."""

    async def cut(self) -> int:
        """End nothing."""
        return self.seq

    async def snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        """Keep nothing."""

    async def probe(self, now: float) -> None:
        """Find nothing wrong."""

    async def close(self) -> None:
        """Forget."""
