"""What records of both encodings are held to: bounds, ids, numbers, names and temporality."""

import math
import re
from typing import Final, Literal, Self

from msgspec import Struct

from exporter.event.otel import Attributes, Origin, Point

ATTRIBUTES_MAX: Final = 1024
"""Attributes of a record: those beyond are left out. A span may carry a whole conversation."""

VALUES_MAX: Final = 128
"""Values of a list, events of a span: those beyond are left out."""

TEXT_LENGTH_MAX: Final = 4096
NAME_LENGTH_MAX: Final = 256
"""Characters of a value, and of what names a record; what is longer is cut."""

DEPTH_MAX: Final = 32
"""Lists and maps of attributes inside one another; what lies deeper is `None`."""

COUNTED_BYTES_MIN: Final = 1 << 20
"""From here on what a body holds is counted before it is made; below, it can do no harm."""

INT64_MAX: Final = 2**63 - 1
INT64_MIN: Final = -(2**63)

TRACE_ID_DIGITS: Final = 32
SPAN_ID_DIGITS: Final = 16

STATUS_ERROR: Final = 2
SAMPLED: Final = 1
"""The bit of a log record's flags, which are those of W3C's trace context, that says so."""

NO_RECORDED_VALUE: Final = 1
"""The bit of a point's flags that says that there was nothing to report."""

TEMPORALITY_DELTA: Final = 1
TEMPORALITY_CUMULATIVE: Final = 2

_CUMULATIVE: Final = {TEMPORALITY_DELTA: False, TEMPORALITY_CUMULATIVE: True}
_DIGITS_MAX: Final = 400
"""Characters of a number in a string: as many as the largest there is has, written out."""

_HEX = re.compile(r"[0-9a-f]+")


Kind = Literal["sum", "gauge", "histogram", "summary"]
"""What a metric is. Points of a summary are those of a histogram without its buckets."""


class Unfit(Exception):  # noqa: N818 - it is what the record is, and does not leave this stage
    """A record that cannot be understood. The others of its body can."""


class Stream(Struct, gc=False):
    """What the points of a metric have in common. `cumulative` is `None` where that is not told."""

    metric: str
    unit: str
    kind: Literal["sum", "gauge", "histogram"]
    cumulative: bool | None
    monotonic: bool

    @classmethod
    def of(cls, metric: str, unit: str, kind: Kind, temporality: int, *, monotonic: bool) -> Self:
        """Return the stream of a metric of some kind, with its `temporality` as on the wire.

        Histograms count what cannot be taken back. Summaries are cumulative by definition.
        """
        cumulative = _CUMULATIVE.get(temporality)
        if kind in ("gauge", "summary"):
            cumulative = kind == "summary"
        return cls(
            metric[:NAME_LENGTH_MAX],
            unit[:NAME_LENGTH_MAX],
            "histogram" if kind == "summary" else kind,
            cumulative,
            monotonic if kind == "sum" else kind != "gauge",
        )

    def point(
        self,
        origin: Origin,
        start_ns: int,
        time_ns: int,
        value: float | None,
        *,
        attributes: Attributes,
        count: int,
    ) -> Point | None:
        """Return a point; `None` where its value says nothing, or not since when it counts."""
        if self.cumulative is None or value is None or not math.isfinite(value):
            return None
        return Point(
            origin,
            self.metric,
            self.unit,
            self.kind,
            self.cumulative,
            self.monotonic,
            start_ns,
            time_ns,
            value,
            attributes,
            count,
        )


def log_name(event_name: str, attributes: Attributes) -> str:
    """Return what event a log record is of, empty where only its body may tell.

    The attribute comes first: loggers that know no events, as Rust's `tracing`, put the place in
    the program where the record was made into the record's own event name.
    """
    attribute = attributes.get("event.name")
    if attribute and isinstance(attribute, str):
        return attribute[:NAME_LENGTH_MAX]
    return event_name[:NAME_LENGTH_MAX]


def hex_id(text: str, digits: int) -> str | None:
    """Return an id in lower case; `None` where it is none: of another length, or all zeros."""
    if len(text) != digits:
        return None
    lowered = text.lower()
    return lowered if _HEX.fullmatch(lowered) and lowered.strip("0") else None


def whole_number(text: str) -> int:
    """Return a 64-bit integer that was written as a string. Raises `Unfit`.

    As in protobuf's JSON mapping it may have a fraction of zero, or an exponent.
    """
    if len(text) > _DIGITS_MAX:
        raise Unfit
    try:
        found = int(text)
    except ValueError:
        real = real_number(text)
        if not real.is_integer():
            raise Unfit from None
        found = int(real)
    if not INT64_MIN <= found <= INT64_MAX:
        raise Unfit
    return found


def real_number(text: str) -> float:
    """Return a number that was written as a string: `NaN` and `Infinity` too. Raises `Unfit`."""
    if len(text) > _DIGITS_MAX:
        raise Unfit
    try:
        return float(text)
    except ValueError:
        raise Unfit from None


def unsigned(number: int) -> int:
    """Return what may not be negative, and fits 63 bits: a time, a count. Raises `Unfit`."""
    if not 0 <= number <= INT64_MAX:
        raise Unfit
    return number
