"""opencode's log events, as DEVtheOPS/opencode-plugin-otel writes them.

They mirror Claude Code's, under bare names, and are dated by when the thing began. A session within
a session is a task and no session. A cost of 0 stands for every model without a price, so it is
unknown, not free. A call is a step: its duration is that of the call and the tools it asked for.
The error of a session may be JSON that holds the headers and the body of a response: only its name
and its message are read.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    count,
    flag,
    kind,
    milliseconds,
    parts,
    required_text,
    status_code,
    text,
    usd,
)
from exporter.agents.identity import identified
from exporter.agents.opencode.names import ERROR_LENGTH_MAX, NAME, SESSION, bare
from exporter.agents.providers import provider_name
from exporter.event.otel import LogRecord, seconds
from exporter.event.tokens import Tokens
from exporter.event.types import (
    ARRIVAL,
    Activity,
    ActivityKind,
    Completion,
    Event,
    Log,
    ToolCall,
)


def read_log(record: LogRecord) -> Iterable[Event]:
    """Return the event that a log record tells of. Raises `Unfit`."""
    read = _READERS.get(bare(record.name))
    event = read(record) if read else None
    return [event] if event else ()


def _call(record: LogRecord) -> Event:
    fields = record.attributes
    call = _completion(record)
    call.success = True
    call.cost_usd = usd(fields, "cost_usd") or None
    call.cost_source = "reported" if call.cost_usd else None
    call.tokens = Tokens(
        input=count(fields, "input_tokens"),
        output=count(fields, "output_tokens"),
        reasoning=count(fields, "reasoning_tokens"),
        cache_read=count(fields, "cache_read_tokens"),
        cache_write=count(fields, "cache_creation_tokens"),
    )
    return identified(call, "call", record.name, record.time_ns, fields)


def _failed_call(record: LogRecord) -> Event:
    fields = record.attributes
    call = _completion(record)
    call.success = False
    call.error = text(fields, "error", length_max=ERROR_LENGTH_MAX)
    call.error_type = text(fields, "error.type")
    call.status_code = status_code(fields, "status_code")
    return identified(call, "call", record.name, record.time_ns, fields)


def _completion(record: LogRecord) -> Completion:
    fields = record.attributes
    took_ms = milliseconds(fields, "duration_ms")
    return Completion(
        model=required_text(fields, "model"),
        provider=text(fields, "gen_ai.provider.name") or provider_name(text(fields, "provider")),
        agent=NAME,
        session_id=_session(record),
        trace_id=record.trace_id or None,
        at=_ended_at(record, took_ms),
        latency_ms=took_ms,
    )


def _tool_call(record: LogRecord) -> Event:
    took_ms = milliseconds(record.attributes, "duration_ms")
    call = ToolCall(
        tool=required_text(record.attributes, "tool_name"),
        agent=NAME,
        session_id=_session(record),
        trace_id=record.trace_id or None,
        at=_ended_at(record, took_ms),
        success=flag(record.attributes, "success"),
        duration_ms=took_ms,
    )
    return identified(call, "tool", record.time_ns, record.attributes)


def _session_created(record: LogRecord) -> Event | None:
    session = _session(record)
    if flag(record.attributes, "is_subagent"):
        return None
    once = (session,) if session else (record.time_ns, record.attributes)
    return identified(_activity(record, "session"), "point", "session", *once)


def _commit(record: LogRecord) -> Event:
    found = _activity(record, "commit")
    return identified(found, "point", "commit", record.time_ns, record.attributes)


def _activity(record: LogRecord, kind: ActivityKind) -> Activity:
    return Activity(
        kind=kind,
        amount=1,
        agent=NAME,
        session_id=_session(record),
        at=seconds(record.time_ns) or ARRIVAL,
    )


def _session_error(record: LogRecord) -> Event:
    log = Log(
        level="error",
        source=NAME,
        message=_error(record.attributes) or "the session failed",
        agent=NAME,
        session_id=_session(record),
        at=seconds(record.time_ns) or ARRIVAL,
    )
    return identified(log, "log", record.name, record.time_ns, record.attributes)


def _error(fields: Fields) -> str | None:
    """Return an error's text; of one that is JSON, name and message: the rest may be secret."""
    found = fields.get("error")
    if isinstance(found, str):
        found = _parsed(found)
    if isinstance(found, str):
        return found[:ERROR_LENGTH_MAX]
    if not isinstance(found, dict):
        return None
    message = text(parts(found, "data"), "message", length_max=ERROR_LENGTH_MAX)
    return ": ".join(told for told in (kind(found, "name"), message) if told)[:ERROR_LENGTH_MAX]


def _parsed(written: str) -> Any:  # noqa: ANN401 - what JSON holds
    """Return what a text holds as JSON: itself where it is none, nothing where that is broken."""
    if not written.lstrip().startswith(("{", "[")):
        return written
    try:
        return msgspec.json.decode(written)
    except (msgspec.DecodeError, RecursionError):
        return None


def _session(record: LogRecord) -> str | None:
    return text(record.attributes, SESSION, length_max=SESSION_LENGTH_MAX)


def _ended_at(record: LogRecord, took_ms: float | None) -> float:
    began_at = seconds(record.time_ns)
    return ARRIVAL if began_at is None else began_at + (took_ms or 0) / 1_000


_READERS: Final[dict[str, Callable[[LogRecord], Event | None]]] = {
    "api_request": _call,
    "api_error": _failed_call,
    "tool_result": _tool_call,
    "session.created": _session_created,
    "session.error": _session_error,
    "commit": _commit,
}
