"""The one log event of the conventions that stands for a call.

It may come without a span, where traces are sampled, so it counts by itself. Within a span that is
exported too it is left to that, which may come later and tells the latency besides. One that tells
nothing of an answer is of the request alone, and counts nothing.
"""

from collections.abc import Iterable
from typing import Final

from exporter.agents.genai.calls import completion, identified_call
from exporter.agents.genai.names import DETAILS, ERROR_TYPE
from exporter.event.otel import LogRecord, seconds
from exporter.event.types import ARRIVAL, Event

_OF_AN_ANSWER: Final = ("gen_ai.response.", "gen_ai.usage.", ERROR_TYPE)

_TELLS_OTHERWISE: Final = frozenset({"gemini-cli", "qwen-code"})
"""Scopes of agents that tell the same call by an event of their own, whatever their service."""


def read_log(record: LogRecord, agent: str) -> Iterable[Event]:
    """Return the call of an agent that a log event tells of. Raises `Unfit`."""
    if record.name != DETAILS or record.origin.scope in _TELLS_OTHERWISE:
        return ()
    if record.sampled and record.span_id:
        return ()
    if not any(name.startswith(_OF_AN_ANSWER) for name in record.attributes):
        return ()
    call = completion(record.attributes, agent)
    call.trace_id = record.trace_id or None
    call.at = seconds(record.time_ns) or ARRIVAL
    return [identified_call(call, record)]
