"""When a limit ends, as the error text names it.

A cue ("resets", "try again at", "retry-after") says that an instant or a wait follows; directly
behind it one of a few forms is read: a wait, Unix seconds, an ISO 8601 instant, a date with or
without a time of day, a time of day alone. The first cue that leads to a sound instant counts, of
the first few: whoever writes more cues than that is not telling a reset.

The ugly part is what the texts leave out. A time of day without a date is its next occurrence, a
date without a year likewise; without a zone it is taken as UTC, although the agent that printed it
may have meant its own. A zone that is named but not known gives no answer: to say nothing is
better than to be hours off. Words beyond English are not read.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from exporter.pipeline.phrases import excerpt_of

_DAY_SECONDS: Final = 86_400
_AHEAD_SECONDS_MAX: Final = 32 * _DAY_SECONDS
_FLAGS: Final = re.IGNORECASE | re.ASCII
_NOON_HOUR: Final = 12
_CUES_MAX: Final = 8
_ZONES_REMEMBERED_MAX: Final = 1_024
_MILLISECOND_DIGITS: Final = 13

# The groups tell what a bare number behind the cue would be.
_CUE: Final = re.compile(
    r"""(?<![a-z0-9])(?:
      (?P<seconds> retry[ _-]?after | resets?[ _-]?in[ _-]?seconds )
    | resets?(?:[ _-]?(?:at|on|in|after|time))?
    | (?:try[ ]again|available(?:[ ]again)?)[ ](?:at|on|in|after)
    | retry(?:[ _-]?(?:at|in|on|delay))
    | wait(?:[ ]for)?
    | until
    )(?![a-z0-9])[ "'\\:=]{0,6}
    | \|[ ]?(?=[0-9]{10})""",
    _FLAGS | re.VERBOSE,
)

_UNIT_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": _DAY_SECONDS, "w": 604_800}
_WAIT_PART: Final = re.compile(
    r"(?:,? ?(?:and )?)([0-9]{1,9}(?:\.[0-9]{1,18})?) ?"
    r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z])",
    _FLAGS,
)
_SECONDS: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,18})?)(?![0-9a-z:/-]|\.[0-9])", _FLAGS)
_UNIX: Final = re.compile(r"([0-9]{13}|[0-9]{10})(?![0-9])", _FLAGS)

_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_MONTH: Final = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_DAY: Final = r"([0-9]{1,2})(?:st|nd|rd|th)?(?![0-9a-z:])"
_YEAR: Final = r"(?:,? ([0-9]{4})(?![0-9:]))?"
_WEEKDAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?"
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])", _FLAGS)
_MONTH_FIRST: Final = re.compile(rf"{_WEEKDAY}{_MONTH} {_DAY}{_YEAR}", _FLAGS)
_DAY_FIRST: Final = re.compile(rf"{_WEEKDAY}{_DAY} {_MONTH}{_YEAR}", _FLAGS)
_DATE_TO_CLOCK: Final = re.compile(r",? at |, | |T(?=[0-9])", _FLAGS)
_CLOCK: Final = re.compile(
    r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?)?"
    r"(?: ?([ap])\.?m\b\.?)?(?![0-9]|:[0-9]|(?!Z)[a-z])",
    _FLAGS,
)
_ZONE: Final = re.compile(
    r" ?(?:(?P<utc>\(?(?:UTC|GMT|Z)(?![a-z0-9/+-])\)?)"
    r"|\(?(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})?(?![0-9])\)?"
    r"|\((?P<key>[^()]{1,64})\)"
    r"|(?P<name>(?-i:[A-Z][a-z_]{2,20}/[A-Z][A-Za-z_/-]{1,40}|[A-Z]{2,5})(?![a-z0-9])))",
    _FLAGS,
)


def reset_time(text: str, at: float) -> float | None:
    """Return the instant, in Unix seconds, at which the text says that a limit ends.

    `at` is when the text was written, in Unix seconds. `None` stands for: nothing named, nothing
    understood, or an instant not after `at` or more than 32 days after it. Raises nothing.
    """
    start = excerpt_of(text).text
    for cue in islice(_CUE.finditer(start), _CUES_MAX):
        try:
            instant = _instant(start, cue, at)
        except (ValueError, KeyError, OverflowError, OSError):
            continue  # No such date, time of day or zone.
        if instant is not None and at < instant <= at + _AHEAD_SECONDS_MAX:
            return instant
    return None


def _instant(text: str, cue: re.Match[str], at: float) -> float | None:
    """Read whichever form stands behind the cue."""
    position = cue.end()
    if unix := _UNIX.match(text, position):
        digits = unix[1]
        return int(digits) / (1000 if len(digits) == _MILLISECOND_DIGITS else 1)
    wait = _wait_seconds(text, position)
    if wait is None and cue["seconds"] and (bare := _SECONDS.match(text, position)):
        wait = float(bare[1])
    if wait is not None:
        return at + wait
    return _dated(text, position, at) or _next_clock(text, position, at)


def _wait_seconds(text: str, position: int) -> float | None:
    """Read a wait such as `20s`, `1m30s` or `2 hours 5 minutes`."""
    wait: float | None = None
    while part := _WAIT_PART.match(text, position):
        unit = part[2].lower()
        unit = "ms" if unit.startswith(("ms", "milli")) else unit[0]
        wait = (wait or 0) + float(part[1]) * _UNIT_SECONDS[unit]
        position = part.end()
    return wait


def _dated(text: str, position: int, at: float) -> float | None:
    """Read a date, with the time of day behind it or, without one, its first instant."""
    found = _date_parts(text, position)
    if found is None:
        return None
    year, month, day, position = found
    joint = _DATE_TO_CLOCK.match(text, position)
    clock = _clock(text, joint.end()) if joint else None
    time_of_day, position = clock or (time(), position)
    zone = _zone(text, position)
    if year is not None:
        return datetime.combine(date(year, month, day), time_of_day, zone).timestamp()
    this_year = datetime.fromtimestamp(at, zone).year
    instant = datetime.combine(date(this_year, month, day), time_of_day, zone).timestamp()
    if instant > at:
        return instant
    return datetime.combine(date(this_year + 1, month, day), time_of_day, zone).timestamp()


def _date_parts(text: str, position: int) -> tuple[int | None, int, int, int] | None:
    """Return year (where given), month, day and where the date ends."""
    if iso := _ISO_DATE.match(text, position):
        return int(iso[1]), int(iso[2]), int(iso[3]), iso.end()
    if found := _MONTH_FIRST.match(text, position):
        month, day, year = found.groups()
    elif found := _DAY_FIRST.match(text, position):
        day, month, year = found.groups()
    else:
        return None
    return int(year) if year else None, _MONTHS.index(month.lower()) + 1, int(day), found.end()


def _next_clock(text: str, position: int, at: float) -> float | None:
    """Read a time of day and return its next occurrence after `at`."""
    clock = _clock(text, position)
    if clock is None:
        return None
    time_of_day, position = clock
    zone = _zone(text, position)
    today = datetime.fromtimestamp(at, zone).date()
    instant = datetime.combine(today, time_of_day, zone).timestamp()
    if instant > at:
        return instant
    return datetime.combine(today + timedelta(days=1), time_of_day, zone).timestamp()


def _clock(text: str, position: int) -> tuple[time, int] | None:
    """Return a time of day and where it ends. A bare number is none. Raises ValueError."""
    found = _CLOCK.match(text, position)
    if found is None or (found[2] is None and found[4] is None):
        return None
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= _NOON_HOUR:
            raise ValueError("not an hour of the twelve-hour clock")
        hour = hour % _NOON_HOUR + (_NOON_HOUR if found[4].lower() == "p" else 0)
    return time(hour, int(found[2] or 0), int(found[3] or 0)), found.end()


def _zone(text: str, position: int) -> tzinfo:
    """Return the zone named here, UTC where none is. Raises KeyError or ValueError."""
    found = _ZONE.match(text, position)
    if found is None or found["utc"]:
        return UTC
    if found["sign"]:
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        return timezone(-offset if found["sign"] == "-" else offset)
    zone = _zone_named(found["key"] or found["name"])
    if zone is None:
        raise KeyError("no such zone")
    return zone


# Looking a zone up reads the disk, and the longer for one that there is not.
@lru_cache(maxsize=_ZONES_REMEMBERED_MAX)
def _zone_named(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        return None
