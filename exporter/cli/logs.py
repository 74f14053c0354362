"""What the exporter says of itself: one line a record, as logfmt or JSON, on standard error.

Fields beside the message are given as `extra={"fields": {...}}`. Whatever a value holds, the
record stays one line: quotes, line ends and control characters are escaped as JSON does.
"""

import json
import logging
import math
import re
import traceback
from datetime import UTC, datetime
from typing import TextIO

from exporter.config import Log
from exporter.fault import whereabouts

_LEVELS = {"debug": "debug", "info": "info", "warning": "warn", "error": "error"}
_BARE = re.compile(r"[^\s\"=\\]+")


class LogfmtFormatter(logging.Formatter):
    """`ts=… level=… logger=… msg=…` and the record's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of `key=value` pairs."""
        return " ".join(f"{_key(key)}={_text(value)}" for key, value in _members(record).items())


class JSONFormatter(logging.Formatter):
    """The same members as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        return _quoted(_members(record))


class RequestErrorFilter(logging.Filter):
    """Reduces an HTTP server's error to its type and place.

    The message and the traceback would repeat bytes of the request that caused it, which may be
    anything: a secret, or a forged log line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return true always, having taken from the record what may quote a request."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.msg, record.args = "HTTP request failed", ()
            record.exc_info = record.exc_text = None
            record.fields = whereabouts(error)
        return True


_REQUEST_ERROR_FILTER = RequestErrorFilter()


def configure(log: Log, stream: TextIO) -> None:
    """Make every logger write to `stream` in this level and format, in place of what was set."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogfmtFormatter() if log.format == "logfmt" else JSONFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log.level.upper())
    logging.getLogger("aiohttp.server").addFilter(_REQUEST_ERROR_FILTER)


def _members(record: logging.LogRecord) -> dict[str, object]:
    members: dict[str, object] = {
        "ts": _timestamp(record.created),
        "level": _LEVELS.get(record.levelname.lower(), "error"),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    for key, value in getattr(record, "fields", {}).items():
        members[f"{key}_" if key in members else key] = _plain(value)
    if record.exc_info and record.exc_info[1] is not None:
        members["exception"] = "".join(traceback.format_exception(record.exc_info[1])).strip()
    return members


def _timestamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)


def _key(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key) or "_"


def _text(value: object) -> str:
    if not isinstance(value, str):
        return _quoted(value)
    return value if _BARE.fullmatch(value) and value.isprintable() else _quoted(value)


def _quoted(value: object) -> str:
    """Return JSON, in which whatever does not print is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value).replace("\x7f", "\\u007f")
