"""Gemini CLI's log events: each call, each failure and each tool as it ends.

Gemini tells a call twice, as `gemini_cli.api_response` and as the conventions'
`gen_ai.client.inference.operation.details`; only the first counts. Runs of sub-agents
(`agent.finish`) are no requests of a user, and count nothing. Gemini gives its events no id, so
one is known by all that it says; Qwen Code gives a call that of its response.
"""

from collections.abc import Iterable
from typing import Any, Final

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
)
from exporter.agents.gemini_cli.names import ERROR_LENGTH_MAX, SESSION, VERTEX_AI
from exporter.agents.identity import identified
from exporter.event.otel import LogRecord, seconds
from exporter.event.tokens import Tokens
from exporter.event.types import ARRIVAL, Completion, Event, Log, ToolCall

_NOTICES: Final = {
    "flash_fallback": "fell back to the flash model",
    "loop_detected": "the model was found in a loop",
    "chat.content_retry_failure": "gave up after empty or broken answers of the model",
}


class LogEvents:
    """Reads the log events of `agent`, whose names begin with `prefix`.

    `provider` is whose models it calls, where they are all of one.
    """

    def __init__(self, agent: str, prefix: str, *, provider: str | None) -> None:
        self._agent = agent
        self._prefix = prefix
        self._provider = provider

    def __call__(self, record: LogRecord, /) -> Iterable[Event]:
        """Return the event that a log record tells of. Raises `Unfit`."""
        event = record.name.removeprefix(self._prefix)
        if event == "api_response":
            return [self._succeeded(record)]
        if event == "api_error":
            return [self._failed(record)]
        if event == "tool_call":
            return [self._tool_call(record)]
        if event in _NOTICES:
            return [self._notice(record, _NOTICES[event])]
        return ()

    def _succeeded(self, record: LogRecord) -> Event:
        call = self._call(record)
        call.success = True
        call.tokens = _tokens(record.attributes)
        reasons = record.attributes.get("finish_reasons")
        if isinstance(reasons, list) and reasons and isinstance(reasons[0], str):
            call.finish_reason = reasons[0]
        return _identified_call(call, record)

    def _failed(self, record: LogRecord) -> Event:
        fields = record.attributes
        call = self._call(record)
        call.success = False
        call.error = _first(fields, "error.message", "error_message", "error")
        call.error_type = text(fields, "error.type") or text(fields, "error_type")
        told = status_code(fields, "status_code")
        call.status_code = told or status_code(fields, "http.status_code")
        return _identified_call(call, record)

    def _call(self, record: LogRecord) -> Completion:
        fields = record.attributes
        vertex_ai = self._provider is not None and fields.get("auth_type") == "vertex-ai"
        return Completion(
            **self._common(record),
            model=_model(fields),
            provider=VERTEX_AI if vertex_ai else self._provider,
            latency_ms=milliseconds(fields, "duration_ms"),
        )

    def _tool_call(self, record: LogRecord) -> Event:
        fields = record.attributes
        event = ToolCall(
            **self._common(record),
            tool=required_text(fields, "function_name"),
            success=flag(fields, "success"),
            duration_ms=milliseconds(fields, "duration_ms"),
            error=kind(fields, "error_type"),  # `error` may hold what the tool put out.
        )
        return identified(event, "tool", record.time_ns, fields)

    def _notice(self, record: LogRecord, message: str) -> Event:
        event = Log(**self._common(record), level="warn", source=self._agent, message=message)
        return identified(event, "log", record.name, record.time_ns, record.attributes)

    def _common(self, record: LogRecord) -> dict[str, Any]:
        return {
            "agent": self._agent,
            "session_id": text(record.attributes, SESSION, length_max=SESSION_LENGTH_MAX),
            "trace_id": record.trace_id or None,
            "at": seconds(record.time_ns) or ARRIVAL,
        }


def _identified_call(call: Completion, record: LogRecord) -> Event:
    response = text(record.attributes, "response_id", length_max=SESSION_LENGTH_MAX)
    if response:
        return identified(call, "call", response)
    return identified(call, "call", record.name, record.time_ns, record.attributes)


def _model(fields: Fields) -> str:
    """Return the model; of a call that failed there are two names, and either may be there."""
    return text(fields, "model") or text(fields, "model_name") or required_text(fields, "model")


def _first(fields: Fields, *names: str) -> str | None:
    found = (text(fields, name, length_max=ERROR_LENGTH_MAX) for name in names)
    return next((value for value in found if value), None)


def _tokens(fields: Fields) -> Tokens:
    """Make the parts disjoint: what was cached is within the input, and tools add to the input.

    Thoughts stand beside the output. Some models behind Qwen Code count them within it; then the
    total is the sum of the others.
    """
    prompt, tool = count(fields, "input_token_count"), count(fields, "tool_token_count")
    cached = count(fields, "cached_content_token_count")
    output, thoughts = count(fields, "output_token_count"), count(fields, "thoughts_token_count")
    total = count(fields, "total_token_count")
    if output and thoughts and total == (prompt or 0) + (tool or 0) + output:
        output = max(output - thoughts, 0)
    uncached = None if prompt is None else max(prompt - (cached or 0), 0)
    return Tokens(
        input=uncached if tool is None else (uncached or 0) + tool,
        output=output,
        reasoning=thoughts,
        cache_read=cached,
        total=total,
    )
