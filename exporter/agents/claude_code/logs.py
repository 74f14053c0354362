"""Claude Code's log events: each call, each failure and each tool as it ends.

They come first among what Claude Code exports: what its metrics and spans tell again is left out
there. A call that failed has one `api_error`, after the last attempt, and may have an
`api_retries_exhausted` beside it that tells the same.

The numbers were strings before version 2.1.122. An event is known by the id of its request or of
its tool use, and where it has none by its number in the session. That begins again when a session
is resumed, so the time goes with it.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert, field

from exporter.agents.claude_code.names import NAME, PREFIX, PROVIDER, REQUEST, SESSION, plain_model
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    count,
    flag,
    kind,
    milliseconds,
    required_text,
    status_code,
    text,
    usd,
)
from exporter.agents.identity import digest, identified, named
from exporter.event.otel import LogRecord, seconds
from exporter.event.tokens import TokenCount, Tokens
from exporter.event.types import (
    ARRIVAL,
    NAME_LENGTH_MAX,
    Completion,
    Event,
    Log,
    Milliseconds,
    SessionId,
    ToolCall,
    Usd,
)

ERROR_LENGTH_MAX: Final = 1_024


def read_log(record: LogRecord) -> Iterable[Event]:
    """Return the event that a log record tells of. Raises `Unfit`."""
    read = _READERS.get(record.name)
    return read(record) if read else ()


class _Request(Struct, gc=False):
    """The attributes of a call that succeeded, as they are in nearly every record."""

    model: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
    session: SessionId | None = field(name=SESSION, default=None)
    request: SessionId | None = field(name=REQUEST, default=None)
    duration_ms: Milliseconds | None = None
    cost_usd: Usd | None = None
    input_tokens: TokenCount | None = None
    output_tokens: TokenCount | None = None
    cache_read_tokens: TokenCount | None = None
    cache_creation_tokens: TokenCount | None = None


def _succeeded(record: LogRecord) -> Iterable[Event]:
    try:
        # One call for all of them takes a third of the time that a call for each does.
        call = convert(record.attributes, _Request)
    except ValidationError:
        call = _request(record.attributes)
    event = Completion(
        # The id of its request is in its own, and need not be kept twice.
        id=named("call", NAME, call.request) if call.request else None,
        agent=NAME,
        session_id=call.session,
        trace_id=record.trace_id,
        at=seconds(record.time_ns) or ARRIVAL,
        model=plain_model(call.model),
        provider=PROVIDER,
        success=True,
        latency_ms=call.duration_ms,
        # Thinking is part of the output here, and not told apart.
        tokens=Tokens(
            input=call.input_tokens,
            output=call.output_tokens,
            cache_read=call.cache_read_tokens,
            cache_write=call.cache_creation_tokens,
        ),
        cost_usd=call.cost_usd,
        cost_source=None if call.cost_usd is None else "reported",
    )
    return (event if event.id else identified(event, "call", *_of_event(record)),)


def _request(fields: Fields) -> _Request:
    """Return attributes that are not as they should be: numbers in text, or none that can be."""
    return _Request(
        model=required_text(fields, "model"),
        session=text(fields, SESSION, length_max=SESSION_LENGTH_MAX),
        request=text(fields, REQUEST, length_max=SESSION_LENGTH_MAX),
        duration_ms=milliseconds(fields, "duration_ms"),
        cost_usd=usd(fields, "cost_usd"),
        input_tokens=count(fields, "input_tokens"),
        output_tokens=count(fields, "output_tokens"),
        cache_read_tokens=count(fields, "cache_read_tokens"),
        cache_creation_tokens=count(fields, "cache_creation_tokens"),
    )


def _failed(record: LogRecord) -> Iterable[Event]:
    fields = record.attributes
    event = Completion(
        **_common(record),
        model=plain_model(required_text(fields, "model")),
        provider=PROVIDER,
        success=False,
        latency_ms=milliseconds(fields, "duration_ms"),
        error=text(fields, "error", length_max=ERROR_LENGTH_MAX),
        status_code=status_code(fields, "status_code"),
    )
    return (identified(event, "call", *_of_call(record)),)


def _tool(record: LogRecord) -> Iterable[Event]:
    fields = record.attributes
    event = ToolCall(
        **_common(record),
        tool=required_text(fields, "tool_name"),
        success=flag(fields, "success"),
        duration_ms=milliseconds(fields, "duration_ms"),
        error=kind(fields, "error_type"),  # `error` may hold what the tool put out.
    )
    use = text(fields, "tool_use_id")
    return (identified(event, "tool", *((use,) if use else _of_event(record))),)


def _compaction(record: LogRecord) -> Iterable[Event]:
    failed = flag(record.attributes, "success") is False
    message = "context compaction failed" if failed else "context compacted"
    told = _told(record.attributes, "trigger", "duration_ms", "pre_tokens", "post_tokens")
    return (_log(record, Log(level="warn" if failed else "info", **_said(message, told))),)


def _internal_error(record: LogRecord) -> Iterable[Event]:
    told = _told(record.attributes, "error_name", "error_code")
    return (_log(record, Log(level="error", **_said("internal error", told))),)


def _mcp_connection(record: LogRecord) -> Iterable[Event]:
    if record.attributes.get("status") != "failed":
        return ()
    told = _told(record.attributes, "transport_type", "server_scope", "error_code")
    return (_log(record, Log(level="warn", **_said("MCP server connection failed", told))),)


_BY_EVENT: Final[dict[str, Callable[[LogRecord], Iterable[Event]]]] = {
    "api_request": _succeeded,
    "api_error": _failed,
    "tool_result": _tool,
    "compaction": _compaction,
    "internal_error": _internal_error,
    "mcp_server_connection": _mcp_connection,
}
_READERS: Final = _BY_EVENT | {PREFIX + name: read for name, read in _BY_EVENT.items()}
"""The readers by the names of their events, which stand alone or behind the agent's own."""


def _common(record: LogRecord) -> dict[str, Any]:
    fields = record.attributes
    return {
        "agent": NAME,
        "session_id": text(fields, SESSION, length_max=SESSION_LENGTH_MAX),
        "request_id": text(fields, REQUEST, length_max=SESSION_LENGTH_MAX),
        "trace_id": record.trace_id,
        "at": seconds(record.time_ns) or ARRIVAL,
    }


def _said(message: str, told: dict[str, str]) -> dict[str, Any]:
    return {"source": NAME, "message": message, "context": told or None}


def _told(fields: Fields, *names: str) -> dict[str, str]:
    """Return those of the attributes that are there; words and numbers, and never content."""
    return {name: value for name in names if (value := kind(fields, name)) is not None}


def _log(record: LogRecord, event: Log) -> Event:
    for name, value in _common(record).items():
        setattr(event, name, value)
    return identified(event, "log", *_of_event(record))


def _of_call(record: LogRecord) -> tuple[object, ...]:
    """Return what tells a call from others."""
    request = text(record.attributes, REQUEST, length_max=SESSION_LENGTH_MAX)
    return (request,) if request else _of_event(record)


def _of_event(record: LogRecord) -> tuple[object, ...]:
    """Return what tells an event from others of its kind."""
    session = text(record.attributes, SESSION, length_max=SESSION_LENGTH_MAX)
    sequence = text(record.attributes, "event.sequence")
    if session and sequence:
        return (session, sequence, record.time_ns)
    return (session, record.time_ns, digest(record.attributes))
