"""A small disk of the test's own, in memory: to be filled, and to be made read-only."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE = "16m"


class Disk:
    """What is mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        """Leave no room."""
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - any other is a fault of the test

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()

    def allow_writing(self, *, allowed: bool) -> None:
        """Make it writable, or read-only, which takes that nobody writes to it."""
        _as_root("mount", "-o", f"remount,{'rw' if allowed else 'ro'}", str(self._path))


@contextlib.contextmanager
def mounted(path: Path) -> Iterator[Disk]:
    """Mount a disk at a directory. Skips the test where that is not allowed, but never in CI."""
    try:
        _as_root("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0777", "tmpfs", str(path))
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("CI"):
            raise
        pytest.skip("mounting a disk takes root")
    try:
        yield Disk(path)
    finally:
        _as_root("umount", str(path))


def _as_root(*command: str) -> None:
    prefix = () if os.geteuid() == 0 else ("sudo", "-n")
    subprocess.run([*prefix, *command], check=True, capture_output=True)
