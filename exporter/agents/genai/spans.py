"""The spans of the conventions: calls of models, tools, and runs of agents.

Embeddings are calls as others are: they cost money and meet limits, and their models keep them
apart. Creating an agent, planning and workflows are no requests; the agents within a workflow are.

LiteLLM names its operations its own way, and writes a raw request beneath its own span; Vercel's
AI SDK names none, but the model and what it used.
"""

from collections.abc import Iterable
from typing import Any, Final

from exporter.agents.fields import SESSION_LENGTH_MAX, Fields, required_text, text
from exporter.agents.genai.calls import completion, identified_call
from exporter.agents.genai.names import CHANNEL, ERROR_LENGTH_MAX, ERROR_TYPE, OPERATION, session
from exporter.agents.genai.usage import tokens
from exporter.agents.identity import digest, identified
from exporter.event.otel import Span, seconds
from exporter.event.types import ARRIVAL, MILLISECONDS_MAX, Event, RequestEnded, ToolCall

_CALLS: Final = frozenset({"chat", "generate_content", "text_completion", "embeddings"})
_CALLS_OF_LITELLM: Final = frozenset(
    {
        "completion",
        "acompletion",
        "atext_completion",
        "responses",
        "aresponses",
        "anthropic_messages",
        "agenerate_content",
        "generate_content_stream",
        "agenerate_content_stream",
        "embedding",
        "aembedding",
    }
)
_RAW_REQUEST: Final = "raw_gen_ai_request"
_TOOL: Final = "gen_ai.tool.name"


def read_span(span: Span, agent: str) -> Iterable[Event]:
    """Return what a span tells of an agent's work. Raises `Unfit`."""
    operation = _operation(span.attributes)
    if operation in _CALLS or operation in _CALLS_OF_LITELLM:
        return () if span.name == _RAW_REQUEST else [_call(span, agent)]
    if operation == "execute_tool":
        return [_tool_call(span, agent)]
    if operation == "invoke_agent":
        return [_request_ended(span, agent)]
    return ()


def _operation(fields: Fields) -> str | None:
    operation = text(fields, OPERATION) or text(fields, "llm.request.type")
    if operation:
        return operation.lower()
    return "chat" if "gen_ai.request.model" in fields and tokens(fields).sum else None


def _call(span: Span, agent: str) -> Event:
    call = completion(span.attributes, agent)
    call.trace_id = span.trace_id or None
    call.at = seconds(span.end_ns) or ARRIVAL
    call.latency_ms = _duration_ms(span)
    if span.failed:
        call.success = False
        call.error = _error_text(span)
        call.error_type = call.error_type or _of_exception(span, "exception.type")
    return identified_call(call, span)


def _tool_call(span: Span, agent: str) -> Event:
    fields = span.attributes
    # The name of the span is that of the operation and then that of the tool.
    name = text(fields, _TOOL) or span.name.partition(" ")[2].strip()
    call = ToolCall(
        **_common(span, agent),
        tool=required_text({_TOOL: name}, _TOOL),
        success=not _failed(span),
        error=text(fields, ERROR_TYPE),  # The message may hold what the tool put out.
    )
    call_id = text(fields, "gen_ai.tool.call.id", length_max=SESSION_LENGTH_MAX)
    if call_id:
        return identified(call, "tool", call.session_id or span.trace_id, call_id)
    return identified(call, "tool", *_place(span))


def _request_ended(span: Span, agent: str) -> Event:
    error = _error_text(span) or text(span.attributes, ERROR_TYPE)
    ended = RequestEnded(
        **_common(span, agent),
        request_id=span.span_id or digest(*_place(span)),
        channel=CHANNEL,
        success=not _failed(span),
        error=error if _failed(span) else None,
    )
    return identified(ended, "request", *_place(span))


def _common(span: Span, agent: str) -> dict[str, Any]:
    return {
        "agent": agent,
        "session_id": session(span.attributes),
        "trace_id": span.trace_id or None,
        "at": seconds(span.end_ns) or ARRIVAL,
        "duration_ms": _duration_ms(span),
    }


def _place(span: Span) -> tuple[object, ...]:
    """Return what tells a span from others."""
    if span.span_id:
        return span.trace_id, span.span_id
    return span.trace_id, span.name, span.start_ns, span.end_ns, span.attributes


def _duration_ms(span: Span) -> float | None:
    duration_ms = span.duration_ms
    return None if duration_ms is None else min(duration_ms, MILLISECONDS_MAX)


def _failed(span: Span) -> bool:
    return span.failed or text(span.attributes, ERROR_TYPE) is not None


def _error_text(span: Span) -> str | None:
    return span.message[:ERROR_LENGTH_MAX] or _of_exception(span, "exception.message")


def _of_exception(span: Span, name: str) -> str | None:
    """Return what the last exception within a span tells of itself."""
    for event in reversed(span.events):
        if event.name == "exception":
            return text(event.attributes, name, length_max=ERROR_LENGTH_MAX)
    return None
