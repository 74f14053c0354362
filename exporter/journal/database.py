"""The database file: groups of batches, one snapshot in parts, and a few facts about them.

Everything here runs in one thread, over one connection that holds the file for itself: older
SQLites can corrupt a write-ahead log that two connections reset, and without a second one no shared
memory is needed, so that any file system will do.

A group is one row, inserted by one statement that commits itself, because each step of SQLite gives
up the interpreter and has to win it back from a busy event loop. A snapshot is written row by row
between groups; it counts from the statement that makes its number the valid one.
"""

import sqlite3
import zlib
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from exporter.journal.epoch import Basis, Epoch, Run, Sync
from exporter.journal.schema import migrate

PRUNE_BYTES = 4 * 2**20
"""About how much one step of pruning deletes, so that commits need not wait for all of it."""

READ_ROWS = 16

_PAGE_BYTES = 8192
_LOG_PAGES = 1024
"""8 MiB of write-ahead log before its pages are moved to where they belong."""


class Snapshot(Struct, frozen=True):
    """Which parts make up the valid snapshot, the last group in it, and its Unix second."""

    number: int
    seq: int
    taken_at: float


class Group(NamedTuple):
    """What was committed at once, at a Unix second."""

    seq: int
    committed_at: float
    body: bytes


class DamagedError(ValueError):
    """Bytes came back that are not those that were written."""


F = TypeVar("F", Epoch, Run, Basis, Snapshot)


class Database:
    """The open file at `path`; `identity` is by what to recognise it."""

    def __init__(self, path: Path, sync: Sync) -> None:
        self._sync = sync
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
            # Migrations and facts are synced whatever is chosen for the groups.
            connection.execute("PRAGMA synchronous = FULL")
            path.chmod(0o600)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        self.identity = identity(path)

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
        self._connection.execute(f"INSERT OR REPLACE INTO facts VALUES {rows}", values)  # noqa: S608 - placeholders only

    def begin(self) -> None:
        """From here on groups are synced as it was chosen."""
        self._connection.execute(f"PRAGMA synchronous = {self._sync.upper()}")

    def append(self, seq: int, committed_at: float, body: bytes | bytearray) -> None:
        """Commit a group."""
        self._connection.execute(
            "INSERT INTO groups VALUES (?, ?, ?, ?)", (seq, committed_at, zlib.crc32(body), body)
        )

    def extent(self) -> tuple[int, int]:
        """Return the number of the last group, 0 for none, and how many bytes all of them are."""
        seq, size_bytes = self._connection.execute(
            "SELECT coalesce(max(seq), 0), coalesce(sum(length(body)), 0) FROM groups"
        ).fetchone()
        return seq, size_bytes

    def groups(self, after: int) -> list[Group]:
        """Return the next few groups after a number. Raises `DamagedError`."""
        rows = self._connection.execute(
            "SELECT seq, committed_at, body, crc FROM groups WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, READ_ROWS),
        ).fetchall()
        return [Group(seq, at, _checked(body, crc)) for seq, at, body, crc in rows]

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
        deleted = self._connection.execute(
            "DELETE FROM parts WHERE id IN (SELECT id FROM parts WHERE snapshot <> ? LIMIT 16)",
            (snapshot.number,),
        ).rowcount
        last, size_bytes = snapshot.seq, 0
        rows = self._connection.execute(
            "SELECT seq, length(body) FROM groups WHERE seq <= ? ORDER BY seq", (snapshot.seq,)
        )
        for seq, length in rows:
            size_bytes += length
            if size_bytes >= PRUNE_BYTES:
                last = seq
                break
        rows.close()
        deleted += self._connection.execute("DELETE FROM groups WHERE seq <= ?", (last,)).rowcount
        return deleted > 0

    def forget_pages(self) -> None:
        """Hold no page in memory that is in the file, so that damage to the file is met."""
        self._connection.execute("PRAGMA shrink_memory")

    def probe(self, body: bytes) -> None:
        """Write that many bytes and take them out again."""
        self.add_part(0, "probe", body)
        self._connection.execute("DELETE FROM parts WHERE snapshot = 0")

    def close(self, last: Run | None) -> None:
        """Close the file; with `last`, once everything is synced and that is noted."""
        try:
            if last is not None:
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.note(last)
        finally:
            self._connection.close()


def identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from one that took its name. Raises `OSError`."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _checked(body: bytes, crc: int) -> bytes:
    if zlib.crc32(body) != crc:
        raise DamagedError("a checksum does not match")
    return body
