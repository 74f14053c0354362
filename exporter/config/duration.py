"""Durations as people write them: `20s`, `1m`, `500ms`, or plain seconds."""

import re

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)?")
_UNIT_SECS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def parse_duration_secs(text: str) -> float:
    """Return the seconds; raises `ValueError`, without the text, where it is not a duration."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("expected a duration: 20s, 1m, 500ms or seconds")
    return float(match[1]) * _UNIT_SECS[match[2] or "s"]
