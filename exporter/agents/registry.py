"""Every agent that is known, and which of them a record is from."""

from collections.abc import Mapping
from typing import Final

from exporter.agents import claude_code, codex, gemini_cli, genai, opencode, pi
from exporter.agents.agent import Agent
from exporter.event.otel import LogRecord, Origin, Point, Record, Span

AGENTS: Final[Mapping[str, Agent]] = {
    agent.name: agent
    for agent in (
        claude_code.AGENT,
        codex.AGENT,
        gemini_cli.AGENT,
        gemini_cli.QWEN_CODE,
        opencode.AGENT,
        pi.AGENT,
    )
}
"""The agents by their names."""

_BY_SERVICE: Final = {service: agent for agent in AGENTS.values() for service in agent.services}
_BY_SCOPE: Final = {scope: agent for agent in AGENTS.values() for scope in agent.scopes}
_BY_PREFIX: Final = {prefix: agent for agent in AGENTS.values() for prefix in agent.events}


class Authors:
    """Tells the agents that the records of one export are from, as long as it is read.

    The name of the service decides, since a plugin may write under the names of another agent; for
    those who renamed their service, the names of scope and record do. Everybody else is read as
    the conventions of OpenTelemetry for generative AI say.
    """

    def __init__(self) -> None:
        self._origin: Origin | None = None
        self._agent: Agent | None = None

    def of(self, record: Record) -> Agent:
        """Return the agent that a record is from."""
        # Records of one scope come one after the other, and share their origin.
        if record.origin is not self._origin:
            self._origin = record.origin
            self._agent = _of_origin(record.origin)
        return self._agent or _named(_name_of(record)) or genai.AGENT


def _of_origin(origin: Origin) -> Agent | None:
    agent = _BY_SERVICE.get(origin.service)
    if agent is not None:
        return agent
    scopes = (scope for scope in _BY_SCOPE if origin.scope.startswith(scope))
    return next((_BY_SCOPE[scope] for scope in scopes), None)


def _named(name: str) -> Agent | None:
    return _BY_PREFIX.get(name[: name.find(".") + 1]) if "." in name else None


def _name_of(record: LogRecord | Span | Point) -> str:
    return record.metric if isinstance(record, Point) else record.name
