"""Claude Code's spans (beta): what only they tell.

That is the time to the first token and why a model stopped, how long a tool waited for a person,
and how long an interaction took. Calls and tools themselves are told by the log events.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from exporter.agents.claude_code.names import NAME, PREFIX, PROVIDER, REQUEST, SESSION, plain_model
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    milliseconds,
    required_text,
    text,
)
from exporter.agents.identity import identified
from exporter.event.otel import Span, seconds
from exporter.event.types import (
    ARRIVAL,
    MILLISECONDS_MAX,
    UNKNOWN,
    Activity,
    CompletionDetail,
    Event,
    RequestEnded,
)

_MS_PER_SEC: Final = 1_000


def read_span(span: Span) -> Iterable[Event]:
    """Return the event that a span tells of. Raises `Unfit`."""
    read = _READERS.get(span.name.removeprefix(PREFIX))
    return read(span) if read else ()


def _call(span: Span) -> Iterable[Event]:
    fields = span.attributes
    ttft_ms = milliseconds(fields, "ttft_ms")
    finish_reason = text(fields, "stop_reason") or _first(fields, "gen_ai.response.finish_reasons")
    if ttft_ms is None and finish_reason is None:
        return ()
    model = text(fields, "model") or required_text(fields, "gen_ai.request.model")
    request = _request(fields)
    event = CompletionDetail(
        **_common(span),
        request_id=request,
        model=plain_model(model),
        provider=PROVIDER,
        ttft_ms=ttft_ms,
        finish_reason=finish_reason,
    )
    return (identified(event, "detail", request or span.span_id),)


def _wait(span: Span) -> Iterable[Event]:
    duration_ms = _duration_ms(span, "duration_ms")
    if duration_ms is None:
        return ()
    event = Activity(**_common(span), kind="user_wait", amount=duration_ms / _MS_PER_SEC)
    return (identified(event, "point", span.span_id),)


def _interaction(span: Span) -> Iterable[Event]:
    entrypoint = "app.entrypoint"
    event = RequestEnded(
        **_common(span),
        request_id=span.span_id,
        channel=text(span.attributes, entrypoint)
        or text(span.origin.resource, entrypoint)
        or UNKNOWN,
        success=not span.failed,
        duration_ms=_duration_ms(span, "interaction.duration_ms"),
    )
    return (identified(event, "request", span.span_id),)


_READERS: Final[dict[str, Callable[[Span], Iterable[Event]]]] = {
    "llm_request": _call,
    "tool.blocked_on_user": _wait,
    "interaction": _interaction,
}


def _common(span: Span) -> dict[str, Any]:
    return {
        "agent": NAME,
        "session_id": text(span.attributes, SESSION, length_max=SESSION_LENGTH_MAX),
        "trace_id": span.trace_id or None,
        "at": seconds(span.end_ns) or ARRIVAL,
    }


def _request(fields: Fields) -> str | None:
    """Return the id of the request, by which the log events tell of it."""
    for name in (REQUEST, "gen_ai.response.id"):
        request = text(fields, name, length_max=SESSION_LENGTH_MAX)
        if request:
            return request
    return None


def _first(fields: Fields, name: str) -> str | None:
    """Return the first text of a list."""
    values = fields.get(name)
    return text({name: values[0]}, name) if isinstance(values, list) and values else None


def _duration_ms(span: Span, name: str) -> float | None:
    """Return the duration that an attribute tells, else that of the span."""
    told = milliseconds(span.attributes, name)
    if told is not None or span.duration_ms is None:
        return told
    return min(span.duration_ms, MILLISECONDS_MAX)
