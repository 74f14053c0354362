"""The text of a sample: names and label values escaped once, numbers as Go writes them.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0.0
specification, whose text is the same for every sample that is written here. Labels stand in
alphabetical order, as prometheus_client has them.
"""

from collections.abc import Sequence

import msgspec

_INFINITY = float("inf")
_GO_EXPONENT_DIGITS = 6
_GO_EXPONENT_FROM = 10.0**_GO_EXPONENT_DIGITS
"""Go turns to exponents past so many digits before the point, Python only past 16."""
_EXPONENTS = tuple(f"e+{exponent:02d}" for exponent in range(16))
_PLAIN_FROM = 1e-4
"""Below, Python turns to exponents."""
_INTEGER_MAX = 2**53
"""Up to here a float is any integer, and so its digits are the integer's."""
_json = msgspec.json.Encoder().encode


def number(value: float) -> str:
    """Return a sample value as prometheus_client writes it: `5.0`, `1e+06`, `+Inf`, `NaN`."""
    if type(value) is int and 0 <= value <= _INTEGER_MAX:
        # Without a float in between: half the time, and a third where there is an exponent.
        return f"{value}.0" if value < _GO_EXPONENT_FROM else _with_exponent(str(value))
    if _PLAIN_FROM <= value < _GO_EXPONENT_FROM:
        # The shortest digits that come to the same float are one text, whoever finds them: msgspec
        # does in 0.15 us, `repr` in 0.65. Only their exponents differ, and here are none.
        return _json(float(value)).decode()
    if -_INFINITY < value < _GO_EXPONENT_FROM:
        return repr(float(value))
    return _unusual_number(float(value))


def _unusual_number(value: float) -> str:
    if value == _INFINITY:
        return "+Inf"
    if value == -_INFINITY:
        return "-Inf"
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    text = repr(value)
    whole, _, fraction = text.partition(".")
    if len(whole) > _GO_EXPONENT_DIGITS and fraction:
        return _with_exponent(whole, fraction)
    return text


def _with_exponent(whole: str, fraction: str = "") -> str:
    mantissa = f"{whole[0]}.{whole[1:]}{fraction}".rstrip("0.")
    return mantissa + _EXPONENTS[len(whole) - 1]


def escaped(value: str) -> str:
    """Return a label value with backslash, newline and double quote escaped."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def escaped_help(text: str) -> str:
    """Return a help text with backslash and newline escaped."""
    return text.replace("\\", r"\\").replace("\n", r"\n")


def sample_prefix(name: str, labels: Sequence[tuple[str, str]]) -> str:
    """Return what stands before a sample's value: `name{label="value"} `, or `name `."""
    if not labels:
        return f"{name} "
    inner = ",".join(f'{label}="{escaped(value)}"' for label, value in sorted(labels))
    return f"{name}{{{inner}}} "
