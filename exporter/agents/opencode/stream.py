"""The lines of `opencode run --format json`, each an event in an envelope with its time.

No line names a model, so that comes from who starts the run, as `provider/model`. Each step is a
call and the tools it asked for; it lasts from its first line to its last. Steps of sub-agents are
not among the lines. A cost of 0 stands for every model without a price, so it is unknown, not free.
An error may carry the headers and the body of a response: only its name, its message and its status
are read.
"""

from collections.abc import Iterable
from typing import Any, Final

from exporter.agents.begun import Begun, elapsed_ms
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    count,
    instant,
    parts,
    required_text,
    status_code,
    text,
    usd,
)
from exporter.agents.identity import digest, identified
from exporter.agents.opencode.names import CHANNEL, ERROR_LENGTH_MAX, NAME
from exporter.agents.providers import provider_name
from exporter.event.tokens import Tokens
from exporter.event.types import UNKNOWN, Completion, Event, RequestEnded, ToolCall

_STEP: Final = "step"


class OpencodeStream:
    """Reads the lines of one run of `model`, which is `provider/model`. The run is one request."""

    def __init__(self, model: str | None) -> None:
        provider, slash, name = (model or "").partition("/")
        self._provider = provider_name(provider) if slash else None
        self._model = (name if slash else provider) or UNKNOWN
        self._steps = Begun()
        self._session: str | None = None
        self._first_at: float | None = None
        self._last_at = 0.0
        self._failed = False

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Read one line; it names its own instant."""
        at = instant(line, "timestamp") or now
        kind, part = text(line, "type"), parts(line, "part")
        if kind not in {"step_start", "step_finish", "tool_use", "error"}:
            return ()
        self._session = text(line, "sessionID", length_max=SESSION_LENGTH_MAX) or self._session
        self._first_at = at if self._first_at is None else self._first_at
        self._last_at = at
        if kind == "step_finish":
            return [self._call(part, at)]
        if kind == "tool_use":
            return [self._tool_call(part, at)]
        if kind == "error":
            return [self._failed_call(parts(line, "error"), at)]
        self._steps.begin(text(part, "messageID") or "", _STEP, at)
        return ()

    def end(self, now: float) -> Iterable[Event]:  # noqa: ARG002 - a replay ends at any time  # noqa: ARG002 - a replay ends at any time
        """End the request, as of the last line that told of it."""
        if self._first_at is None:
            return ()
        first_at, self._first_at = self._first_at, None
        ended = RequestEnded(
            request_id=self._session or digest(first_at),
            channel=CHANNEL,
            agent=NAME,
            session_id=self._session,
            success=not self._failed,
            duration_ms=elapsed_ms(first_at, self._last_at),
            at=self._last_at,
        )
        return [identified(ended, "request", self._session, first_at)]

    def _call(self, part: Fields, at: float) -> Event:
        message = text(part, "messageID")
        call = self._completion(at)
        _, call.latency_ms = self._steps.end(message or "", at)
        call.success = True
        call.finish_reason = text(part, "reason")
        call.tokens = _tokens(parts(part, "tokens"))
        call.cost_usd = usd(part, "cost") or None
        call.cost_source = "reported" if call.cost_usd else None
        step = text(part, "id")
        return identified(call, "call", self._session, *([step] if step else [message, at]))

    def _failed_call(self, error: Fields, at: float) -> Event:
        """Return the call that failed: its name, message and status; the rest may be secret."""
        self._failed = True
        data = parts(error, "data")
        message = text(data, "message", length_max=ERROR_LENGTH_MAX)
        call = self._completion(at)
        call.success = False
        call.error = message or text(error, "message", length_max=ERROR_LENGTH_MAX)
        call.error_type = text(error, "name")
        call.status_code = status_code(data, "statusCode")
        return identified(call, "call", self._session, "error", at)

    def _completion(self, at: float) -> Completion:
        return Completion(
            model=self._model,
            provider=self._provider,
            agent=NAME,
            session_id=self._session,
            at=at,
        )

    def _tool_call(self, part: Fields, at: float) -> Event:
        state = parts(part, "state")
        began_at = instant(parts(state, "time"), "start")
        ended_at = instant(parts(state, "time"), "end")
        took_ms = None if began_at is None or ended_at is None else elapsed_ms(began_at, ended_at)
        call = ToolCall(
            tool=required_text(part, "tool"),
            agent=NAME,
            session_id=self._session,
            success=text(state, "status") != "error",
            duration_ms=took_ms,
            at=ended_at or at,
        )
        call_id = text(part, "callID", length_max=SESSION_LENGTH_MAX)
        return identified(call, "tool", self._session, call_id or at)


def _tokens(fields: Fields) -> Tokens:
    """Return the parts as they are: opencode keeps them disjoint. Some versions tell no total."""
    cache = parts(fields, "cache")
    return Tokens(
        input=count(fields, "input"),
        output=count(fields, "output"),
        reasoning=count(fields, "reasoning"),
        cache_read=count(cache, "read"),
        cache_write=count(cache, "write"),
        total=count(fields, "total"),
    )
