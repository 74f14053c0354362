"""Journals in a directory of the test's own, and batches for them."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from exporter.event.types import Completion, Event
from exporter.journal.disk import DiskJournal
from exporter.journal.epoch import Sync
from exporter.journal.files import Failpoint, go_on
from exporter.journal.journal import Part, Replayed
from exporter.pipeline.batch import Batch, Summary
from tests.clock import ManualClock

NOW = 1_795_219_200.0


def completion(number: int = 0) -> Completion:
    """Return a completion as the pipeline leaves it, told apart by its latency."""
    return Completion(model="m", provider="p", success=True, at=NOW, latency_ms=float(number))


def batch(*events: Event, key: str | None = None, summary: Summary | None = None) -> Batch:
    """Return a batch that arrived at NOW."""
    return Batch("native", list(events), NOW, 0, key, summary)


def journal_at(
    path: Path,
    *,
    boot_id: str = "boot",
    basis: str = "basis",
    sync: Sync = "normal",
    failpoint: Failpoint = go_on,
) -> DiskJournal:
    """Return a journal that is not open yet."""
    return DiskJournal(
        path,
        sync=sync,
        boot_id=boot_id,
        basis=basis,
        clock=ManualClock(NOW),
        failpoint=failpoint,
    )


@contextlib.asynccontextmanager
async def opened(
    path: Path, *, now: float = NOW, boot_id: str = "boot", basis: str = "basis"
) -> AsyncIterator[tuple[DiskJournal, list[Part]]]:
    """Open the journal in a directory and yield it with its snapshot; closed at the end."""
    journal = journal_at(path, boot_id=boot_id, basis=basis)
    try:
        parts = await journal.open(now)
        yield journal, parts
    finally:
        await journal.close()


async def replayed(journal: DiskJournal) -> list[Replayed]:
    """Return all that a journal replays."""
    return [batch async for batch in journal.replay()]


def numbers(batches: Sequence[Replayed]) -> list[int]:
    """Return the numbers of the completions in them, in order."""
    return [
        int(event.latency_ms or 0)
        for one in batches
        for event in one.events
        if isinstance(event, Completion)
    ]


def crashed(path: Path, elsewhere: Path) -> Path:
    """Return a copy of a journal as a killed process would leave it: nothing was closed."""
    shutil.copytree(path, elsewhere)
    return elsewhere


def set_aside(path: Path) -> list[str]:
    """Return the names of what was set aside as unreadable in a directory."""
    return [one.name for one in path.glob("unreadable-*")]


def log_of(path: Path) -> Path:
    """Return the newest segment of the log in a directory."""
    return max(path.glob("groups-*.log"))
