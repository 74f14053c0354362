"""What became of everything a command pushed: counted, shown while it lasts, told at the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, TextIO

from exporter.cli.batches import Line
from exporter.cli.delivery import Reply

ERRORS_SHOWN_MAX: Final = 10

QUIET_SECS: Final = 2.0
STEP_SECS: Final = 0.5

ERASE_LINE: Final = "\r\x1b[K"


class LineError(NamedTuple):
    """Why a line was not taken: a code, and where in it; never what stands there."""

    number: int
    code: str
    path: str


class Account:
    """Adds up replies. `errors` are the first few; `last_line` is the last that is settled."""

    def __init__(self) -> None:
        self.accepted = 0
        self.duplicates = 0
        self.rejected = 0
        self.resent = 0
        self.errors: list[LineError] = []
        self.last_line = 0

    def settle(self, lines: Sequence[Line], reply: Reply) -> None:
        """Add what became of a batch."""
        self.accepted += reply.accepted
        self.duplicates += reply.duplicates
        self.resent += reply.resent
        self.last_line = lines[-1].number
        self.rejected += reply.rejected
        for error in reply.errors:
            if 0 <= error.index < len(lines):
                self._show(LineError(lines[error.index].number, error.code, error.path))

    def reject(self, number: int, code: str, path: str = "$") -> None:
        """Add a line that was not even sent."""
        self.rejected += 1
        self._show(LineError(number, code, path))

    def _show(self, error: LineError) -> None:
        if len(self.errors) < ERRORS_SHOWN_MAX:
            self.errors.append(error)

    @property
    def whereabouts(self) -> str:
        """How far it came."""
        return f" after line {self.last_line}" if self.last_line else ""

    @property
    def totals(self) -> str:
        """How many events there were of each fate."""
        again = f" ({self.resent} of them sent again after a lost answer)" if self.resent else ""
        return (
            f"accepted {self.accepted}, duplicates {self.duplicates}{again},"
            f" rejected {self.rejected}"
        )

    def complaints(self) -> Iterator[str]:
        """Yield the errors, a line each."""
        for number, code, path in sorted(self.errors):
            yield f"line {number}: {code}" + (f" at {path}" if path != "$" else "")
        if self.rejected > len(self.errors):
            yield f"and {self.rejected - len(self.errors)} more"


@contextmanager
def progress(
    account: Account, stream: TextIO, *, quiet_secs: float = QUIET_SECS
) -> Iterator[Callable[[], None]]:
    """Give what is to be called after every batch: on a terminal, it shows how far it is.

    What is over within `quiet_secs` is not worth a word.
    """
    shown = False
    due_at = time.monotonic() + quiet_secs
    terminal = stream.isatty()

    def show() -> None:
        nonlocal shown, due_at
        if not terminal or time.monotonic() < due_at:
            return
        due_at = time.monotonic() + STEP_SECS
        print(f"{ERASE_LINE}line {account.last_line}: {account.totals}", end="", file=stream)
        stream.flush()
        shown = True

    try:
        yield show
    finally:
        if shown:
            print(ERASE_LINE, end="", file=stream, flush=True)
