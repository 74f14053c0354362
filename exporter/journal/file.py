"""The journal's file, as the thread of the worker sees it: opened, written, and begun anew.

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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from exporter.fault import StartError, whereabouts
from exporter.journal.database import DamagedError, Database, Snapshot
from exporter.journal.directory import StorageDirectory
from exporter.journal.epoch import Basis, Cause, Epoch, Run, Sync, may_have_lost
from exporter.journal.journal import Entry, Part
from exporter.journal.record import pack, unpack

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


class JournalFile:
    """One file under `path`, after another where that has to be.

    Its methods raise what the disk and SQLite do (`OSError`, `sqlite3.Error`). `seq` is the number
    of the last group committed. `basis` is what decides under which series an event counts, and
    `rebased` whether what was found was kept under another; `unfounded` and `begins_epoch` are as
    in `exporter.journal.journal.Journal`.
    """

    def __init__(
        self, path: Path, *, sync: Sync, boot_id: str, basis: str, failpoint: Failpoint
    ) -> None:
        self.epoch = Epoch(started_at=0.0, cause="new")
        self.begins_epoch = False
        self.unfounded = False
        self.damaged = False
        self.rebased = False
        self.seq = 0
        self.replayed_bytes = 0
        self.snapshot = NO_SNAPSHOT
        self.basis = basis
        self._directory = StorageDirectory(path)
        self._sync = sync
        self._boot_id = boot_id
        self._failpoint = failpoint
        self._database: Database | None = None
        self._looked_at = 0.0
        self._tried_bytes = 0

    @property
    def database(self) -> Database:
        """The open database."""
        if self._database is None:
            raise sqlite3.OperationalError("the journal is not open")
        return self._database

    def open(self, now: float) -> list[Part]:
        """Take possession, and return the parts of the newest snapshot. Raises `StartError`."""
        self._directory.acquire()
        try:
            return self._recover(Database(self._directory.database, self._sync), now)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not is_damage(error):
                raise
            log.error("the journal is damaged and set aside", extra={"fields": told(error)})  # noqa: TRY400 - one line
        self.renounce(now)
        return []

    def renounce(self, now: float) -> None:
        """Set aside what there is, and begin a new epoch in a new file."""
        if self._database is not None:
            self._database.close(None)
        self._directory.set_aside(now)
        self.epoch = Epoch(started_at=now, cause="corrupt")
        self.seq = self.replayed_bytes = 0
        self._begin_file(self.epoch)

    def _recover(self, database: Database, now: float) -> list[Part]:
        """Take what a file holds for ours, once all of it was seen to be readable."""
        try:
            epoch, last = database.fact(Epoch), database.fact(Run)
            snapshot = database.fact(Snapshot) or NO_SNAPSHOT
            parts = database.parts(snapshot.number)
            seq, size_bytes = _checked_groups(database, snapshot.seq)
            loss = self._loss(last, seq)
            self.rebased = database.fact(Basis) not in (None, Basis(self.basis))
            if loss is None and self.rebased and seq > snapshot.seq:
                log.warning("series are decided on in another way than before the crash")
                loss = "reconfigured"
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
        self._database, self.snapshot, self.epoch = database, snapshot, epoch
        self.seq, self.replayed_bytes = seq, size_bytes
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
        self._database, self.snapshot = database, NO_SNAPSHOT
        return database

    def _note(self, database: Database, epoch: Epoch, seq: int) -> None:
        run = Run(boot_id=self._boot_id, sync=self._sync, closed=False)
        database.note(epoch, run, Basis(self.basis))
        self._directory.mark(seq)

    def append(self, entries: Sequence[Entry], committed_at: float) -> int:
        """Commit the batches as one group; return its bytes."""
        if abs(committed_at - self._looked_at) >= LOOK_SECS:
            self._looked_at = committed_at
            self.kept(committed_at)
        if self.unfounded:
            raise sqlite3.OperationalError("a snapshot comes first")
        body = pack(entries)
        self._tried_bytes = len(body)
        self._failpoint("before_commit")
        self.database.append(self.seq + 1, committed_at, body)
        self.seq += 1
        self._failpoint("after_commit")
        self._directory.mark(self.seq)
        return len(body)

    def publish(self, database: Database, snapshot: Snapshot) -> None:
        """Make a snapshot, whose parts are all in this file, the valid one."""
        if database is not self._database:
            raise sqlite3.OperationalError("the file was begun anew in the meantime")
        if self.unfounded and snapshot.seq != self.seq:
            raise sqlite3.OperationalError("what was committed since is not in this file")
        run = Run(boot_id=self._boot_id, sync=self._sync, closed=False)
        # At once: a snapshot of one epoch must not be found in another.
        database.note(snapshot, self.epoch, run, Basis(self.basis))
        self.snapshot = snapshot
        if self.unfounded:
            self._directory.mark(self.seq)
            self.unfounded = False

    def probe(self, now: float, *, write: bool) -> None:
        """Look after the file, and find out whether a write succeeds if one is asked for."""
        if self.damaged:
            log.error("the journal is damaged, set aside and begun anew")
            self._let_go()
            self.damaged = False
        database = self.kept(now)
        if write:
            database.probe(bytes(min(self._tried_bytes, PROBE_BYTES_MAX)))

    def kept(self, now: float) -> Database:
        """Return the open file, a new one where somebody took ours away or it was let go of."""
        if self._database is not None:
            if self._directory.holds(self._database.identity):
                return self._database
            log.error("the journal's file is gone and begun anew")
            self._let_go()
        try:
            self._directory.acquire()
        except StartError as error:
            raise busy(error) from None
        # It may be a damaged one, and it may be somebody else's.
        self._directory.set_aside(now)
        return self._begin_file(Epoch(started_at=now, cause="corrupt"))

    def _let_go(self) -> None:
        self.unfounded = True
        if self._database is not None:
            self._database.close(None)
            self._database = None

    def close(self) -> None:
        """Let go of it, having noted that nothing is missing."""
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


def busy(error: StartError) -> OSError:
    """Return a directory that another has as trouble that may pass."""
    return OSError(errno.EBUSY, str(error))


def is_damage(error: Exception) -> bool:
    """Return whether an error means that bytes are not those that were written."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED_CODES
    return isinstance(error, ValueError)


def told(error: Exception) -> dict[str, str]:
    """Return what SQLite or the system calls the trouble; neither quotes what was pushed."""
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None)
    return {**whereabouts(error), **({"reason": name} if name else {})}
