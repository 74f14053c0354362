"""A terminal to stand before ours: what is written to it comes out byte by byte, unchanged."""

import contextlib
import fcntl
import os
import termios
from typing import Final

OUTPUT_FLAGS: Final = 1
WINDOW_SIZE: Final = bytes(8)


def stand_in(terminal: int) -> tuple[int, int]:
    """Return a pseudo-terminal that is set as `terminal` is: our side, and that of a command.

    It alone changes no output: the one behind it does. Raises `OSError`.
    """
    ours, theirs = os.openpty()
    with contextlib.suppress(termios.error):
        flags = termios.tcgetattr(terminal)
        flags[OUTPUT_FLAGS] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, flags)
    return ours, theirs


def copy_window_size(terminal: int, to: int) -> bool:
    """Give a terminal the window size of another; return whether it had a different one."""
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, WINDOW_SIZE)
        if size != fcntl.ioctl(to, termios.TIOCGWINSZ, WINDOW_SIZE):
            fcntl.ioctl(to, termios.TIOCSWINSZ, size)
            return True
    return False
