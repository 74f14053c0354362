"""Bytes of a stream to the JSON objects on its lines, whatever else was written among them.

What an agent writes is not all JSON: warnings come before it, programs it runs write between. So a
line counts only where it begins with a brace, and what does not is passed over. A line is held
until its end has come, up to a bound; a longer one is let go of as it comes.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from exporter.decode.surrogates import without_lone_surrogates

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""The longest line that is held. Tools print much, but a line tells of one thing."""

BLANKS: Final = b" \t\r\n"

_SYNTAX_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Cutter:
    """Cuts a stream of bytes at its line ends, which are left out.

    `None` stands for a line that was longer than `line_bytes_max`, or that is not whole.
    """

    def __init__(self, line_bytes_max: int = LINE_BYTES_MAX) -> None:
        self._line_bytes_max = line_bytes_max
        self._held = bytearray()
        self._size_bytes = 0
        self._spoilt = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that end in `data`, which follows what was fed before."""
        *ends, rest = data.split(b"\n")
        lines: list[bytes | None] = []
        for end in ends:
            self._hold(end)
            lines.append(self._take())
        self._hold(rest)
        return lines

    def end(self) -> list[bytes | None]:
        """Return the last line, if no line end came after it."""
        return [self._take()] if self._size_bytes or self._spoilt else []

    def miss(self, *, partial: bool) -> None:
        """Let go of the line that is held, for bytes are missing here, its end among them.

        Or else, the gap being `partial`, the end of this line or of another is yet to come.
        """
        self._take()
        self._spoilt = partial

    def _hold(self, part: bytes) -> None:
        self._size_bytes += len(part)
        if self._size_bytes > self._line_bytes_max:
            self._spoil()
        elif not self._spoilt:
            self._held += part

    def _spoil(self) -> None:
        self._spoilt = True
        self._held.clear()

    def _take(self) -> bytes | None:
        line = None if self._spoilt else bytes(self._held)
        self._held.clear()
        self._size_bytes, self._spoilt = 0, False
        return line


class Line(NamedTuple):
    """A line that holds a JSON object, and its number, from 1 on."""

    number: int
    fields: dict[str, Any]


class Lines:
    """Reads the lines of one stream.

    `read` counts lines that are not blank. Of these, `noise` does not begin with a brace,
    `malformed` does and is no JSON all the same, and `broken` could not be held whole.
    """

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._number = 0
        self.read = 0
        self.noise = 0
        self.malformed = 0
        self.broken = 0

    @property
    def skipped(self) -> int:
        """Lines that were not blank and gave no object."""
        return self.noise + self.malformed + self.broken

    def feed(self, data: bytes) -> Iterator[Line]:
        """Return the objects on the lines that end in `data`; to be gone through at once."""
        return self._objects(self._cutter.feed(data))

    def end(self) -> Iterator[Line]:
        """Return the object on the last line, if no line end came after it."""
        return self._objects(self._cutter.end())

    def miss(self, ends: int, *, partial: bool) -> None:
        """Pass over what is missing here of the stream, with so many line ends in it.

        It is `partial` where it does not end with one: then what follows is the rest of a line.
        """
        self._cutter.miss(partial=partial)
        self._number += ends
        self.read += ends
        self.broken += ends

    def _objects(self, lines: list[bytes | None]) -> Iterator[Line]:
        for line in lines:
            self._number += 1
            fields = self._object(line)
            if fields is not None:
                yield Line(self._number, fields)

    def _object(self, line: bytes | None) -> dict[str, Any] | None:
        if line is None:
            self.read += 1
            self.broken += 1
            return None
        line = line.strip(BLANKS)
        if not line:
            return None
        self.read += 1
        if not line.startswith(b"{"):
            self.noise += 1
            return None
        try:
            return _decoded(line)
        except _SYNTAX_ERRORS:
            self.malformed += 1
            return None


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        return _decode(line)
    except msgspec.DecodeError:
        mended = without_lone_surrogates(line)
        if mended is None:
            raise
    return _decode(mended)
