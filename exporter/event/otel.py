"""What OpenTelemetry carries, told alike in whatever encoding it came: log records, spans, points.

Only what a reader of agents needs is kept. Times are nanoseconds since 1970, 0 where none was
told, because that is what tells two records apart; `seconds` makes an instant of one. Attribute
values are strings, booleans, integers, floats, lists and dicts of those, or `None`; bytes are left
out.
"""

from typing import Any, Literal

from msgspec import Struct

Signal = Literal["logs", "traces", "metrics"]

Attributes = dict[str, Any]

NANO_PER_SEC = 1_000_000_000


class Origin(Struct, gc=False):
    """Who sent a record: the attributes of its resource, and the name of its scope."""

    resource: Attributes
    scope: str = ""

    @property
    def service(self) -> str:
        """The name of the service; empty where it is told by none, or by no string."""
        name = self.resource.get("service.name")
        return name if isinstance(name, str) else ""


class LogRecord(Struct, gc=False):
    """One log record. `name` is that of its event; empty where it has none.

    It is its attribute `event.name`, else the record's own event name, else its body, if that is
    text. `time_ns` is the record's time, else when it was observed. `sampled` says that it was made
    within a span that is exported too.
    """

    origin: Origin
    name: str
    time_ns: int
    attributes: Attributes
    trace_id: str | None = None
    span_id: str | None = None
    sampled: bool = False


class SpanEvent(Struct, gc=False):
    """Something that happened within a span."""

    name: str
    time_ns: int
    attributes: Attributes


class Span(Struct, gc=False):
    """One span that ended. `failed` says that its status is an error, `message` what that told."""

    origin: Origin
    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    failed: bool = False
    message: str = ""
    events: list[SpanEvent] = []

    @property
    def duration_ms(self) -> float | None:
        """From its start to its end, in milliseconds; `None` where that cannot be told."""
        if not 0 < self.start_ns <= self.end_ns:
            return None
        return (self.end_ns - self.start_ns) / 1e6


class Point(Struct, gc=False):
    """One data point of a metric.

    `value` is that of a sum or a gauge; of a histogram it is the sum of what was observed, and
    `count` says of how many. A `cumulative` value counts from `start_ns` on, any other since the
    point before.
    """

    origin: Origin
    metric: str
    unit: str
    kind: Literal["sum", "gauge", "histogram"]
    cumulative: bool
    monotonic: bool
    start_ns: int
    time_ns: int
    value: float
    attributes: Attributes
    count: int = 0


Record = LogRecord | Span | Point


def seconds(time_ns: int) -> float | None:
    """Return an instant in Unix seconds; `None` where none was told."""
    return time_ns / NANO_PER_SEC if time_ns else None
