"""opencode: the records of its plugins, and the lines of `opencode run --format json`.

opencode documents no telemetry of its own. One plugin (DEVtheOPS/opencode-plugin-otel) mirrors
Claude Code, even under its prefix if it is told to, so the service decides who it is. Another
(felixti/opencode-otel-plugin) writes spans by the conventions for generative AI. No call is told by
both: the spans of the first do not follow those, and the second has no log events.

Log events are always there and metrics can be turned off, so calls, tools, sessions and commits are
counted by the events, and only lines of code by a metric.
"""

from collections.abc import Iterable
from typing import Final

from exporter.agents import genai
from exporter.agents.activities import activity
from exporter.agents.agent import Agent
from exporter.agents.fields import text
from exporter.agents.opencode.logs import read_log
from exporter.agents.opencode.names import NAME, PREFIXES, bare
from exporter.agents.opencode.stream import OpencodeStream
from exporter.event.otel import Point, Span
from exporter.event.types import ActivityKind, Event

_LINES: Final[dict[str | None, ActivityKind]] = {"added": "lines_added", "removed": "lines_removed"}
_TOLD_BY_SPANS: Final = frozenset({"chat", "execute_tool"})


def read_span(span: Span) -> Iterable[Event]:
    """Return the call or the tool that a span tells of. Raises `Unfit`.

    The span of the agent lasts as long as its session, and is no request.
    """
    told = text(span.attributes, genai.OPERATION) in _TOLD_BY_SPANS
    return genai.read_span(span, NAME) if told else ()


def read_point(point: Point) -> Iterable[Event]:
    """Return the lines of code that a data point tells of. Raises `Unfit`."""
    kind = _LINES.get(text(point.attributes, "type"))
    if kind and bare(point.metric) == "lines_of_code.count":
        return [activity(point, NAME, kind)]
    return ()


AGENT: Final = Agent(
    name=NAME,
    services=frozenset({NAME}),
    events=(PREFIXES[0],),
    log=read_log,
    span=read_span,
    point=read_point,
    stream=OpencodeStream,
)
