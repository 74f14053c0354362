"""The lines of `claude -p --output-format stream-json --verbose`.

What happens is told as it happens: tools, retries, limits. What it cost is told at the end of a
turn, by a `result`, and most of it a model and not a call (`exporter.agents.claude_code.calls`).
A result says `"subtype": "success"` even of a turn that failed, so only `is_error` counts.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

from exporter.agents.begun import Begun
from exporter.agents.claude_code.calls import Call, Calls
from exporter.agents.claude_code.limits import quotas
from exporter.agents.claude_code.names import NAME, NO_MODEL, PROVIDER, plain_model
from exporter.agents.claude_code.usage import line_tokens, model_usage
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    flag,
    instant,
    milliseconds,
    parts,
    status_code,
    text,
)
from exporter.agents.identity import identified
from exporter.event.types import (
    UNKNOWN,
    Completion,
    CompletionDetail,
    Event,
    RequestEnded,
    ToolCall,
)

CHANNEL: Final = "cli"
ERROR_LENGTH_MAX: Final = 1_024

_TOO_MANY_REQUESTS: Final = 429
_API_ERROR: Final = "api_error"


class ClaudeCodeStream:
    """Reads one run. `model` is what it calls, until a line says so itself."""

    def __init__(self, model: str | None = None) -> None:
        self._model = plain_model(model) if model else None
        self._session_id: str | None = None
        self._began_at: float | None = None
        self._calls = Calls()
        self._tools = Begun()
        self._failed_request_id: str | None = None
        self._lines = 0
        self._calls_before = 0
        self._readers: dict[str, Callable[[Fields, float], Iterable[Event]]] = {
            "system": self._system,
            "assistant": self._assistant,
            "user": self._user,
            "rate_limit_event": self._limits,
            "result": self._result,
        }

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Return the events that a line tells of, which was written at `now`, Unix seconds.

        Raises `Unfit`.
        """
        self._lines += 1
        if self._began_at is None:
            self._began_at = now
        session_id = text(line, "session_id", length_max=SESSION_LENGTH_MAX)
        self._session_id = session_id or self._session_id
        read = self._readers.get(text(line, "type") or "")
        return list(read(line, instant(line, "timestamp") or now)) if read else ()

    def end(self, _now: float) -> Iterable[Event]:
        """Return the calls of a run that came to no result."""
        return self._calls.left()

    def _system(self, line: Fields, at: float) -> Iterable[Event]:
        subtype = line.get("subtype")
        if subtype == "init":
            self._name_model(text(line, "model"))
        elif subtype == "api_retry" and status_code(line, "error_status") == _TOO_MANY_REQUESTS:
            event = CompletionDetail(
                agent=NAME,
                session_id=self._session_id,
                model=self._model or UNKNOWN,
                provider=PROVIDER,
                limited=True,
                at=at,
            )
            return (identified(event, "detail", *self._of_line(line)),)
        return ()

    def _assistant(self, line: Fields, at: float) -> Iterable[Event]:
        message = parts(line, "message")
        model = text(message, "model")
        request_id = text(line, "request_id", length_max=SESSION_LENGTH_MAX)
        if model == NO_MODEL:
            self._failed_request_id = request_id
            return ()
        tokens = line_tokens(parts(message, "usage"))
        if not line.get("parent_tool_use_id"):  # Those with one are a subagent's.
            self._name_model(model)
        key = text(message, "id") or request_id or text(line, "uuid")
        if key:
            model = plain_model(model) if model else self._model or UNKNOWN
            call = Call(
                key=key,
                model=model,
                session_id=self._session_id,
                request_id=request_id,
                at=at,
                tokens=tokens,
            )
            self._calls.add(call)
        for block in _blocks(message, "tool_use"):
            use, name = text(block, "id"), text(block, "name")
            if use and name:
                self._tools.begin(use, name, instant(line, "timestamp") or math.nan)
        return ()

    def _user(self, line: Fields, at: float) -> Iterable[Event]:
        for block in _blocks(parts(line, "message"), "tool_result"):
            use = text(block, "tool_use_id") or ""
            # A line without a time of its own may have been written at any.
            tool, duration_ms = self._tools.end(use, instant(line, "timestamp") or math.nan)
            if tool is None:
                continue
            event = ToolCall(
                agent=NAME,
                session_id=self._session_id,
                tool=tool,
                success=not flag(block, "is_error"),
                duration_ms=duration_ms,
                at=at,
            )
            yield identified(event, "tool", use)

    def _limits(self, line: Fields, at: float) -> Iterable[Event]:
        for quota in quotas(line, model=self._model, at=at):
            quota.session_id = self._session_id
            yield identified(quota, "quota", *self._of_line(line), quota.window)

    def _result(self, line: Fields, at: float) -> Iterable[Event]:
        told = model_usage(line)
        duration_ms = milliseconds(line, "duration_ms")
        api_duration_ms = milliseconds(line, "duration_api_ms")
        ttft_ms = milliseconds(line, "ttft_ms")
        seen = len(self._calls)
        nothing_called = not told.usages and not seen
        completions = self._calls.settle(told, self._unseen(line, at))
        if seen:
            completions[0].ttft_ms = ttft_ms
        if seen == len(completions) == 1 and not self._calls_before:
            completions[0].latency_ms = api_duration_ms
        self._calls_before += len(completions)
        for completion in completions:
            # Its share of the whole is right only together with those of the others.
            completion.run_id = self._run_of(line)
            yield completion
        if _call_failed(line, nothing_called=nothing_called):
            yield self._failure(line, at, duration_ms if nothing_called else None)
        self._failed_request_id = None
        yield self._ended(line, at, duration_ms)

    def _failure(self, line: Fields, at: float, latency_ms: float | None) -> Event:
        """Return the call that ended a turn by its failure; its answer tells why."""
        event = Completion(
            agent=NAME,
            session_id=self._session_id,
            request_id=self._failed_request_id,
            model=self._model or UNKNOWN,
            provider=PROVIDER,
            success=False,
            latency_ms=latency_ms,
            error=text(line, "result", length_max=ERROR_LENGTH_MAX),
            status_code=status_code(line, "api_error_status"),
            at=at,
        )
        request_id = self._failed_request_id
        return identified(event, "call", *((request_id,) if request_id else self._of_line(line)))

    def _ended(self, line: Fields, at: float, duration_ms: float | None) -> Event:
        failed = flag(line, "is_error") or False
        request_id = self._run_of(line)
        event = RequestEnded(
            agent=NAME,
            session_id=self._session_id,
            request_id=request_id,
            channel=CHANNEL,
            success=not failed,
            error=text(line, "terminal_reason") if failed else None,
            duration_ms=duration_ms,
            at=at,
        )
        return identified(event, "request", request_id)

    def _unseen(self, line: Fields, at: float) -> Call:
        return Call(
            key=self._run_of(line),
            model=UNKNOWN,
            session_id=self._session_id,
            request_id=None,
            at=at,
            tokens={},
        )

    def _name_model(self, model: str | None) -> None:
        if model and model != NO_MODEL:
            self._model = plain_model(model)

    def _run_of(self, result: Fields) -> str:
        """Return the id of the run, or of the turn of one, that a result is of."""
        return ":".join(map(str, self._of_line(result)))[-SESSION_LENGTH_MAX:]

    def _of_line(self, line: Fields) -> tuple[str | float | None, str | int]:
        """Return what tells a line from others: its id, else where in its session it stands."""
        return (self._session_id or self._began_at, text(line, "uuid") or self._lines)


def _call_failed(result: Fields, *, nothing_called: bool) -> bool:
    """Return whether a turn ended by a call that failed.

    Older versions say no more than that it is an error; with no call before it, it was the first.
    """
    if not flag(result, "is_error"):
        return False
    if status_code(result, "api_error_status") or result.get("terminal_reason") == _API_ERROR:
        return True
    return nothing_called and bool(text(result, "result"))


def _blocks(message: Fields, kind: str) -> list[dict[str, Any]]:
    """Return the blocks of a message that are of one kind."""
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict) and block.get("type") == kind]
