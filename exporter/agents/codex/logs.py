"""Codex's log events.

A call is told by what its stream of server-sent events comes to. There is an event of ours for each
of those: the one of kind `response.completed` that has token counts is the completion (another of
that kind has none). One of that kind or of `response.failed`, or of no kind, that has an error is a
call that failed on its way. A call that was refused is told by its `codex.api_request`, or over a
websocket by `codex.websocket_connect` or `codex.websocket_request`. Each attempt has one, and
whether another follows cannot be told, so each counts as a call that failed; those that were
answered are told by their stream.

What is ugly: a stream that breaks off can be told twice, by the event that broke and by one of kind
`response.completed`. Neither is always there, and nothing but their time being near says that they
are one. So both count: a failure told twice is better than one that is not told.

Fields that Codex formats come as strings (`duration_ms`, `input_token_count`, `success`). It tells
neither what a call cost nor how long it took, and an event has no id but its time.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from exporter.agents.codex.names import ERROR_LENGTH_MAX, NAME, PREFIX, PROVIDER
from exporter.agents.codex.usage import disjoint, told_counts
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    flag,
    milliseconds,
    required_text,
    status_code,
    text,
)
from exporter.agents.identity import digest, identified
from exporter.agents.providers import provider_name
from exporter.event.otel import LogRecord, seconds
from exporter.event.types import (
    ARRIVAL,
    Activity,
    Completion,
    CompletionDetail,
    Event,
    ToolCall,
)

CONVERSATION: Final = "conversation.id"

_COUNTS: Final = {
    "input": "input_token_count",
    "output": "output_token_count",
    "reasoning": "reasoning_token_count",
    "cache_read": "cached_token_count",
    "cache_write": "cache_write_token_count",
}
_FAILING_KINDS: Final = frozenset({"response.completed", "response.failed", None})
_FAILING_STATUS_MIN: Final = 400
_MODEL_ENDPOINT: Final = "/responses"
_ENDPOINT_LENGTH_MAX: Final = 4_096


def read_log(record: LogRecord) -> Iterable[Event]:
    """Return the event that a log record tells of. Raises `Unfit`."""
    read = _READERS.get(record.name.removeprefix(PREFIX))
    return read(record) if read else ()


def _server_sent(record: LogRecord) -> Iterable[Event]:
    kind = text(record.attributes, "event.kind")
    told = told_counts(record.attributes, _COUNTS) if kind == "response.completed" else {}
    if "input" in told:
        event = Completion(**_of_model(record), success=True, tokens=disjoint(told))
        return (identified(event, "call", *_of_event(record)),)
    if kind in _FAILING_KINDS and text(record.attributes, "error.message"):
        return (_failure(record),)
    return ()


def _asked(record: LogRecord) -> Iterable[Event]:
    """Read a request, unless it asked for something else than an answer of the model."""
    endpoint = text(record.attributes, "endpoint", length_max=_ENDPOINT_LENGTH_MAX)
    return () if endpoint and _MODEL_ENDPOINT not in endpoint else _tried(record)


def _tried(record: LogRecord) -> Iterable[Event]:
    fields = record.attributes
    status = status_code(fields, "http.response.status_code") or 0
    refused = status >= _FAILING_STATUS_MIN or flag(fields, "success") is False
    return (_failure(record),) if refused or text(fields, "error.message") else ()


def _failure(record: LogRecord) -> Event:
    fields = record.attributes
    event = Completion(
        **_of_model(record),
        success=False,
        latency_ms=milliseconds(fields, "duration_ms"),
        error=text(fields, "error.message", length_max=ERROR_LENGTH_MAX),
        status_code=status_code(fields, "http.response.status_code"),
    )
    return identified(event, "call", *_of_event(record))


def _first_token(record: LogRecord) -> Iterable[Event]:
    ttft_ms = milliseconds(record.attributes, "duration_ms")
    if ttft_ms is None:
        return ()
    event = CompletionDetail(**_of_model(record), ttft_ms=ttft_ms)
    return (identified(event, "detail", *_of_event(record)),)


def _tool(record: LogRecord) -> Iterable[Event]:
    fields = record.attributes
    event = ToolCall(
        **_common(record),
        tool=required_text(fields, "tool_name"),
        success=flag(fields, "success"),
        duration_ms=milliseconds(fields, "duration_ms"),
    )
    call = text(fields, "call_id")
    return (identified(event, "tool", *((call,) if call else _of_event(record))),)


def _conversation(record: LogRecord) -> Iterable[Event]:
    """Read the start of a conversation, which counts once however often it is taken up again."""
    event = Activity(**_common(record), kind="session", amount=1)
    parts = (event.session_id,) if event.session_id else _of_event(record)
    return (identified(event, "point", "session", *parts),)


_READERS: Final[dict[str, Callable[[LogRecord], Iterable[Event]]]] = {
    "sse_event": _server_sent,
    "api_request": _asked,
    "websocket_connect": _tried,
    "websocket_request": _tried,
    "turn_ttft": _first_token,
    "tool_result": _tool,
    "conversation_starts": _conversation,
}


def _common(record: LogRecord) -> dict[str, Any]:
    return {
        "agent": NAME,
        "session_id": _session(record.attributes),
        "trace_id": record.trace_id,
        "at": seconds(record.time_ns) or ARRIVAL,
    }


def _of_model(record: LogRecord) -> dict[str, Any]:
    fields = record.attributes
    return {
        **_common(record),
        "model": text(fields, "model") or text(fields, "slug") or required_text(fields, "model"),
        "provider": provider_name(text(fields, "provider_name")) or PROVIDER,
    }


def _session(fields: Fields) -> str | None:
    return text(fields, CONVERSATION, length_max=SESSION_LENGTH_MAX)


def _of_event(record: LogRecord) -> tuple[object, ...]:
    """Return what tells an event from others of its kind."""
    return (_session(record.attributes), record.time_ns, digest(record.attributes))
