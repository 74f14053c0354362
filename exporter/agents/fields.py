"""Values as agents write them, made into those of events, or refused by name.

Agents write numbers as strings, booleans as words, and leave out what they do not know: empty text
and null are as good as absent. What is there and cannot be what it should is `Unfit`, and named by
the field it stands in; the value itself is never repeated.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from exporter.decode.settle import INSTANT_MAX
from exporter.event.rejection import Code
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import MILLISECONDS_MAX, NAME_LENGTH_MAX, USD_MAX

Fields = Mapping[str, Any]

ID_LENGTH_MAX: Final = 128
SESSION_LENGTH_MAX: Final = 256
DIGITS_MAX: Final = 32
STATUS_CODE_MAX: Final = 999

_INSTANT_LENGTH_MAX: Final = 64
_KIND: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_OTHER: Final = "other"
_MILLISECONDS_FROM: Final = 1e11

_WORDS: Final = {"true": True, "false": False, "1": True, "0": False}


class Unfit(Exception):  # noqa: N818 - it is what the record is
    """A record that should count holds what cannot: why, and in which field."""

    def __init__(self, code: Code, field: str) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field


def text(fields: Fields, name: str, *, length_max: int = NAME_LENGTH_MAX) -> str | None:
    """Return a text, cut to `length_max` characters; `None` where there is none."""
    value = fields.get(name)
    if isinstance(value, str):
        return value[:length_max] or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)[:length_max]


def required_text(fields: Fields, name: str) -> str:
    """Return a text that must be there. Raises `Unfit` (`missing_field`)."""
    value = text(fields, name)
    if value is None:
        raise Unfit(Code.MISSING_FIELD, name)
    return value


def kind(fields: Fields, name: str) -> str | None:
    """Return a word for what kind a thing is; `other` for any other text, `None` without.

    A word has at most 64 letters, digits and `_.:/-`. What has more may be text of the user's.
    """
    value = text(fields, name)
    return value if value is None or _KIND.fullmatch(value) else _OTHER


def number(fields: Fields, name: str, *, most: float) -> float | None:
    """Return a number from 0 to `most`; `None` where there is none.

    Raises `Unfit`: `wrong_type` where it is none, `out_of_range`.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unfit(Code.WRONG_TYPE, name)
    if isinstance(value, str) and len(value) > DIGITS_MAX:
        raise Unfit(Code.WRONG_TYPE, name)
    try:
        found = float(value)
    except ValueError:
        raise Unfit(Code.WRONG_TYPE, name) from None
    except OverflowError:
        raise Unfit(Code.OUT_OF_RANGE, name) from None
    if not 0 <= found <= most:  # NaN is neither.
        raise Unfit(Code.OUT_OF_RANGE, name)
    return found


def count(fields: Fields, name: str) -> int | None:
    """Return a whole number that may be counted; `None` where there is none. Raises `Unfit`."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MAX:
        return value
    found = number(fields, name, most=COUNT_MAX)
    if found is None:
        return None
    if not found.is_integer():
        raise Unfit(Code.WRONG_TYPE, name)
    return int(found)


def milliseconds(fields: Fields, name: str) -> float | None:
    """Return a duration in milliseconds; `None` where there is none. Raises `Unfit`."""
    return number(fields, name, most=MILLISECONDS_MAX)


def usd(fields: Fields, name: str) -> float | None:
    """Return an amount of dollars; `None` where there is none. Raises `Unfit`."""
    return number(fields, name, most=USD_MAX)


def status_code(fields: Fields, name: str) -> int | None:
    """Return an HTTP status code; `None` where there is none that can be one."""
    try:
        found = count(fields, name)
    except Unfit:
        return None
    return found if found is not None and 0 < found <= STATUS_CODE_MAX else None


def flag(fields: Fields, name: str) -> bool | None:
    """Return a boolean, or a word for one; `None` where there is none."""
    value = fields.get(name)
    if isinstance(value, bool):
        return value
    return _WORDS.get(str(value).lower()) if isinstance(value, str | int) else None


def parts(fields: Fields, name: str) -> dict[str, Any]:
    """Return an object; an empty one where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def instant(fields: Fields, name: str) -> float | None:
    """Return an instant in Unix seconds, from RFC 3339, seconds or milliseconds; `None` without.

    A number is taken for milliseconds where seconds would lie past the year 5000, a text without
    an offset for UTC. An instant that no clock shows, before 1970 or after 9999, is none.
    """
    value = fields.get(name)
    if isinstance(value, str):
        value = _written(value[:_INSTANT_LENGTH_MAX])
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    elif _MILLISECONDS_FROM < value <= INSTANT_MAX * 1000:
        value /= 1000
    return float(value) if 0 < value <= INSTANT_MAX else None  # NaN is neither.


def _written(value: str) -> float:
    try:
        written = datetime.fromisoformat(value)
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
