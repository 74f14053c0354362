"""The journal on a disk: the event loop's side of it.

All that touches the disk runs in the one thread of a worker (`exporter.journal.files`), so that a
disk that hangs keeps nobody from an answer. Errors of the disk come back as `Refusal`, and are told
in the log once.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from exporter.clock import Clock
from exporter.event.rejection import Code, Refusal
from exporter.fault import StartError
from exporter.journal.database import Database, Snapshot
from exporter.journal.epoch import Epoch, Sync
from exporter.journal.files import Failpoint, JournalFiles, go_on
from exporter.journal.journal import Entry, Part, Replayed
from exporter.journal.record import unpack
from exporter.journal.segment import DamagedError, Group
from exporter.journal.trouble import busy, is_damage, told
from exporter.journal.worker import Worker

RETRY_AFTER_SECS: Final = 2

STUCK_SECS: Final = 5.0
"""From when on a disk that does not answer counts as failing."""

CLOSE_SECS: Final = 2.0
"""What closing may take; a disk that hangs must not keep the process."""

READ_GROUPS: Final = 16

log = logging.getLogger(__name__)


class DiskJournal:
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
        self.snapshot_failing = False
        self.snapshot_failures = 0
        self._files = JournalFiles(
            path, sync=sync, boot_id=boot_id, basis=basis, failpoint=failpoint
        )
        self._failpoint = failpoint
        self._worker = Worker("journal", clock)
        self._failed = False
        self._failed_as: dict[str, str] = {}

    @property
    def epoch(self) -> Epoch:
        """The life of the counters."""
        return self._files.epoch

    @property
    def begins_epoch(self) -> bool:
        """Whether the counters must begin at 0, whatever the snapshot and the replay hold."""
        return self._files.begins_epoch

    @property
    def unfounded(self) -> bool:
        """Whether nothing can be committed before a snapshot was taken."""
        return self._files.unfounded

    @property
    def failing(self) -> bool:
        """Whether commits fail, or the disk has not answered for some time."""
        return self._failed or self._worker.busy_secs > STUCK_SECS

    @property
    def seq(self) -> int:
        """The number of the last group that was committed."""
        return self._files.seq

    @property
    def size_bytes(self) -> int:
        """How much a restart would have to replay."""
        return self._files.size_bytes

    async def cut(self) -> int:
        """End what a snapshot is about to be taken of; return the number of its last group."""
        try:
            return await self._worker.run(self._files.cut)
        except OSError as error:
            raise self._refused(error) from None

    @property
    def basis(self) -> str:
        """What decides under which series an event counts; in force with the next snapshot."""
        return self._files.basis

    @basis.setter
    def basis(self, basis: str) -> None:
        self._files.basis = basis

    @property
    def rebased(self) -> bool:
        """Whether what was found was kept under another basis."""
        return self._files.rebased

    @property
    def snapshot_at(self) -> float | None:
        """When the newest snapshot was taken, Unix seconds; `None` where there is none."""
        snapshot = self._files.snapshot
        return snapshot.taken_at if snapshot.number else None

    async def open(self, now: float) -> list[Part]:
        """Take possession, and return the newest snapshot. See `Journal.open`."""
        try:
            parts = await self._worker.run(self._files.open, now)
        except StartError as error:
            if not self._failed:
                raise
            # It served already, waiting for the disk, and goes on to wait.
            raise self._refused(busy(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self._failed = False
        return parts

    async def renounce(self, now: float) -> None:
        """Begin a new epoch in a new file. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._worker.run(self._files.renounce, now)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None

    async def replay(self) -> AsyncIterator[Replayed]:
        """Yield what was committed since the snapshot, in order. Raises `StartError`."""
        seq, last = self._files.snapshot.seq, self._files.seq
        groups = self._files.log.groups(seq, certain=last)
        while seq < last:
            some = await self._next_of(groups)
            seq += len(some)
            for group in some:
                for record in unpack(group.body):
                    yield Replayed(
                        committed_at=group.committed_at,
                        received_at=record.received_at,
                        events=record.events,
                        idempotency_key=record.idempotency_key,
                        summary=record.summary,
                    )

    async def append(self, entries: Sequence[Entry], committed_at: float) -> None:
        """Commit the batches as one group. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._worker.run(self._files.append, entries, committed_at)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self._failed = False

    async def snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        """Keep a snapshot of all up to `seq`. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._snapshot(parts, seq, taken_at)
        except (sqlite3.Error, OSError) as error:
            if not self.snapshot_failing:
                log.error("no snapshot can be taken", extra={"fields": told(error)})  # noqa: TRY400 - one line
            self.snapshot_failing = True
            self.snapshot_failures += 1
            self._files.damaged = self._files.damaged or is_damage(error)
            self._failed = self._failed or self._files.damaged
            raise _refusal() from None
        self.snapshot_failing = False

    async def probe(self, now: float) -> None:
        """Look after the file, and after one failed, whether commits work again; never raises."""
        tried = self._failed
        try:
            await self._worker.run(self._files.probe, now, write=tried)
        except (sqlite3.Error, OSError) as error:
            self._refused(error)
        else:
            self._failed = self._failed and not tried

    async def close(self) -> None:
        """Let go of everything, having noted that nothing is missing."""
        try:
            async with asyncio.timeout(CLOSE_SECS):
                await self._worker.run(self._files.close)
        except (sqlite3.Error, OSError) as error:
            log.error("the journal was not closed", extra={"fields": told(error)})  # noqa: TRY400 - one line
        self._worker.stop()

    async def _snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        run = self._worker.run
        database = await run(self._files.kept, taken_at)
        await run(database.forget_pages)
        await self._prune(database)
        snapshot = Snapshot(self._files.snapshot.number + 1, seq, taken_at)
        for name, body in parts:
            await run(database.add_part, snapshot.number, name, body)
            self._failpoint("in_snapshot")
        for path in await run(self._files.publish, database, snapshot):
            await run(path.unlink, missing_ok=True)
            self._failpoint("in_prune")
        await self._prune(database)

    async def _next_of(self, groups: Iterator[Group]) -> list[Group]:
        try:
            some = await self._worker.run(lambda: list(islice(groups, READ_GROUPS)))
        except (sqlite3.Error, OSError, DamagedError):
            some = []
        if not some:
            # All of it was readable a moment ago, and memory is half full: only a new start helps.
            raise StartError("the journal became unreadable while it was read")
        return some

    async def _prune(self, database: Database) -> None:
        while await self._worker.run(database.prune, self._files.snapshot):
            self._failpoint("in_prune")

    def _refused(self, error: Exception) -> Refusal:
        fields = told(error)
        if not self._failed or fields != self._failed_as:
            log.error("the journal fails", extra={"fields": fields})
        self._failed, self._failed_as = True, fields
        self._files.damaged = self._files.damaged or is_damage(error)
        return _refusal()


def _refusal() -> Refusal:
    return Refusal(
        Code.JOURNAL_FAILING,
        "the push could not be committed",
        retry_after_secs=RETRY_AFTER_SECS,
    )
