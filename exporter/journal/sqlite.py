"""The journal in a SQLite file.

What is ugly: `open` has to tell three kinds of trouble apart. Somebody else has the directory, or a
newer version wrote it: that is for a person to mend, and the process does not start. The disk
refuses: that may pass, so it is tried again later, and nothing is made up in the meantime. The file
is damaged: it is set aside, and a new epoch begins.

Later on, damage costs nothing but time: memory is whole, so a new file is begun, and nothing is
committed to it until a snapshot has put into it what memory knows (`unfounded`). Until then the
file itself says that its epoch ended there, so that a crash in between is not taken for a start.
"""

import errno
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from exporter.event.rejection import Code, Refusal
from exporter.fault import StartError, whereabouts
from exporter.journal.database import DamagedError, Database, Group, Snapshot
from exporter.journal.directory import StorageDirectory
from exporter.journal.epoch import Cause, Epoch, Run, Sync, may_have_lost
from exporter.journal.journal import Entry, Part, Replayed
from exporter.journal.record import pack, unpack
from exporter.journal.worker import Worker

RETRY_AFTER_SECS: Final = 2

LOOK_SECS: Final = 1.0
"""How often a commit looks whether the file is still there."""

NO_SNAPSHOT: Final = Snapshot(number=0, seq=0, taken_at=0.0)

PROBE_BYTES_MAX: Final = 2**20

_DAMAGED_CODES: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE: Final = 0xFF

Failpoint = Callable[[str], None]
"""Called at named places, so that a test can end the process there: `before_commit`,
`after_commit`, `in_snapshot`, `in_prune`."""

log = logging.getLogger(__name__)


def go_on(_name: str) -> None:
    """Go on: what a failpoint does outside of tests."""


