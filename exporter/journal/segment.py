"""A segment of the log: one file of groups, and how a group lies in it.

    segment = MAGIC, 32 hexadecimal digits that name the log it is part of, groups
    group   = length of the body u32, checksum u32, number u64, Unix second of its commit f64, body

All of it is little-endian, and the checksum is the CRC-32 of what follows it. A group is written by
one call that appends: a process that is killed leaves it whole, or short at the end of the file.
"""

import errno
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

MAGIC: Final = b"agent-exporter/1\n"

_FRAME: Final = struct.Struct("<IIQd")
_SUMMED: Final = struct.Struct("<Qd")


class DamagedError(ValueError):
    """Bytes came back that are not those that were written."""


class Group(NamedTuple):
    """What was committed at once, at a Unix second."""

    seq: int
    committed_at: float
    body: bytes


class Segment:
    """A new file at `path` that groups are appended to; `log_name` names the log it is part of.

    A file that is there already is replaced. With `synced`, a write waits for the disk.
    `size_bytes` is how long the file is, and `identity` by what to recognise it. Raises `OSError`.
    """

    def __init__(self, path: Path, log_name: str, *, synced: bool) -> None:
        path.unlink(missing_ok=True)  # Not cut: there may be a copy of it, a link.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        self._synced = synced
        self.path = path
        self.size_bytes = 0
        try:
            self.identity = identity_of(os.fstat(self._descriptor))
            self._write(_header(log_name))
        except BaseException:
            self.close()
            raise

    def append(self, seq: int, committed_at: float, body: bytes | bytearray) -> None:
        """Write a group at the end; raises `OSError`, having taken off what was written of it.

        A disk that refuses even that may keep a whole group. It does not count once another has its
        number; a start before that cannot tell it from one that was committed.
        """
        crc = zlib.crc32(body, zlib.crc32(_SUMMED.pack(seq, committed_at)))
        self._write(_FRAME.pack(len(body), crc, seq, committed_at), body)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _write(self, *parts: bytes | bytearray) -> None:
        try:
            written = _write_all(self._descriptor, parts)
            if self._synced:
                os.fdatasync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size_bytes)
            raise
        self.size_bytes += written


class Reading:
    """The groups in a segment, in their order, up to the first that is not as it was written.

    Afterwards `garbled` says whether that one is all there, with a checksum that does not match:
    one that breaks off at the end of the file may never have been committed. Iterating raises
    `OSError`, and `DamagedError` where the file is of another log.
    """

    def __init__(self, path: Path, log_name: str) -> None:
        self._path = path
        self._header = _header(log_name)
        self.garbled = False

    def __iter__(self) -> Iterator[Group]:
        with self._path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            header = file.read(len(self._header))
            if header != self._header:
                if len(header) == len(self._header) and header.startswith(MAGIC):
                    raise DamagedError("a segment is of another log")
                self.garbled = not self._header.startswith(header)
                return
            while len(frame := file.read(_FRAME.size)) == _FRAME.size:
                length, crc, seq, committed_at = _FRAME.unpack(frame)
                if length > size_bytes - file.tell():
                    return
                body = file.read(length)
                if zlib.crc32(body, zlib.crc32(_SUMMED.pack(seq, committed_at))) != crc:
                    self.garbled = True
                    return
                yield Group(seq, committed_at, body)


def _header(log_name: str) -> bytes:
    return MAGIC + log_name.encode("ascii")


def identity_of(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from one that took its name."""
    return status.st_dev, status.st_ino


def _write_all(descriptor: int, parts: Sequence[bytes | bytearray]) -> int:
    written = os.writev(descriptor, parts)
    if written < sum(map(len, parts)):  # There was room for a part of it only.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return written
