"""Trouble with the disk: what it is, and how it is told."""

import errno
import sqlite3
from typing import Final

from exporter.fault import StartError, whereabouts

_DAMAGED_CODES: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE: Final = 0xFF


def busy(error: StartError) -> OSError:
    """Return a directory that another has as trouble that may pass."""
    return OSError(errno.EBUSY, str(error))


def is_damage(error: Exception) -> bool:
    """Return whether an error means that bytes are not those that were written."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED_CODES
    return isinstance(error, ValueError)


def told(error: Exception) -> dict[str, str]:
    """Return what SQLite or the system calls the trouble; neither quotes what was pushed."""
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None)
    return {**whereabouts(error), **({"reason": name} if name else {})}
