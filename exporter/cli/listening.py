"""The one who listens to what a command says: reads it apart from the command's output, and tells.

Output must never wait for its being read. So pieces of it wait in a bounded queue, and where that
is full they are lost: the lines they were of are not read, and that is told.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from exporter.cli.reading import Reading, Told
from exporter.client import Telemetry

BACKLOG_BYTES_MAX: Final = 16 * 1024 * 1024
PIECE_OVERHEAD_BYTES: Final = 200

SOURCE: Final = "tee"
LOST: Final = "output came faster than it could be read; lines of it are not counted"


class Gap(NamedTuple):
    """What was lost: so many line ends, and behind the last of them part of a line, or none."""

    ends: int
    partial: bool

    @property
    def lines(self) -> int:
        """How many lines it holds at least a part of."""
        return self.ends + self.partial


class Piece(NamedTuple):
    """What was written at an instant, Unix seconds, and what was lost before it, if anything."""

    at: float
    data: bytes
    gap: Gap | None = None


class Backlog:
    """Pieces that wait to be read, bounded by their bytes. A piece alone always finds room."""

    def __init__(self, bytes_max: int = BACKLOG_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._pieces: deque[Piece] = deque()
        self._size_bytes = 0
        self._gap: Gap | None = None
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Return how many pieces wait."""
        return len(self._pieces)

    def offer(self, at: float, data: bytes) -> None:
        """Put a piece behind the others, or lose it."""
        size_bytes = len(data) + PIECE_OVERHEAD_BYTES
        with self._changed:
            if self._pieces and self._size_bytes + size_bytes > self._bytes_max:
                self._gap = _longer(self._gap, data)
                return
            self._pieces.append(Piece(at, data, self._gap))
            self._gap = None
            self._size_bytes += size_bytes
            self._changed.notify()

    def take(self) -> Piece | None:
        """Wait for the next piece; `None` once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._closed)
            if self._pieces:
                piece = self._pieces.popleft()
                self._size_bytes -= len(piece.data) + PIECE_OVERHEAD_BYTES
                return piece
            gap, self._gap = self._gap, None
            return None if gap is None else Piece(time.time(), b"", gap)

    def close(self) -> None:
        """Let the reader end once it has read what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def abandon(self) -> None:
        """Lose what waits."""
        with self._changed:
            for piece in reversed(self._pieces):
                self._gap = _joined(piece.gap, _joined(_longer(None, piece.data), self._gap))
            self._pieces.clear()
            self._size_bytes = 0


def _longer(gap: Gap | None, data: bytes) -> Gap:
    ends = data.count(b"\n")
    return Gap(ends + (gap.ends if gap else 0), partial=not data.endswith(b"\n"))


def _joined(first: Gap | None, second: Gap | None) -> Gap | None:
    if first is None or second is None:
        return first or second
    return Gap(first.ends + second.ends, partial=second.partial)


class Listener:
    """Reads, in a thread of its own, what it hears, and hands the events to the exporter."""

    def __init__(
        self, reading: Reading, telemetry: Telemetry, backlog: Backlog | None = None
    ) -> None:
        self._reading = reading
        self._telemetry = telemetry
        self._backlog = Backlog() if backlog is None else backlog
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._at = 0.0
        self.lines_lost = 0

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def hear(self, data: bytes) -> None:
        """Take note of output that was written just now; never waits for its being read."""
        self._backlog.offer(time.time(), data)

    def finish(self, timeout_secs: float) -> None:
        """Read what was heard, for so long at most, and what is left to be told at the end."""
        self._backlog.close()
        self._thread.join(timeout_secs / 2)
        self._backlog.abandon()
        self._thread.join(timeout_secs / 2)

    @property
    def summary(self) -> str:
        """How much was heard."""
        lines, events = self._reading.lines, self._reading.events.total()
        return (
            f"{lines.read} lines, {lines.skipped} skipped, {self._reading.unfit} unfit,"
            f" {events} events"
        )

    def _listen(self) -> None:
        while (piece := self._backlog.take()) is not None:
            if piece.gap is not None:
                self._reading.lines.miss(piece.gap.ends, partial=piece.gap.partial)
                self.lines_lost += piece.gap.lines
            self._at = piece.at
            self._tell(self._reading.feed(piece.data, self._now))
        self._at = time.time()
        self._tell(self._reading.end(self._now))
        if self.lines_lost:
            self._telemetry.log("warn", SOURCE, LOST, lines=self.lines_lost)

    def _now(self, _fields: object) -> float:
        return self._at

    def _tell(self, tellings: Iterable[Told]) -> None:
        for told in tellings:
            self._telemetry.event(msgspec.to_builtins(told.event))
