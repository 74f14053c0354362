"""What the types of the fields cannot say: instants near enough to now, contexts not too deep.

Every event leaves with its instants in Unix seconds.
"""

from collections.abc import Iterable
from datetime import datetime

from exporter.decode.depth import too_deep
from exporter.event.rejection import Code
from exporter.event.types import (
    EVENT_CLASSES,
    Activity,
    Completion,
    CompletionDetail,
    Event,
    Log,
    Quota,
)

SKEW_SECS_MAX = 600.0
"""How far ahead of the exporter's clock an event may be dated: ten minutes."""

INSTANT_MAX = 253_402_300_799.0
"""The end of the year 9999, the last instant that RFC 3339 can write."""

_WIRE_NAMES = {
    event_class: event_class.__struct_encode_fields__[event_class.__struct_fields__.index("at")]
    for event_class in EVENT_CLASSES
}
"""What the wire calls the instant of each event: `completed_at`, `ended_at`, ..."""

_MAY_RESET = (Completion, CompletionDetail, Quota)


def settle_all(events: Iterable[Event], received_at: float) -> list[tuple[int, tuple[Code, str]]]:
    """Settle events as `settle` does; return which cannot stand, by their places, and why."""
    latest = received_at + SKEW_SECS_MAX
    problems = []
    for place, event in enumerate(events):
        at: object = event.at
        if event.__class__ is Completion and event.resets_at is None:
            # Most events: 0.2 us in place of 0.4.
            if at.__class__ is datetime:
                at = event.at.timestamp()  # type: ignore[attr-defined] # so the wire has it
            if at.__class__ is float and 0.0 <= at <= latest:
                event.at = at
                continue
        problem = settle(event, received_at)
        if problem is not None:
            problems.append((place, problem))
    return problems


def settle(event: Event, received_at: float) -> tuple[Code, str] | None:
    """Turn the event's instants into Unix seconds; return why it cannot stand, or `None`.

    An absent instant becomes `received_at`. One further ahead than `SKEW_SECS_MAX` is a clock gone
    wrong or milliseconds taken for seconds: `too_new`. A reset time may lie in the future.
    """
    at: float | None = event.at
    if at.__class__ is not float:
        at = _seconds(at)
    if at is None or at != at:  # noqa: PLR0124 - only NaN differs from itself
        event.at = received_at
    elif 0.0 <= at <= received_at + SKEW_SECS_MAX:
        event.at = at
    else:
        code = Code.OUT_OF_RANGE if at < 0 else Code.TOO_NEW
        return code, f"$.{_WIRE_NAMES[event.__class__]}"
    if event.__class__ is Completion and event.resets_at is None:
        return None  # As most are.
    if isinstance(event, _MAY_RESET) and event.resets_at is not None:
        event.resets_at = _seconds(event.resets_at)
        if event.resets_at is not None and not 0.0 <= event.resets_at <= INSTANT_MAX:
            return Code.OUT_OF_RANGE, "$.resets_at"
    elif isinstance(event, Log) and event.context is not None and too_deep(event.context):
        return Code.TOO_DEEP, "$.context"
    elif isinstance(event, Activity) and event.cumulative is not None:
        since = _seconds(event.cumulative.since)
        if since is not None and not 0.0 <= since <= received_at + SKEW_SECS_MAX:
            return Code.OUT_OF_RANGE, "$.cumulative.since"
        event.cumulative.since = since or 0.0
    return None


def _seconds(instant: object) -> float | None:
    """Return an instant as the wire may write it in Unix seconds; `None` where none is named."""
    if isinstance(instant, datetime):
        return instant.timestamp()
    if isinstance(instant, float) and instant == instant:  # noqa: PLR0124 - only NaN differs from itself
        return instant
    return None
