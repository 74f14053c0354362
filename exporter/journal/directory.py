"""The storage directory: one process at a time, and nothing unreadable is ever thrown away.

In the lock's file is the number of the last group that was committed. A log that breaks off looks
like one that ends there, as it may after a crash, so it cannot tell that more was there.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from exporter.fault import StartError
from exporter.journal.log import segments_in
from exporter.journal.segment import identity_of

DATABASE = "journal.db"
LOCK = "lock"
PROBE = "probe"
UNREADABLE = "unreadable-"

SET_ASIDE_MAX = 3
"""How many unreadable journals are kept, the newest, so that they cannot fill the disk."""

_MARK_DIGITS = 20

_SUFFIXES = ("", "-wal", "-shm")


class StorageDirectory:
    """The directory at `path`, readable by its owner alone, and the journal in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / DATABASE
        self._lock: int | None = None

    def acquire(self) -> None:
        """Make the directory and lock it until `release`, or the end of the process.

        Raises `StartError` where another process has it or where it is no directory, and `OSError`
        where the disk refuses.
        """
        if self._lock is not None:
            if _is_at(self._lock, self.path / LOCK):
                return
            self.release()  # Somebody took the file away; to lock what has no name helps nobody.
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise StartError("the storage path is not a directory") from None
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StartError("another process uses the storage directory") from None
        self._lock = lock

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def mark(self, seq: int) -> None:
        """Note the number of the last group, for `marked`; where it cannot be, it stays behind."""
        if self._lock is not None:
            with suppress(OSError):
                os.pwrite(self._lock, b"%0*d\n" % (_MARK_DIGITS, seq), 0)

    def marked(self) -> int:
        """Return the number of a group that was committed for certain; 0 where none was noted."""
        if self._lock is not None:
            with suppress(OSError, ValueError):
                return int(os.pread(self._lock, _MARK_DIGITS, 0))
        return 0

    def holds(self, opened: tuple[int, int]) -> bool:
        """Return whether the database's file is still the one of this identity.

        Raises `OSError` where that cannot be told.
        """
        try:
            return identity_of(self.database.stat()) == opened
        except FileNotFoundError:
            return False

    def probe(self, size_bytes: int) -> None:
        """Write so much to a file of its own, and wait for the disk. Raises `OSError`."""
        path = self.path / PROBE
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(bytes(size_bytes))
            while view:
                view = view[os.write(descriptor, view) :]
            os.fdatasync(descriptor)
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def discard(self) -> None:
        """Remove the database's files, to which nothing was written yet. Raises `OSError`."""
        for suffix in _SUFFIXES:
            (self.path / f"{DATABASE}{suffix}").unlink(missing_ok=True)

    def set_aside(self, now: float) -> None:
        """Move the journal's files into a directory that tells the Unix second `now`: all or none.

        Of those set aside before, the oldest go. Raises `OSError`.
        """
        database = [self.path / f"{DATABASE}{suffix}" for suffix in _SUFFIXES]
        files = [*(path for path in database if path.exists()), *segments_in(self.path)]
        if not files:
            return
        aside = self._aside(now)
        moved: list[Path] = []
        try:
            for path in files:
                path.rename(aside / path.name)
                moved.append(path)
        except OSError:
            with suppress(OSError):
                for path in moved:
                    (aside / path.name).rename(path)
                aside.rmdir()
            raise
        self._let_oldest_go()

    def keep_copy(self, now: float) -> None:
        """Set the segments of the log aside, and go on with them: their end cannot be read.

        Those of which there is a link already were set aside by a try before. Raises `OSError`.
        """
        segments = [path for path in segments_in(self.path) if path.stat().st_nlink == 1]
        if not segments:
            return
        aside = self._aside(now)
        for path in segments:
            try:
                os.link(path, aside / path.name)
            except OSError:  # Not every file system has links.
                shutil.copyfile(path, aside / path.name)
        self._let_oldest_go()

    def _aside(self, now: float) -> Path:
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = self.path / f"{UNREADABLE}{stamp}"
        aside.mkdir(mode=0o700, exist_ok=True)
        return aside

    def _let_oldest_go(self) -> None:
        for gone in sorted(self.path.glob(f"{UNREADABLE}*"))[:-SET_ASIDE_MAX]:
            shutil.rmtree(gone)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
