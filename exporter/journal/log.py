"""The log: groups of batches, appended to files one after another.

Why no table of the database: a row of 30 kB costs SQLite 150 us, each byte written to its own log,
summed there, and copied to the file later; an append costs 34 us.

A segment is named after the first group in it. A new one begins where a snapshot is taken, so that
those before it can go once the snapshot is valid; at each start; and after a write that failed.
What is ugly: after such a write there may be something left at the end of a segment that nobody was
told was committed. So what a segment holds of the next one's groups does not count.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from exporter.journal.epoch import Sync
from exporter.journal.segment import DamagedError, Group, Reading, Segment, identity_of

SUFFIX: Final = ".log"
_PREFIX: Final = "groups-"
_DIGITS: Final = 20


class _Kept(NamedTuple):
    """A segment that nothing is appended to any more; `first` is the number of its first group."""

    path: Path
    first: int
    size_bytes: int


class GroupLog:
    """The segments in `directory` of the log that `name` names.

    `seq` is the number of the last group. With a `sync` of `full`, an append waits for the disk.
    """

    def __init__(self, directory: Path, name: str, *, sync: Sync) -> None:
        self.seq = 0
        self._directory = directory
        self._name = name
        self._synced = sync == "full"
        self._kept = [
            _Kept(path, int(path.stem.removeprefix(_PREFIX)), path.stat().st_size)
            for path in segments_in(directory)
        ]
        self._open: Segment | None = None
        self._open_first = 0

    @property
    def size_bytes(self) -> int:
        """How long all segments are together."""
        of_open = self._open.size_bytes if self._open is not None else 0
        return sum(kept.size_bytes for kept in self._kept) + of_open

    def groups(self, after: int, *, certain: int | None) -> Iterator[Group]:
        """Yield the groups after a number, in order, but for those of the segment being written.

        `certain` is the number of a group that was committed without doubt: what is garbled before
        it is damage. With `None`, what follows a gap is passed over. Raises `OSError` and
        `DamagedError`.
        """
        seq = after
        for place, kept in enumerate(self._kept):
            following = self._kept[place + 1].first if place + 1 < len(self._kept) else None
            if following is not None and following <= after + 1:
                continue  # A snapshot has taken its place.
            if kept.first > seq + 1:
                if certain is None:
                    return
                raise DamagedError("a group is missing")
            reading = Reading(kept.path, self._name)
            for group in reading:
                if group.seq <= seq:
                    continue
                if group.seq == following:
                    break
                if group.seq != seq + 1:
                    raise DamagedError("a group is missing")
                yield group
                seq = group.seq
            if reading.garbled and following is None and certain is not None and seq < certain:
                raise DamagedError("a checksum does not match")

    def begin(self, seq: int) -> None:
        """Go on after the group of this number, and forget what is there of later ones."""
        self.seq = seq
        for kept in self._kept:
            if kept.first > seq:
                kept.path.unlink(missing_ok=True)
        self._kept = [kept for kept in self._kept if kept.first <= seq]

    def append(self, committed_at: float, body: bytes | bytearray) -> None:
        """Commit a group. Raises `OSError`, having committed nothing."""
        segment = self._open or self._begin_segment()
        try:
            segment.append(self.seq + 1, committed_at, body)
        except OSError:
            self.cut()
            raise
        self.seq += 1

    def cut(self) -> int:
        """Let the next group begin a segment; return the number of the last one before it.

        Raises `OSError`, having done so.
        """
        segment, self._open = self._open, None
        if segment is not None:
            self._kept.append(_Kept(segment.path, self._open_first, segment.size_bytes))
            segment.close()
        return self.seq

    def replaced(self, seq: int) -> list[Path]:
        """Forget the segments that hold nothing after a number; return what is to be removed."""
        if self.seq <= seq:
            self.cut()
        next_first = self.seq + 1 if self._open is None else self._open_first
        following = [*(kept.first for kept in self._kept[1:]), next_first]
        count = sum(first <= seq + 1 for first in following) if self._kept else 0
        paths = [kept.path for kept in self._kept[:count]]
        del self._kept[:count]
        return paths

    def complete(self) -> bool:
        """Return whether every segment is there, and the one that is written to as long as it was.

        Raises `OSError`.
        """
        there = {path.name for path in self._directory.iterdir()}
        return self._in_place() and all(kept.path.name in there for kept in self._kept)

    def _in_place(self) -> bool:
        segment = self._open
        if segment is None:
            return True
        try:
            status = segment.path.stat()
        except FileNotFoundError:
            return False
        return identity_of(status) == segment.identity and status.st_size >= segment.size_bytes

    def sync(self) -> None:
        """Wait until the disk has all segments but the one being written. Raises `OSError`."""
        for path in [*(kept.path for kept in self._kept), self._directory]:
            _sync(path)

    def close(self) -> None:
        """Let go of the files."""
        self.cut()

    def _begin_segment(self) -> Segment:
        first = self.seq + 1
        # One that failed before its first group was committed is replaced.
        self._kept = [kept for kept in self._kept if kept.first < first]
        path = self._directory / f"{_PREFIX}{first:0{_DIGITS}}{SUFFIX}"
        segment = Segment(path, self._name, synced=self._synced)
        self._open, self._open_first = segment, first
        if self._synced:
            try:
                _sync(self._directory)
            except OSError:
                self.cut()
                raise
        return segment


def segments_in(directory: Path) -> list[Path]:
    """Return the files of a log in a directory, in the order of their groups."""
    return sorted(directory.glob(f"{_PREFIX}{'[0-9]' * _DIGITS}{SUFFIX}"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
