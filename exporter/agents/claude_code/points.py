"""Claude Code's metrics: what its people and edits come to.

Its metrics of tokens and cost are passed over, for its log events tell the same call by call.
"""

from collections.abc import Iterable
from typing import Final

from exporter.agents.activities import activity
from exporter.agents.claude_code.names import NAME, PREFIX
from exporter.agents.fields import text
from exporter.event.otel import Point
from exporter.event.types import ActivityKind, Event

_EDIT: Final = "code_edit_tool.decision"

_KINDS: Final[dict[str, ActivityKind]] = {
    "session.count": "session",
    "pull_request.count": "pull_request",
    "commit.count": "commit",
}

_KINDS_BY: Final[dict[str, tuple[str, dict[str, ActivityKind]]]] = {
    "lines_of_code.count": ("type", {"added": "lines_added", "removed": "lines_removed"}),
    "active_time.total": ("type", {"user": "active_user", "cli": "active_cli"}),
    _EDIT: ("decision", {"accept": "edit_accepted", "reject": "edit_rejected"}),
}
"""The metrics that one of their attributes divides, and what its values stand for."""


def read_point(point: Point) -> Iterable[Event]:
    """Return the activity that a data point tells of. Raises `Unfit`."""
    metric = point.metric.removeprefix(PREFIX)
    kind = _KINDS.get(metric)
    if metric in _KINDS_BY:
        attribute, kinds = _KINDS_BY[metric]
        kind = kinds.get(text(point.attributes, attribute) or "")
    if kind is None:
        return ()
    tool = text(point.attributes, "tool_name") if metric == _EDIT else None
    return (activity(point, NAME, kind, tool=tool),)
