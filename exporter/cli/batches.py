"""A source to batches of lines: as many as one push takes well, and none that waits for long."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from exporter.cli.source import Source

LINES_MAX: Final = 1000
BYTES_MAX: Final = 1_000_000
AGE_SECS_MAX: Final = 1.0


class Line(NamedTuple):
    """One event as JSON, and the number of the line it is from."""

    number: int
    body: bytes


class Batch:
    """Lines that will go together."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._size_bytes = 0
        self._due_at = 0.0

    def add(self, line: Line) -> None:
        """Take a line."""
        if not self.lines:
            self._due_at = time.monotonic() + AGE_SECS_MAX
        self.lines.append(line)
        self._size_bytes += len(line.body) + 1

    def has_room(self, line: Line) -> bool:
        """Return whether the line may go with these; one alone always may."""
        if not self.lines:
            return True
        return len(self.lines) < LINES_MAX and self._size_bytes + len(line.body) < BYTES_MAX

    @property
    def due_in_secs(self) -> float | None:
        """How long it may still wait for more; `None` where there is nothing that waits."""
        return max(0.0, self._due_at - time.monotonic()) if self.lines else None


def batches(source: Source, lines_of: Callable[[bytes], Iterable[Line]]) -> Iterator[list[Line]]:
    """Read a source to its end, and yield its lines in batches, each a second old at most.

    `lines_of` is given piece after piece, and an empty one at the end. Raises `OSError`.
    """
    batch = Batch()
    piece: bytes | None = None
    while piece != b"":
        piece = source.read(batch.due_in_secs)
        for line in lines_of(piece) if piece is not None else ():
            if not batch.has_room(line):
                yield batch.lines
                batch = Batch()
            batch.add(line)
        if batch.lines and (piece == b"" or batch.due_in_secs == 0):
            yield batch.lines
            batch = Batch()
