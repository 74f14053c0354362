"""The lines of `gemini --output-format stream-json`.

What is ugly: they tell no single call. The last line sums the run up by model, so a run is one
completion a model, with a latency only where it can have been one call. Thinking is in the total
alone, together with what tools put into the prompt, which is rare and little; the rest of the total
counts as reasoning, so that all tokens are there. What was read from a cache is told for all models
together by some versions, and is shared out among them in proportion to their input.
"""

from collections.abc import Iterable
from typing import Any

from exporter.agents.begun import Begun
from exporter.agents.fields import (
    SESSION_LENGTH_MAX,
    Fields,
    count,
    instant,
    milliseconds,
    parts,
    required_text,
    status_code,
    text,
)
from exporter.agents.gemini_cli.names import CHANNEL, ERROR_LENGTH_MAX, NAME, PROVIDER
from exporter.agents.identity import digest, identified
from exporter.event.tokens import Tokens
from exporter.event.types import (
    NAME_LENGTH_MAX,
    UNKNOWN,
    Completion,
    Event,
    Log,
    RequestEnded,
    ToolCall,
)


class GeminiStream:
    """Reads the lines of one run. `model` is used where they name none."""

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._session: str | None = None
        self._tools = Begun()
        self._running = False

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Read one line; it names its own instant."""
        at = instant(line, "timestamp") or now
        kind = text(line, "type")
        if kind == "init":
            self._session = text(line, "session_id", length_max=SESSION_LENGTH_MAX)
            self._model = text(line, "model") or self._model
            self._running = True
        elif kind == "tool_use":
            self._tools.begin(required_text(line, "tool_id"), required_text(line, "tool_name"), at)
        elif kind == "tool_result":
            return [self._tool_call(line, at)]
        elif kind == "error":
            return [self._log(line, at)]
        elif kind == "result":
            self._running = False
            return self._result(line, at)
        return ()

    def end(self, now: float) -> Iterable[Event]:
        """End a run that broke off before its result."""
        if not self._running:
            return ()
        self._running = False
        broken = self._request_ended(now)
        broken.success, broken.error = False, "the stream ended without a result"
        return [identified(broken, "request", self._session, "broken off")]

    def _tool_call(self, line: Fields, at: float) -> Event:
        tool_id = required_text(line, "tool_id")
        name, took_ms = self._tools.end(tool_id, at)
        success = line.get("status") != "error"
        call = ToolCall(
            tool=name or UNKNOWN,
            agent=NAME,
            session_id=self._session,
            at=at,
            success=success,
            duration_ms=took_ms,
            error=None if success else text(parts(line, "error"), "type"),
        )
        return identified(call, "tool", self._session, tool_id)

    def _log(self, line: Fields, at: float) -> Event:
        log = Log(
            level="warn" if line.get("severity") == "warning" else "error",
            source=NAME,
            message=text(line, "message", length_max=ERROR_LENGTH_MAX) or "an error without a text",
            agent=NAME,
            session_id=self._session,
            at=at,
        )
        return identified(log, "log", self._session, line.get("timestamp"), log.message)

    def _result(self, line: Fields, at: float) -> Iterable[Event]:
        stats, error = parts(line, "stats"), parts(line, "error")
        once = self._session, line.get("timestamp")
        for completion in _run_completions(stats, self._model or UNKNOWN):
            yield identified(self._placed(completion, at), "call", *once, completion.model)
        ended = self._request_ended(at)
        ended.success = line.get("status") != "error"
        ended.duration_ms = milliseconds(stats, "duration_ms")
        if not ended.success:
            ended.error = text(error, "message", length_max=ERROR_LENGTH_MAX)
            if _is_of_a_call(text(error, "type")):
                yield identified(self._placed(self._failed(error), at), "call", *once, "error")
        yield identified(ended, "request", *once)

    def _failed(self, error: Fields) -> Completion:
        return Completion(
            model=self._model or UNKNOWN,
            success=False,
            error=text(error, "message", length_max=ERROR_LENGTH_MAX),
            error_type=text(error, "type"),
            status_code=status_code(error, "code"),
        )

    def _placed(self, completion: Completion, at: float) -> Completion:
        completion.provider, completion.agent = PROVIDER, NAME
        completion.session_id, completion.at = self._session, at
        return completion

    def _request_ended(self, at: float) -> RequestEnded:
        request_id = self._session or digest(at)
        return RequestEnded(
            request_id=request_id,
            agent=NAME,
            session_id=self._session,
            channel=CHANNEL,
            at=at,
        )


def _run_completions(stats: Fields, model: str) -> list[Completion]:
    """Return a completion for each model that was called; versions before 0.53 name none."""
    models = parts(stats, "models") or {model: stats}
    used = {name[:NAME_LENGTH_MAX]: parts(models, name) for name in models if name}
    used = {name: usage for name, usage in used.items() if count(usage, "total_tokens")}
    once = len(used) == 1 and count(stats, "tool_calls") == 0
    completions = []
    for (name, usage), cached in zip(used.items(), _cached(stats, used), strict=True):
        completion = Completion(model=name, success=True, tokens=_run_tokens(usage, cached))
        completion.latency_ms = milliseconds(stats, "duration_ms") if once else None
        completions.append(completion)
    return completions


def _cached(stats: Fields, used: dict[str, dict[str, Any]]) -> list[int | None]:
    """Return what each model read from a cache, by its input where only the sum is told."""
    own = [count(usage, "cached") for usage in used.values()]
    cached = count(stats, "cached")
    if cached is None or all(share is not None for share in own):
        return own
    prompts = [count(usage, "input_tokens") or 0 for usage in used.values()]
    prompt, seen, given = sum(prompts), 0, 0
    shares: list[int | None] = []
    for tokens in prompts:
        seen += tokens
        due = min(cached, prompt) * seen // max(prompt, 1)  # Rounded in sum, so none is lost.
        shares.append(due - given)
        given = due
    return shares


def _run_tokens(usage: Fields, cached: int | None) -> Tokens:
    prompt, output = count(usage, "input_tokens"), count(usage, "output_tokens")
    total = count(usage, "total_tokens")
    rest = None if total is None else total - (prompt or 0) - (output or 0)
    return Tokens(
        input=None if prompt is None else max(prompt - (cached or 0), 0),
        output=output,
        reasoning=rest if rest is not None and rest >= 0 else None,
        cache_read=cached,
        total=total,
    )


def _is_of_a_call(error_type: str | None) -> bool:
    """Whether a run failed in a call: the other `Fatal...Error`s are of input, limits, tools."""
    return not (error_type or "").startswith("Fatal") or error_type == "FatalAuthenticationError"
