"""The database: one snapshot in parts, and a few facts about the journal.

Everything here runs in one thread, over one connection that holds the file for itself: older
SQLites can corrupt a write-ahead log that two connections reset, and without a second one no shared
memory is needed, so that any file system will do.

A snapshot is written row by row, each by a statement that commits itself; it counts from the
statement that makes its number the valid one. That statement, as every other that notes a fact,
waits for the disk, and so for all before it: what a snapshot replaces may go only then.
"""

import sqlite3
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from exporter.journal.epoch import Basis, Epoch, Run
from exporter.journal.schema import migrate
from exporter.journal.segment import DamagedError, Group, identity_of

_PAGE_BYTES = 8192
_LOG_PAGES = 1024
"""8 MiB of write-ahead log before its pages are moved to where they belong."""


class Snapshot(Struct, frozen=True):
    """Which parts make up the valid snapshot, the last group in it, and its Unix second."""

    number: int
    seq: int
    taken_at: float


NO_SNAPSHOT = Snapshot(number=0, seq=0, taken_at=0.0)


class LogName(Struct, frozen=True):
    """What names the log that belongs to this database."""

    name: str


F = TypeVar("F", Epoch, Run, Basis, Snapshot, LogName)


class Database:
    """The open file at `path`; `identity` is by what to recognise it."""

    def __init__(self, path: Path) -> None:
        self._connection = connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=0
        )
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            # Some builds overwrite what is deleted; pruning would write everything once more.
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute("PRAGMA synchronous = FULL")
            path.chmod(0o600)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        self.identity = identity_of(path.stat())

    def fact(self, kind: type[F]) -> F | None:
        """Return what was noted; `None` if nothing was. Raises `ValueError` if damaged."""
        row = self._connection.execute(
            "SELECT value FROM facts WHERE name = ?", (kind.__name__,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=kind)

    def note(self, *facts: Epoch | Run | Basis | Snapshot) -> None:
        """Note facts in place of those before: all of them at once, or none."""
        rows = ", ".join(["(?, ?)"] * len(facts))
        values = [
            value
            for fact in facts
            for value in (type(fact).__name__, msgspec.json.encode(fact).decode())
        ]
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(f"INSERT OR REPLACE INTO facts VALUES {rows}", values)  # noqa: S608 - placeholders only
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def groups(self) -> list[Group]:
        """Return the groups that are here from before they had a log. Raises `DamagedError`."""
        rows = self._connection.execute(
            "SELECT seq, committed_at, body, crc FROM groups ORDER BY seq"
        ).fetchall()
        return [Group(seq, at, _checked(body, crc)) for seq, at, body, crc in rows]

    def delete_groups(self) -> None:
        """Delete them, once they are in a log."""
        self._connection.execute("DELETE FROM groups")

    def parts(self, number: int) -> list[tuple[str, bytes]]:
        """Return the parts of a snapshot, in order. Raises `DamagedError`."""
        rows = self._connection.execute(
            "SELECT name, body, crc FROM parts WHERE snapshot = ? ORDER BY id", (number,)
        ).fetchall()
        return [(name, _checked(body, crc)) for name, body, crc in rows]

    def add_part(self, number: int, name: str, body: bytes) -> None:
        """Write a part of a snapshot that is not valid yet."""
        self._connection.execute(
            "INSERT INTO parts (snapshot, name, crc, body) VALUES (?, ?, ?, ?)",
            (number, name, zlib.crc32(body), body),
        )

    def prune(self, snapshot: Snapshot) -> bool:
        """Delete some of what a valid snapshot replaces; return whether there may be more."""
        return (
            self._connection.execute(
                "DELETE FROM parts WHERE id IN (SELECT id FROM parts WHERE snapshot <> ? LIMIT 16)",
                (snapshot.number,),
            ).rowcount
            > 0
        )

    def forget_pages(self) -> None:
        """Hold no page in memory that is in the file, so that damage to the file is met."""
        self._connection.execute("PRAGMA shrink_memory")

    def close(self, last: Run | None) -> None:
        """Close the file; with `last`, once everything is synced and that is noted."""
        try:
            if last is not None:
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.note(last)
        finally:
            self._connection.close()


def _checked(body: bytes, crc: int) -> bytes:
    if zlib.crc32(body) != crc:
        raise DamagedError("a checksum does not match")
    return body
