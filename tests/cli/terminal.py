"""A terminal with a program on it, and somebody in front of it."""

import contextlib
import errno
import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence

from tests.e2e.processes import PATIENCE_SECS

CTRL_C = b"\x03"
CTRL_D = b"\x04"
CTRL_Z = b"\x1a"
CTRL_BACKSLASH = b"\x1c"

# Makes what it is on its controlling terminal, and becomes the program.
_SEAT = (
    "import fcntl, os, sys, termios;"
    "os.setsid();"
    "fcntl.ioctl(2, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """What is seen of a program, and what is typed to it. `shown` is all that was seen."""

    def __init__(self, command: Sequence[str], *, stdin: int | None = None) -> None:
        self._ours, theirs = os.openpty()
        self.resize(24, 80)
        self.shown = b""
        self.program = subprocess.Popen(
            [sys.executable, "-c", _SEAT, *command],
            stdin=theirs if stdin is None else stdin,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def type(self, keys: bytes) -> None:
        """Type."""
        os.write(self._ours, keys)

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: bytes) -> bytes:
        """Wait until this is shown, behind what was waited for before; return what came with it."""
        start = len(self.shown)
        deadline = time.monotonic() + PATIENCE_SECS
        while text not in self.shown[start:]:
            assert self._more(deadline), (text, self.shown)
        end = self.shown.index(text, start) + len(text)
        self._ahead, self.shown = self.shown[end:], self.shown[:end]
        return self.shown[start:]

    def rest(self) -> bytes:
        """Wait until nobody is on it any more; return what was shown since the last wait."""
        start = len(self.shown)
        deadline = time.monotonic() + PATIENCE_SECS
        while self._more(deadline):
            pass
        return self.shown[start:]

    def close(self) -> None:
        """Hang up."""
        os.close(self._ours)
        self.program.kill()
        self.program.wait()

    _ahead = b""

    def _more(self, deadline: float) -> bool:
        """Take what is shown next; return whether there was anything."""
        if self._ahead:
            self.shown, self._ahead = self.shown + self._ahead, b""
            return True
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, self.shown
        try:
            self.shown += os.read(self._ours, 65_536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        return True


@contextlib.contextmanager
def terminal(command: Sequence[str], *, stdin: int | None = None) -> Iterator[Terminal]:
    """Run a program on a terminal of its own, 24 rows of 80."""
    screen = Terminal(command, stdin=stdin)
    try:
        yield screen
    finally:
        screen.close()