class SQLiteJournal:
    """Keeps groups and snapshots under `path`; see `exporter.journal.journal.Journal`.

    `sync`: what is committed outlives the process with `normal`, and the machine with `full`.
    `boot_id` names the boot of the machine (`exporter.journal.epoch`).
    """

    durable = True

    def __init__(
        self, path: Path, *, sync: Sync, boot_id: str, failpoint: Failpoint = go_on
    ) -> None:
        self.epoch = Epoch(started_at=0.0, cause="new")
        self.begins_epoch = False
        self.seq = 0
        self.size_bytes = 0
        self.failing = False
        self.snapshot_failing = False
        self.snapshot_failures = 0
        self.unfounded = False
        self._directory = StorageDirectory(path)
        self._sync = sync
        self._boot_id = boot_id
        self._failpoint = failpoint
        self._worker = Worker("journal")
        self._database: Database | None = None
        self._snapshot = NO_SNAPSHOT
        self._damaged = False
        self._failed_as: dict[str, str] = {}
        self._looked_at = 0.0
        self._tried_bytes = 0

    @property
    def snapshot_at(self) -> float | None:
        """When the newest snapshot was taken, Unix seconds; `None` where there is none."""
        return self._snapshot.taken_at if self._snapshot.number else None

    async def open(self, now: float) -> list[Part]:
        """Take possession, and return the newest snapshot. See `Journal.open`."""
        try:
            parts = await self._worker.run(self._open, now)
        except StartError as error:
            if not self.failing:
                raise
            # It served already, waiting for the disk, and goes on to wait.
            raise self._failed(_busy(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self.failing = False
        return parts

    async def renounce(self, now: float) -> None:
        """Begin a new epoch in a new file. Raises `Refusal` (`journal_failing`)."""
        try:
            await self._worker.run(self._renounce, now)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None

    async def replay(self) -> AsyncIterator[Replayed]:
        """Yield what was committed since the snapshot, in order."""
        seq = self._snapshot.seq
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
            size_bytes = await self._worker.run(self._append, entries, committed_at)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None
        self.failing = False
        self.size_bytes += size_bytes

    async def snapshot(self, parts: Iterable[Part], seq: int, taken_at: float) -> None:
        """Keep a snapshot of all up to `seq`. Raises `Refusal` (`journal_failing`)."""
        run = self._worker.run
        try:
            database = await run(self._kept_file, taken_at)
            await run(database.forget_pages)
            await self._prune(database)
            snapshot = Snapshot(self._snapshot.number + 1, seq, taken_at)
            for name, body in parts:
                await run(database.add_part, snapshot.number, name, body)
                self._failpoint("in_snapshot")
            await run(self._publish, database, snapshot)
            await self._prune(database)
            _, self.size_bytes = await run(database.extent)
        except (sqlite3.Error, OSError) as error:
            if not self.snapshot_failing:
                log.error("no snapshot can be taken", extra={"fields": _fields(error)})  # noqa: TRY400 - one line
            self.snapshot_failing = True
            self.snapshot_failures += 1
            self._damaged = self._damaged or _is_damage(error)
            self.failing = self.failing or self._damaged
            raise _refusal() from None
        self.snapshot_failing = False

    async def probe(self, now: float) -> None:
        """Look after the file, and after one failed, whether commits work again; never raises."""
        try:
            if await self._worker.run(self._probe, now):
                self.failing = False
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    async def close(self) -> None:
        """Let go of everything, having noted that nothing is missing."""
        try:
            await self._worker.run(self._close)
        except (sqlite3.Error, OSError) as error:
            log.error("the journal was not closed", extra={"fields": _fields(error)})  # noqa: TRY400 - one line
        self._worker.stop()

    async def _next_groups(self, seq: int) -> list[Group]:
        try:
            return await self._worker.run(self._opened().groups, seq)
        except (sqlite3.Error, OSError, DamagedError):
            # All of it was readable a moment ago, and memory is half full: only a new start helps.
            raise StartError("the journal became unreadable while it was read") from None

    async def _prune(self, database: Database) -> None:
        while await self._worker.run(database.prune, self._snapshot):
            self._failpoint("in_prune")

    def _failed(self, error: Exception) -> Refusal:
        fields = _fields(error)
        if not self.failing or fields != self._failed_as:
            log.error("the journal fails", extra={"fields": fields})
        self.failing, self._failed_as = True, fields
        self._damaged = self._damaged or _is_damage(error)
        return _refusal()

    def _opened(self) -> Database:
        if self._database is None:
            raise sqlite3.OperationalError("the journal is not open")
        return self._database

    # What follows runs in the thread of the worker.

    def _open(self, now: float) -> list[Part]:
        self._directory.acquire()
        try:
            return self._recover(Database(self._directory.database, self._sync), now)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not _is_damage(error):
                raise
            log.error("the journal is damaged and set aside", extra={"fields": _fields(error)})  # noqa: TRY400 - one line
        self._renounce(now)
        return []

    def _renounce(self, now: float) -> None:
        if self._database is not None:
            self._database.close(None)
        self._directory.set_aside(now)
        self.epoch = Epoch(started_at=now, cause="corrupt")
        self.seq = self.size_bytes = 0
        self._begin_file(self.epoch)

    def _recover(self, database: Database, now: float) -> list[Part]:
        """Take what a file holds for ours, once all of it was seen to be readable."""
        try:
            epoch, last = database.fact(Epoch), database.fact(Run)
            snapshot = database.fact(Snapshot) or NO_SNAPSHOT
            parts = database.parts(snapshot.number)
            seq, size_bytes = _checked_groups(database, snapshot.seq)
            loss = self._loss(last, seq)
            if epoch is None or last is None:
                # It is not new where one was set aside, and then none could be begun.
                epoch = Epoch(started_at=now, cause=loss or self.epoch.cause)
            elif loss is not None:
                epoch = Epoch(started_at=now, cause=loss)
                self.begins_epoch = self.unfounded = True
            if not self.unfounded:
                self._note(database, epoch, seq)
            database.begin()
        except BaseException:
            database.close(None)
            raise
        self._database, self._snapshot, self.epoch = database, snapshot, epoch
        self.seq, self.size_bytes = seq, size_bytes
        return parts

    def _loss(self, last: Run | None, seq: int) -> Cause | None:
        """Return why commits after the last that is there are missing, or may be; else `None`."""
        if last is not None and may_have_lost(last, self._boot_id):
            log.warning("the machine crashed, commits may be missing, and a new epoch begins")
            return "power_loss"
        if seq < self._directory.marked():
            log.error("commits are missing from the journal, and a new epoch begins")
            return "corrupt"
        return None

    def _begin_file(self, epoch: Epoch) -> Database:
        """Begin a new file, of which nothing is known but that its epoch is this."""
        try:
            database = Database(self._directory.database, self._sync)
            try:
                self._note(database, epoch, self.seq)
                database.begin()
            except BaseException:
                database.close(None)
                raise
        except BaseException:
            self._directory.discard()
            raise
        self._database, self._snapshot = database, NO_SNAPSHOT
        return database

    def _note(self, database: Database, epoch: Epoch, seq: int) -> None:
        database.note(epoch)
        database.note(Run(boot_id=self._boot_id, sync=self._sync, closed=False))
        self._directory.mark(seq)

    def _append(self, entries: Sequence[Entry], committed_at: float) -> int:
        if abs(committed_at - self._looked_at) >= LOOK_SECS:
            self._looked_at = committed_at
            self._kept_file(committed_at)
        if self.unfounded:
            raise sqlite3.OperationalError("a snapshot comes first")
        body = pack(entries)
        self._tried_bytes = len(body)
        self._failpoint("before_commit")
        self._opened().append(self.seq + 1, committed_at, body)
        self.seq += 1
        self._failpoint("after_commit")
        self._directory.mark(self.seq)
        return len(body)

    def _publish(self, database: Database, snapshot: Snapshot) -> None:
        if database is not self._database:
            raise sqlite3.OperationalError("the file was begun anew in the meantime")
        if self.unfounded and snapshot.seq != self.seq:
            raise sqlite3.OperationalError("what was committed since is not in this file")
        database.note(snapshot)
        self._snapshot = snapshot
        if self.unfounded:
            self._note(database, self.epoch, self.seq)
            self.unfounded = False

    def _probe(self, now: float) -> bool:
        """Look after the file; return whether a write was tried, as after one that failed."""
        tried = self.failing
        if self._damaged:
            log.error("the journal is damaged, set aside and begun anew")
            self._let_go()
            self._damaged = False
        database = self._kept_file(now)
        if tried:
            database.probe(bytes(min(self._tried_bytes, PROBE_BYTES_MAX)))
        return tried

    def _kept_file(self, now: float) -> Database:
        """Return the open file, a new one where somebody took ours away or it was let go of."""
        if self._database is not None:
            if self._directory.holds(self._database.identity):
                return self._database
            log.error("the journal's file is gone and begun anew")
            self._let_go()
        try:
            self._directory.acquire()
        except StartError as error:
            raise _busy(error) from None
        # It may be a damaged one, and it may be somebody else's.
        self._directory.set_aside(now)
        return self._begin_file(Epoch(started_at=now, cause="corrupt"))

    def _let_go(self) -> None:
        self.unfounded = True
        if self._database is not None:
            self._database.close(None)
            self._database = None

    def _close(self) -> None:
        try:
            if self._database is not None:
                closed = Run(boot_id=self._boot_id, sync=self._sync, closed=True)
                self._database.close(None if self.unfounded else closed)
        finally:
            self._directory.release()


def _checked_groups(database: Database, after: int) -> tuple[int, int]:
    """Look at every group after a number; return the number of the last and their bytes."""
    seq, size_bytes = after, 0
    while groups := database.groups(seq):
        for group in groups:
            if group.seq != seq + 1:
                raise DamagedError("a group is missing")
            for _ in unpack(group.body):
                pass
            seq, size_bytes = group.seq, size_bytes + len(group.body)
    return seq, size_bytes


def _refusal() -> Refusal:
    return Refusal(
        Code.JOURNAL_FAILING,
        "the push could not be committed",
        retry_after_secs=RETRY_AFTER_SECS,
    )


def _busy(error: StartError) -> OSError:
    return OSError(errno.EBUSY, str(error))


def _is_damage(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED_CODES
    return isinstance(error, ValueError)


def _fields(error: Exception) -> dict[str, str]:
    """Return what SQLite or the system calls the trouble; neither quotes what was pushed."""
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None)
    return {**whereabouts(error), **({"reason": name} if name else {})}
