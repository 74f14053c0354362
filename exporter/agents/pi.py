"""Pi: the lines of `pi --mode json`, from its documentation of the JSON event stream.

Each message of the assistant is a call; `turn_end` and `agent_end` repeat it and count nothing. Pi
keeps what was cached apart from the input, and counts reasoning within the output. Its cost comes
from a table of its own, which has 0 for what it does not know.

Lines carry no time. What began and ended is timed by when its lines came, which only tells
something while the agent runs: a recording is read all at once, and what took no time at all is
taken for unknown. A message names the instant at which it began.
"""

from collections.abc import Iterable
from typing import Any, Final

from exporter.agents.agent import Agent
from exporter.agents.begun import Begun, elapsed_ms
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    count,
    flag,
    instant,
    milliseconds,
    parts,
    required_text,
    text,
    usd,
)
from exporter.agents.identity import digest, identified
from exporter.agents.providers import provider_name
from exporter.event.tokens import Tokens
from exporter.event.types import UNKNOWN, Completion, Event, RequestEnded, ToolCall

NAME: Final = "pi"
CHANNEL: Final = "cli"
ERROR_LENGTH_MAX: Final = 4_096

_MESSAGE: Final = "message"
_FAILED: Final = {"error": None, "aborted": "cancelled"}
"""The stop reasons of calls that failed, and what the failure is where that is known."""


class PiStream:
    """Reads the lines of one run. `model` is used where they name none. The run is one request."""

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._session: str | None = None
        self._begun = Begun()
        self._first_at: float | None = None
        self._last_at = 0.0
        self._success = True

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Read one line, which came at `now`."""
        kind = text(line, "type")
        message = parts(line, "message")
        if kind == "session":
            self._session = text(line, "id", length_max=SESSION_LENGTH_MAX)
        elif kind in {"message_start", "message_end"}:
            began_at = instant(message, "timestamp") or now
            self._first_at = began_at if self._first_at is None else self._first_at
            if message.get("role") != "assistant":
                return ()
            if kind == "message_end":
                return [self._call(message, began_at, now)]
            self._begun.begin(_MESSAGE, _MESSAGE, now)
        elif kind == "tool_execution_start":
            tool = required_text(line, "toolName")
            self._begun.begin(required_text(line, "toolCallId"), tool, now)
        elif kind == "tool_execution_end":
            return [self._tool_call(line, now)]
        return ()

    def end(self, now: float) -> Iterable[Event]:  # noqa: ARG002 - a replay ends at any time
        """End the request, as of its last call and with the outcome of that."""
        if self._first_at is None or not self._last_at:
            return ()
        first_at, self._first_at = self._first_at, None
        ended = RequestEnded(
            request_id=self._session or digest(first_at),
            channel=CHANNEL,
            agent=NAME,
            session_id=self._session,
            success=self._success,
            duration_ms=elapsed_ms(first_at, self._last_at) or None,
            at=self._last_at,
        )
        return [identified(ended, "request", self._session, first_at)]

    def _call(self, message: Fields, began_at: float, now: float) -> Event:
        reason = text(message, "stopReason")
        failed = reason in _FAILED
        took_ms = self._took_ms(message, began_at, now)
        usage = parts(message, "usage")
        cost_usd = usd(parts(usage, "cost"), "total") or None
        call = Completion(
            model=text(message, "model") or self._model or UNKNOWN,
            provider=provider_name(text(message, "provider")),
            agent=NAME,
            session_id=self._session,
            latency_ms=took_ms,
            success=not failed,
            tokens=_tokens(usage),
            cost_usd=cost_usd,
            cost_source=None if cost_usd is None else "reported",
            finish_reason=None if failed else reason,
            at=began_at + (took_ms or 0) / 1_000,
        )
        if failed:
            call.error = text(message, "errorMessage", length_max=ERROR_LENGTH_MAX)
            call.error_type = _FAILED[reason or ""]
        self._last_at, self._success = call.at, not failed
        response = text(message, "responseId", length_max=SESSION_LENGTH_MAX)
        if response:
            return identified(call, "call", response)
        return identified(call, "call", self._session, message.get("timestamp"), call.tokens)

    def _took_ms(self, message: Fields, began_at: float, now: float) -> float | None:
        """Return how long a call took: as it says itself, else until now, if now means anything."""
        _, between_lines = self._begun.end(_MESSAGE, now)
        told = milliseconds(parts(message, "latencyBreakdown"), "totalMs")
        if told is None and between_lines and "timestamp" in message:
            return elapsed_ms(began_at, now)
        return told

    def _tool_call(self, line: Fields, now: float) -> Event:
        call_id = required_text(line, "toolCallId")
        begun, took_ms = self._begun.end(call_id, now)
        call = ToolCall(
            tool=text(line, "toolName") or begun or UNKNOWN,
            agent=NAME,
            session_id=self._session,
            success=not flag(line, "isError"),
            duration_ms=took_ms or None,
            at=now,
        )
        return identified(call, "tool", self._session, call_id)


def _tokens(usage: Fields) -> Tokens:
    """Make the parts disjoint. A total that leaves the caches out, as some do, claims nothing."""
    prompt, output = count(usage, "input"), count(usage, "output")
    reasoning, total = count(usage, "reasoning"), count(usage, "totalTokens")
    cache_read, cache_write = count(usage, "cacheRead"), count(usage, "cacheWrite")
    if (cache_read or cache_write) and total == (prompt or 0) + (output or 0):
        total = None
    return Tokens(
        input=prompt,
        output=None if output is None else max(output - (reasoning or 0), 0),
        reasoning=reasoning,
        cache_read=cache_read,
        cache_write=cache_write,
        total=total,
    )


AGENT: Final = Agent(name=NAME, services=frozenset(), stream=PiStream)
"""Pi exports no telemetry, so a service that calls itself so is none of it."""
