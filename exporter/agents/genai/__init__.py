"""Whoever follows OpenTelemetry's semantic conventions for generative AI, whatever the program.

Spans tell the calls, the tools and the runs of agents; metrics tell nothing that these do not. The
agent is the service, because the name of a service is bounded by who deploys it. Beside the names
of the conventions, retired ones too, those of OpenLLMetry's older versions are read.
"""

from collections.abc import Iterable
from typing import Final

from exporter.agents.agent import Agent
from exporter.agents.genai.logs import read_log
from exporter.agents.genai.names import NAME, OPERATION
from exporter.agents.genai.spans import read_span
from exporter.event.otel import LogRecord, Span
from exporter.event.types import NAME_LENGTH_MAX, UNKNOWN, Event

__all__ = ["AGENT", "OPERATION", "read_log", "read_span"]


def _service(record: Span | LogRecord) -> str:
    return record.origin.service[:NAME_LENGTH_MAX] or UNKNOWN


def _log(record: LogRecord) -> Iterable[Event]:
    return read_log(record, _service(record))


def _span(span: Span) -> Iterable[Event]:
    return read_span(span, _service(span))


AGENT: Final = Agent(name=NAME, services=frozenset(), log=_log, span=_span)
"""Reads the records of any service; the events are of the agent that the service is."""
