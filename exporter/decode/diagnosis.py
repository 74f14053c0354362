"""What msgspec says of a value that does not fit, as a code and a path.

Its messages quote the value (`Invalid enum value 'sk-...'`), so none of their text leaves here:
only which of our sentences it is, and the path, which is made of our own field names.
"""

import re

from exporter.event.rejection import Code

_PATH = re.compile(r" - at `(\$[^`]*)`\Z")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_SIGNS: tuple[tuple[re.Pattern[str], Code], ...] = (
    (re.compile(r"Expected `str` of length <="), Code.TOO_LONG),
    (re.compile(r"Expected `\w+` of length"), Code.INVALID_VALUE),
    (re.compile(r"Expected `\w+` [<>]=? "), Code.OUT_OF_RANGE),
    (re.compile(r"Invalid RFC3339|Expected `datetime` with a timezone"), Code.INVALID_TIME),
    (re.compile(r"Expected `[^`]*`, got `"), Code.WRONG_TYPE),
)


def diagnose(message: str) -> tuple[Code, str]:
    """Return the code and the path (`$.tokens.input`) that a validation message stands for."""
    found = _PATH.search(message)
    path = found.group(1) if found else "$"
    missing = _MISSING.match(message)
    if missing:
        return Code.MISSING_FIELD, f"{path}.{missing.group(1)}"
    for sign, code in _SIGNS:
        if sign.match(message):
            return code, path
    return Code.INVALID_VALUE, path
