"""Records as an agent's exporter sends them, decoded, as short as a test needs them.

Attributes have dots in their names, so a test passes them as `**{"session.id": "s"}`.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from exporter.event.otel import NANO_PER_SEC, Attributes, LogRecord, Origin, Point, Span
from exporter.event.types import Event

NOW = 1_800_000_000.0
"""The instant of every built record that names none."""

NOW_NS = int(NOW) * NANO_PER_SEC

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"


def origin(service: str, resource: Attributes | None = None) -> Origin:
    """Return where a service's records come from, with what else its resource tells."""
    return Origin({"service.name": service} | (resource or {}))


def log_record(
    service: str,
    name: str,
    /,
    *,
    time_ns: int = NOW_NS,
    trace_id: str | None = None,
    span_id: str | None = None,
    **attributes: Any,  # noqa: ANN401 - an attribute may be anything
) -> LogRecord:
    """Return the log record of an event with this name."""
    return LogRecord(origin(service), name, time_ns, attributes, trace_id, span_id)


def span(
    service: str,
    name: str,
    /,
    *,
    end_ns: int = NOW_NS,
    took_ms: int = 1_000,
    span_id: str = SPAN_ID,
    parent_span_id: str | None = None,
    failed: bool = False,
    message: str = "",
    scope: str = "",
    **attributes: Any,  # noqa: ANN401 - an attribute may be anything
) -> Span:
    """Return a span with this name, which took as long by its own start and end."""
    return Span(
        Origin({"service.name": service}, scope),
        name,
        end_ns - took_ms * 1_000_000,
        end_ns,
        attributes,
        TRACE_ID,
        span_id,
        parent_span_id,
        failed,
        message,
    )


def point(
    service: str,
    metric: str,
    value: float,
    /,
    *,
    start_ns: int = NOW_NS - 60 * NANO_PER_SEC,
    time_ns: int = NOW_NS,
    cumulative: bool = False,
    kind: Literal["sum", "gauge", "histogram"] = "sum",
    resource: Attributes | None = None,
    **attributes: Any,  # noqa: ANN401 - an attribute may be anything
) -> Point:
    """Return a data point of a metric: what was added in the last minute."""
    return Point(
        origin(service, resource),
        metric,
        "",
        kind,
        cumulative,
        kind == "sum",
        start_ns,
        time_ns,
        value,
        attributes,
    )


def checked(events: Iterable[Event]) -> list[Event]:
    """Return the events, having seen that each is within all bounds and can be told again by id."""
    found = list(events)
    for event in found:
        assert event.id, "an event that is read can be read again, and counts once"
        msgspec.convert(msgspec.to_builtins(event), Event)
    return found
