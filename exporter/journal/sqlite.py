"""The journal in a SQLite file: the event loop's side of it.

All that touches the disk runs in the one thread of a worker (`exporter.journal.file`). Errors of
the disk come back as `Refusal`, and are told in the log once.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Final

from exporter.clock import Clock
from exporter.event.rejection import Code, Refusal
from exporter.fault import StartError
from exporter.journal.database import DamagedError, Database, Group, Snapshot
from exporter.journal.epoch import Epoch, Sync
from exporter.journal.file import Failpoint, JournalFile, busy, go_on, is_damage, told
from exporter.journal.journal import Entry, Part, Replayed
from exporter.journal.record import unpack
from exporter.journal.worker import Worker

RETRY_AFTER_SECS: Final = 2

STUCK_SECS: Final = 5.0
"""From when on a disk that does not answer counts as failing."""

CLOSE_SECS: Final = 2.0
"""What closing may take; a disk that hangs must not keep the process."""

log = logging.getLogger(__name__)


class SQLiteJournal:
    """Keeps groups and snapshots under `path`; see `exporter.journal.journal.Journal`.

    `sync`: what is committed outlives the process with `normal`, and the machine with `full`.
    `boot_id` names the boot of the machine (`exporter.journal.epoch`); `basis` names all that
    decides under which series an event counts.
    """

    durable = True

    def __init__(
        self,
        path: Path,
        *,
        sync: Sync,
        boot_id: str,
        basis: str,
        clock: Clock,
        failpoint: Failpoint = go_on,
    ) -> None:
        self.size_bytes = 0
        self.snapshot_failing = False
        self.snapshot_failures = 0
        self._file = JournalFile(path, sync=sync, boot_id=boot_id, basis=basis, failpoint=failpoint)
        self._failpoint = failpoint
        self._worker = Worker("journal", clock)
        self._failed = False
        self._failed_as: dict[str, str] = {}

    @property
    def epoch(self) -> Epoch:
        """The life of the counters."""
        return self._file.epoch

    @property
    def begins_epoch(self) -> bool:
        """Whether the counters must begin at 0, whatever the snapshot and the replay hold."""
        return self._file.begins_epoch

    @property
    def unfounded(self) -> bool:
        """Whether nothing can be committed before a snapshot was taken."""
        return self._file.unfounded

    @property
    def failing(self) -> bool:
        """Whether commits fail, or the disk has not answered for some time."""
        return self._failed or self._worker.busy_secs > STUCK_SECS

    @property
    def seq(self) -> int:
        """The number of the last group that was committed."""
        return self._file.seq

    @property
    def basis(self) -> str:
        """What decides under which series an event counts; in force with the next snapshot."""
        return self._file.basis

    @basis.setter
    def basis(self, basis: str) -> None:
        self._file.basis = basis

    @property
    def rebased(self) -> bool:
        """Whether what was found was kept under another basis."""
        return self._file.rebased

    @property
    def snapshot_at(self) -> float | None:
        """When the newest snapshot was taken, Unix seconds; `None` where there is none."""
        snapshot = self._file.snapshot
        return snapshot.taken_at if snapshot.number else None

    async def open(self, now: float) -> list[Part]:
        """Take possession, and return the newest snapshot. See `Journal.open`."""
        try:
            parts = await self._worker.run(self._file.open, now)
        except StartError as error:
            if not self._failed:
                raise
            # It served already, waiting for the disk, and goes on to wait.
            raise self._refused(busy(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self._failed = False
        self.size_bytes = self._file.replayed_bytes
        return parts

    async def renounce(self, now: float) -> None:
        """Begin a new epoch in a new file. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._worker.run(self._file.renounce, now)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self.size_bytes = 0

    async def replay(self) -> AsyncIterator[Replayed]:
        """Yield what was committed since the snapshot, in order. Raises `StartError`."""
        seq = self._file.snapshot.seq
        while groups := await self._next_groups(seq):
            for group in groups:
                for record in unpack(group.body):
                    yield Replayed(
                        committed_at=group.committed_at,
                        received_at=record.received_at,
                        events=record.events,
                        idempotency_key=record.idempotency_key,
                        summary=record.summary,
                    )
                seq = group.seq

    async def append(self, entries: Sequence[Entry], committed_at: float) -> None:
        """Commit the batches as one group. Raises `Refusal` (`journal_failing`)."""
        try:
            size_bytes = await self._worker.run(self._file.append, entries, committed_at)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self._failed = False
        self.size_bytes += size_bytes

    async def snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        """Keep a snapshot of all up to `seq`. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._snapshot(parts, seq, taken_at)
        except (sqlite3.Error, OSError) as error:
            if not self.snapshot_failing:
                log.error("no snapshot can be taken", extra={"fields": told(error)})  # noqa: TRY400 - one line
            self.snapshot_failing = True
            self.snapshot_failures += 1
            self._file.damaged = self._file.damaged or is_damage(error)
            self._failed = self._failed or self._file.damaged
            raise _refusal() from None
        self.snapshot_failing = False

    async def probe(self, now: float) -> None:
        """Look after the file, and after one failed, whether commits work again; never raises."""
        tried = self._failed
        try:
            await self._worker.run(self._file.probe, now, write=tried)
        except (sqlite3.Error, OSError) as error:
            self._refused(error)
        else:
            self._failed = self._failed and not tried

    async def close(self) -> None:
        """Let go of everything, having noted that nothing is missing."""
        try:
            async with asyncio.timeout(CLOSE_SECS):
                await self._worker.run(self._file.close)
        except (sqlite3.Error, OSError) as error:
            log.error("the journal was not closed", extra={"fields": told(error)})  # noqa: TRY400 - one line
        self._worker.stop()

    async def _snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        run = self._worker.run
        database = await run(self._file.kept, taken_at)
        await run(database.forget_pages)
        await self._prune(database)
        snapshot = Snapshot(self._file.snapshot.number + 1, seq, taken_at)
        for name, body in parts:
            await run(database.add_part, snapshot.number, name, body)
            self._failpoint("in_snapshot")
        await run(self._file.publish, database, snapshot)
        await self._prune(database)
        _, self.size_bytes = await run(database.extent)

    async def _next_groups(self, seq: int) -> list[Group]:
        try:
            return await self._worker.run(self._file.database.groups, seq)
        except (sqlite3.Error, OSError, DamagedError):
            # All of it was readable a moment ago, and memory is half full: only a new start helps.
            raise StartError("the journal became unreadable while it was read") from None

    async def _prune(self, database: Database) -> None:
        while await self._worker.run(database.prune, self._file.snapshot):
            self._failpoint("in_prune")

    def _refused(self, error: Exception) -> Refusal:
        fields = told(error)
        if not self._failed or fields != self._failed_as:
            log.error("the journal fails", extra={"fields": fields})
        self._failed, self._failed_as = True, fields
        self._file.damaged = self._file.damaged or is_damage(error)
        return _refusal()


def _refusal() -> Refusal:
    return Refusal(
        Code.JOURNAL_FAILING,
        "the push could not be committed",
        retry_after_secs=RETRY_AFTER_SECS,
    )
