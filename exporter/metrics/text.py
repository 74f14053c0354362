"""The text of a sample: names and label values escaped once, numbers as Go writes them.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0.0
specification, whose text is the same for every sample that is written here. Labels stand in
alphabetical order, as prometheus_client has them.
"""

from collections.abc import Sequence

_INFINITY = float("inf")
_GO_EXPONENT_DIGITS = 6
_GO_EXPONENT_FROM = 10.0**_GO_EXPONENT_DIGITS
"""Go turns to exponents past so many digits before the point, Python only past 16."""


def number(value: float) -> str:
    """Return a sample value as prometheus_client writes it: `5.0`, `1e+06`, `+Inf`, `NaN`."""
    text = repr(float(value))
    if value < _GO_EXPONENT_FROM and text[-1] not in "fn":
        return text
    return _unusual_number(float(value), text)


def _unusual_number(value: float, text: str) -> str:
    if value == _INFINITY:
        return "+Inf"
    if value == -_INFINITY:
        return "-Inf"
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    point = text.find(".")
    if value > 0 and point > _GO_EXPONENT_DIGITS:
        mantissa = f"{text[0]}.{text[1:point]}{text[point + 1 :]}".rstrip("0.")
        return f"{mantissa}e+{point - 1:02d}"
    return text


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
