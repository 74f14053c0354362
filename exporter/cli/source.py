"""What a command reads: a file or standard input, in pieces, as they come.

A pipe may stay open for ever, with a line now and then, and a signal may end the reading at any
moment without taking what was read already. So every read waits for the next piece, for a time, and
for somebody to say stop, whichever comes first.
"""

import os
import select
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE_BYTES = 256 * 1024
STANDARD_INPUT = "-"
STOPPING = (signal.SIGINT, signal.SIGTERM)

KILLED = 128
"""What a shell adds to the number of the signal that ended something, to make it an exit code."""


class Source:
    """An open file descriptor. `stopped_by` is the signal that ended the reading before its end.

    Raises `OSError` where it is not open.
    """

    def __init__(self, descriptor: int) -> None:
        # Before anything else is opened, which would get a number that is free.
        os.fstat(descriptor)
        self._descriptor = descriptor
        self._wake, self._waker = os.pipe()
        self.stopped_by: int | None = None

    def read(self, timeout_secs: float | None) -> bytes | None:
        """Return the next piece: empty at the end, `None` where none came in time.

        Raises `OSError`.
        """
        if self.stopped_by is not None:
            return b""
        waited_for = [self._descriptor, self._wake]
        ready, _, _ = select.select(waited_for, [], [], timeout_secs)
        if self._wake in ready:
            return b""
        return os.read(self._descriptor, PIECE_BYTES) if ready else None

    @property
    def modified_at(self) -> float | None:
        """When a file was last written to, Unix seconds; `None` of what is no file."""
        status = os.fstat(self._descriptor)
        return status.st_mtime if stat.S_ISREG(status.st_mode) else None

    def stop(self, number: int) -> None:
        """End the reading, because of this signal."""
        self.stopped_by = number
        os.write(self._waker, b"\0")

    def close(self) -> None:
        """Let go of what was opened."""
        os.close(self._wake)
        os.close(self._waker)


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """Open a file, or standard input for `-`; raises `OSError`.

    Until it is closed, the first signal that asks to stop ends the reading, and the next the
    process.
    """
    descriptor = 0 if name == STANDARD_INPUT else os.open(Path(name), os.O_RDONLY | os.O_CLOEXEC)
    source = Source(descriptor)
    try:
        with _stopping(source):
            yield source
    finally:
        source.close()
        if descriptor:
            os.close(descriptor)


@contextmanager
def _stopping(source: Source) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOPPING}

    def stop(number: int, _frame: object) -> None:
        for other in STOPPING:
            signal.signal(other, signal.SIG_DFL)
        source.stop(number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
