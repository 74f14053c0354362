"""Data points made into activities: what an agent's metrics tell that its log records do not.

A delta point tells what was added, and is one of its kind: its series and its time make its id. A
cumulative one tells a total; what was added is for the one to find out who knows the total before.
"""

from typing import Final

from exporter.agents.fields import SESSION_LENGTH_MAX, Unfit, text
from exporter.agents.identity import digest, identity
from exporter.event.otel import Point, seconds
from exporter.event.rejection import Code
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import ARRIVAL, Activity, ActivityKind, Cumulative

SESSION: Final = "session.id"


def activity(point: Point, agent: str, kind: ActivityKind, *, tool: str | None = None) -> Activity:
    """Return what a point of a sum adds to a kind of activity.

    A total keeps the whole of its attributes in its stream, the session too: each session has a
    process that counts from 0. A point that names no time has no id, for it may be any.
    Raises `Unfit`: `wrong_type` where it is no sum, `out_of_range` where its value cannot count.
    """
    if point.kind != "sum":
        raise Unfit(Code.WRONG_TYPE, "kind")
    if not 0 <= point.value <= COUNT_MAX:  # NaN is neither.
        raise Unfit(Code.OUT_OF_RANGE, "value")
    stream = digest(point.origin.resource, point.metric, point.attributes)
    session_id = text(point.attributes, SESSION, length_max=SESSION_LENGTH_MAX)
    found = Activity(kind=kind, agent=agent, tool=tool, session_id=session_id)
    if point.time_ns:
        found.id = identity("point", agent, stream, point.start_ns, point.time_ns)
        found.at = seconds(point.time_ns) or ARRIVAL
    if point.cumulative:
        since = seconds(point.start_ns) or ARRIVAL
        found.cumulative = Cumulative(stream=stream, total=point.value, since=since)
    else:
        found.amount = point.value
    return found
