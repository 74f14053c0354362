"""The standard output of a command, led past whoever listens: read here, and written on at once.

    CMD --pipe or pseudo-terminal--> Passthrough --> our standard output
                                         `--> hear

A program that writes to a terminal behaves differently, so where our output is a terminal the
command gets one too. What is ugly: that one is not its controlling terminal, so what a full-screen
program sets by way of its output does not reach the real one. And processes that the command leaves
behind may go on writing to what it had. We end when the command does, so a fork of ours carries on
what they write.
"""

import errno
import os
import select
import time
from collections.abc import Callable
from typing import Final

from exporter.cli.terminal import copy_window_size, stand_in

STANDARD_OUTPUT: Final = 1
PIECE_BYTES: Final = 64 * 1024

LAST_BYTES_MAX: Final = 1024 * 1024
LAST_MS: Final = 100
"""What a command may have written before it ended, and how long that may be on its way."""

SETTLE_SECS_MAX: Final = 0.2
SETTLE_STEP_SECS: Final = 0.005

_HUNG_UP: Final = (errno.EPIPE, errno.EIO)


class Passthrough:
    """Carries what is written to `theirs`, which is for the command, on to standard output.

    `trouble` is why that took no more, where it did not just hang up. Raises `OSError`.
    """

    def __init__(self) -> None:
        self._terminal = os.isatty(STANDARD_OUTPUT)
        self._ours, self.theirs = stand_in(STANDARD_OUTPUT) if self._terminal else os.pipe()
        self._wake, self._waker = os.pipe()
        self._poll = select.poll()
        self._poll.register(self._ours, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._last_bytes_left: int | None = None
        self.trouble: str | None = None
        self.resize()

    def carry(self, hear: Callable[[bytes], None]) -> bool:
        """Carry until nothing more can come; return whether others than the command still write.

        `hear` is given every piece once it is written on. To be called when the command has
        `theirs`.
        """
        os.close(self.theirs)
        while self._anything():
            piece = _read(self._ours)
            if not piece or not self._write(piece):
                os.close(self._ours)
                return False
            hear(piece)
            if self._last_bytes_left is not None:
                self._last_bytes_left -= len(piece)
        return True

    def leave(self) -> None:
        """Let a process of its own carry what others still write, until they end too."""
        if os.fork():
            return
        try:
            # Others may wait for the end of these, and not in vain.
            os.close(0)
            os.close(2)
            while (piece := _read(self._ours)) and self._write(piece):
                pass
        finally:
            os._exit(0)

    # For the thread that looks after the command:

    def resize(self) -> bool:
        """Give the command's terminal the window size of ours; return whether it had another."""
        return self._terminal and copy_window_size(STANDARD_OUTPUT, self._ours)

    def settle(self) -> None:
        """Wait, no longer than a moment, until what was written so far is carried on."""
        look = select.poll()
        look.register(self._ours, select.POLLIN)
        until = time.monotonic() + SETTLE_SECS_MAX
        while look.poll(0) and time.monotonic() < until:
            time.sleep(SETTLE_STEP_SECS)

    def end(self) -> None:
        """Take what is there for the last of it: the command has ended."""
        os.write(self._waker, b"\0")

    def _anything(self) -> bool:
        """Wait for something to read, or for its end; return whether there is."""
        if self._last_bytes_left is None:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            if self._wake not in ready:
                return True
            self._poll.unregister(self._wake)
            self._last_bytes_left = LAST_BYTES_MAX
        return self._last_bytes_left > 0 and bool(self._poll.poll(LAST_MS))

    def _write(self, piece: bytes) -> bool:
        """Write all of it; return whether standard output took it."""
        rest = memoryview(piece)
        while rest:
            try:
                rest = rest[os.write(STANDARD_OUTPUT, rest) :]
            except BlockingIOError:
                _wait_for_room()
            except OSError as error:
                if error.errno not in _HUNG_UP:
                    self.trouble = error.strerror
                return False
        return True


def _read(descriptor: int) -> bytes:
    """Return the next piece, empty at the end."""
    try:
        return os.read(descriptor, PIECE_BYTES)
    except OSError as error:
        # So ends a pseudo-terminal.
        if error.errno == errno.EIO:
            return b""
        raise


def _wait_for_room() -> None:
    """Wait for standard output, which others have set not to wait."""
    room = select.poll()
    room.register(STANDARD_OUTPUT, select.POLLOUT)
    room.poll()
