"""A model call by its attributes, on a span or on a log event, and what makes it one call.

Frameworks and the libraries beneath them may both be instrumented, and some tell a call on two
spans: the id of the response makes them one. A call without one is known by its span. Where there
was no response, LiteLLM puts the id of the call in its place, which every attempt at it has.
"""

from exporter.agents.fields import SESSION_LENGTH_MAX, Fields, status_code, text
from exporter.agents.genai.names import ERROR_TYPE, first_text, session
from exporter.agents.genai.usage import cost_usd, finish_reason, tokens, ttft_ms
from exporter.agents.identity import identified
from exporter.agents.providers import provider_name
from exporter.event.otel import LogRecord, Span
from exporter.event.types import UNKNOWN, Completion, Event


def completion(fields: Fields, agent: str) -> Completion:
    """Return the call that attributes tell of. Raises `Unfit`.

    The conventions ask for the name of the model "if available", so a call without one counts.
    """
    error_type = text(fields, ERROR_TYPE)
    cost = cost_usd(fields)
    told = status_code(fields, "http.response.status_code")
    return Completion(
        model=first_text(fields, "gen_ai.response.model", "gen_ai.request.model") or UNKNOWN,
        provider=provider_name(first_text(fields, "gen_ai.provider.name", "gen_ai.system")),
        agent=agent,
        session_id=session(fields),
        ttft_ms=ttft_ms(fields),
        success=False if error_type else None,
        tokens=tokens(fields),
        cost_usd=cost,
        cost_source=None if cost is None else "reported",
        finish_reason=finish_reason(fields),
        error_type=error_type,
        status_code=told or status_code(fields, "http.status_code"),
    )


def identified_call(call: Completion, record: Span | LogRecord) -> Event:
    """Return the call with the id that it has on whichever record tells of it."""
    response = text(record.attributes, "gen_ai.response.id", length_max=SESSION_LENGTH_MAX)
    if response and response != record.attributes.get("litellm.call_id"):
        return identified(call, "call", response)
    if record.span_id:
        return identified(call, "call", record.trace_id, record.span_id)
    return identified(call, "call", call.session_id, call.at, record.attributes)
