"""Gemini CLI's metrics: sessions and lines of code. Its log events tell all else, call by call."""

from collections.abc import Iterable
from typing import Final

from exporter.agents.activities import activity
from exporter.agents.fields import text
from exporter.event.otel import Point
from exporter.event.types import ActivityKind, Event

_LINES: Final[dict[str | None, ActivityKind]] = {"added": "lines_added", "removed": "lines_removed"}


class Points:
    """Reads the data points of `agent`, whose metrics begin with `prefix`."""

    def __init__(self, agent: str, prefix: str) -> None:
        self._agent = agent
        self._prefix = prefix

    def __call__(self, point: Point, /) -> Iterable[Event]:
        """Return the activity that a data point tells of. Raises `Unfit`."""
        metric = point.metric.removeprefix(self._prefix)
        kind: ActivityKind | None = "session" if metric == "session.count" else None
        if metric == "lines.changed":
            kind = _LINES.get(text(point.attributes, "type"))
        return [activity(point, self._agent, kind)] if kind else ()
