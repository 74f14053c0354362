"""The journal's files, a database and a log: opened, checked, and begun anew.

Groups are in the log; snapshots, and what is noted of the journal, are in the database. All of it
is for the thread of the worker alone.

What is ugly: `open` has to tell three kinds of trouble apart. Somebody else has the directory, or a
newer version wrote it: that is for a person to mend, and the process does not start. The disk
refuses: that may pass, so it is tried again later, and nothing is made up in the meantime. The file
is damaged: it is set aside, and a new epoch begins.

Later on, damage costs nothing but time: memory is whole, so both are begun anew, and nothing is
committed until a snapshot has put into the database what memory knows (`unfounded`). Until then the
directory itself says that something is missing, so that a crash in between is not taken for a
start.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from exporter.fault import StartError
from exporter.journal.database import NO_SNAPSHOT, Database, Snapshot
from exporter.journal.directory import StorageDirectory
from exporter.journal.epoch import Basis, Epoch, Run, Sync
from exporter.journal.journal import Entry, Part
from exporter.journal.log import GroupLog
from exporter.journal.record import pack
from exporter.journal.recovery import log_of, recover
from exporter.journal.trouble import busy, is_damage, told

LOOK_SECS: Final = 1.0
"""How often a commit looks whether the files are still there."""

PROBE_BYTES_MAX: Final = 2**20

Failpoint = Callable[[str], None]
"""Called at named places, so that a test can end the process there: `before_commit`,
`after_commit`, `in_snapshot`, `in_prune`."""

log = logging.getLogger(__name__)


def go_on(_name: str) -> None:
    """Go on: what a failpoint does outside of tests."""


class JournalFiles:
    """A database and its log under `path`, after others where that has to be.

    Methods raise what the disk and SQLite do (`OSError`, `sqlite3.Error`). `basis` is what decides
    under which series an event counts, and `rebased` whether what was found was kept under another;
    `unfounded` and `begins_epoch` are as in `exporter.journal.journal.Journal`.
    """

    def __init__(
        self, path: Path, *, sync: Sync, boot_id: str, basis: str, failpoint: Failpoint
    ) -> None:
        self.epoch = Epoch(started_at=0.0, cause="new")
        self.begins_epoch = False
        self.unfounded = False
        self.damaged = False
        self.rebased = False
        self.snapshot = NO_SNAPSHOT
        self.basis = basis
        self._directory = StorageDirectory(path)
        self._sync: Sync = sync
        self._boot_id = boot_id
        self._failpoint = failpoint
        self._database: Database | None = None
        self._log: GroupLog | None = None
        self._seq = 0
        self._looked_at = 0.0
        self._tried_bytes = 0

    @property
    def database(self) -> Database:
        """The open database."""
        if self._database is None:
            raise sqlite3.OperationalError("the journal is not open")
        return self._database

    @property
    def log(self) -> GroupLog:
        """The open log."""
        if self._log is None:
            raise sqlite3.OperationalError("the journal is not open")
        return self._log

    @property
    def seq(self) -> int:
        """The number of the last group that was committed."""
        return self._seq if self._log is None else self._log.seq

    @property
    def size_bytes(self) -> int:
        """How long the log is."""
        return 0 if self._log is None else self._log.size_bytes

    def open(self, now: float) -> list[Part]:
        """Take possession, and return the parts of the newest snapshot. Raises `StartError`."""
        self._directory.acquire()
        try:
            return self._recover(Database(self._directory.database), now)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not is_damage(error):
                raise
            log.error("the journal is damaged and set aside", extra={"fields": told(error)})  # noqa: TRY400 - one line
        self.renounce(now)
        return []

    def renounce(self, now: float) -> None:
        """Set aside what there is, and begin a new epoch in new files."""
        self._close(None)
        self._directory.set_aside(now)
        self.epoch = Epoch(started_at=now, cause="corrupt")
        self._seq = 0
        self._begin_files(self.epoch)

    def _recover(self, database: Database, now: float) -> list[Part]:
        """Take what the files hold for ours, once all of it was seen to be readable."""
        try:
            found = recover(
                database,
                self._directory,
                sync=self._sync,
                boot_id=self._boot_id,
                basis=self.basis,
                # It is not new where one was set aside, and then none could be begun.
                without=Epoch(started_at=now, cause=self.epoch.cause),
            )
            if found.incomplete:
                self._directory.keep_copy(now)
            if self._sync == "full":
                found.log.sync()  # It may be from a run that did not.
            if not found.begins_epoch:
                self._note(database, found.epoch, found.seq)
            found.log.begin(found.seq)
        except BaseException:
            database.close(None)
            raise
        self._database, self._log = database, found.log
        self.snapshot, self.epoch, self.rebased = found.snapshot, found.epoch, found.rebased
        self.begins_epoch = self.unfounded = found.begins_epoch
        return found.parts

    def _begin_files(self, epoch: Epoch) -> None:
        """Begin new files, of which nothing is known but that their epoch is this."""
        try:
            database = Database(self._directory.database)
            try:
                self._note(database, epoch, self._seq)
                group_log = log_of(database, self._directory, self._sync)
                group_log.begin(self._seq)
            except BaseException:
                database.close(None)
                raise
        except BaseException:
            self._directory.discard()
            raise
        self._database, self._log, self.snapshot = database, group_log, NO_SNAPSHOT

    def _note(self, database: Database, epoch: Epoch, seq: int) -> None:
        run = Run(boot_id=self._boot_id, sync=self._sync, closed=False)
        database.note(epoch, run, Basis(self.basis))
        self._directory.mark(seq)

    def append(self, entries: Sequence[Entry], committed_at: float) -> None:
        """Commit the batches as one group."""
        if abs(committed_at - self._looked_at) >= LOOK_SECS:
            self._looked_at = committed_at
            self.kept(committed_at)
        if self.unfounded:
            raise sqlite3.OperationalError("a snapshot comes first")
        group_log = self.log
        body = pack(entries)
        self._tried_bytes = len(body)
        self._failpoint("before_commit")
        group_log.append(committed_at, body)
        self._failpoint("after_commit")
        self._directory.mark(group_log.seq)

    def cut(self) -> int:
        """End the segment that is written to; return the number of its last group."""
        if self._log is None:
            return self._seq
        return self._log.cut()

    def publish(self, database: Database, snapshot: Snapshot) -> list[Path]:
        """Make a snapshot, whose parts are all in this database, the valid one.

        Returns what it replaces of the log.
        """
        if database is not self._database:
            raise sqlite3.OperationalError("the files were begun anew in the meantime")
        if self.unfounded and snapshot.seq != self.seq:
            raise sqlite3.OperationalError("what was committed since is not in these files")
        run = Run(boot_id=self._boot_id, sync=self._sync, closed=False)
        # At once: a snapshot of one epoch must not be found in another.
        database.note(snapshot, self.epoch, run, Basis(self.basis))
        self.snapshot = snapshot
        if self.unfounded:
            self._directory.mark(self.seq)
            self.unfounded = False
        return self.log.replaced(snapshot.seq)

    def probe(self, now: float, *, write: bool) -> None:
        """Look after the files, and find out whether a write succeeds if one is asked for."""
        if self.damaged:
            log.error("the journal is damaged, set aside and begun anew")
            self._let_go()
            self.damaged = False
        self.kept(now)
        if write:
            self._directory.probe(min(self._tried_bytes, PROBE_BYTES_MAX))

    def kept(self, now: float) -> Database:
        """Return the open database, a new one where somebody took a file away or it was let go."""
        if self._database is not None:
            if self._directory.holds(self._database.identity) and self.log.complete():
                return self._database
            log.error("a file of the journal is gone and begun anew")
            self._let_go()
        try:
            self._directory.acquire()
        except StartError as error:
            raise busy(error) from None
        # They may be damaged, and they may be somebody else's.
        self._directory.set_aside(now)
        self._begin_files(Epoch(started_at=now, cause="corrupt"))
        return self.database

    def _let_go(self) -> None:
        self.unfounded = True
        self._close(None)

    def close(self) -> None:
        """Let go of them, having noted that nothing is missing."""
        closed = Run(boot_id=self._boot_id, sync=self._sync, closed=True)
        try:
            self._close(None if self.unfounded else closed)
        finally:
            self._directory.release()

    def _close(self, last: Run | None) -> None:
        database, self._database = self._database, None
        group_log, self._log = self._log, None
        if group_log is not None:
            group_log.close()
            self._seq = group_log.seq
            if last is not None:
                group_log.sync()
        if database is not None:
            database.close(last)
