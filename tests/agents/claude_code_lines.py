"""Lines of Claude Code's stream, as short as a test needs them, and what a run of them tells."""

from typing import Any

from exporter.agents.claude_code.stream import ClaudeCodeStream
from exporter.event.types import Event
from tests.agents.records import NOW, checked

Line = dict[str, Any]

TIMESTAMP = "2027-01-15T07:59:50.500Z"
AT = NOW - 9.5

INIT: Line = {
    "type": "system",
    "subtype": "init",
    "session_id": "s",
    "model": "claude-opus-5[1m]",
    "cwd": "/home/somebody",
    "tools": ["Bash"],
}


def message(message_id: str, *, model: str = "claude-opus-5", **fields: Any) -> Line:  # noqa: ANN401 - a line
    """Return a line of a message of request `req_` and its id."""
    usage = fields.pop("usage", {"input_tokens": 2, "output_tokens": 1})
    return {
        "type": "assistant",
        "session_id": "s",
        "timestamp": TIMESTAMP,
        "request_id": f"req_{message_id}",
        "parent_tool_use_id": None,
        "message": {
            "id": message_id,
            "model": model,
            "usage": usage,
            "content": fields.pop("content", []),
        },
        **fields,
    }


def result(**fields: Any) -> Line:  # noqa: ANN401 - a line
    """Return the line of a result that tells of no model unless it is given one."""
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "session_id": "s",
        "uuid": "u",
        "duration_ms": 4_300,
        "duration_api_ms": 4_264,
        "ttft_ms": 2_131,
        "terminal_reason": "completed",
        "result": "the answer",
        "modelUsage": {},
        **fields,
    }


def used(**fields: Any) -> Line:  # noqa: ANN401 - a line
    """Return what a result tells of a model."""
    return {
        "inputTokens": 18,
        "outputTokens": 175,
        "cacheReadInputTokens": 34_324,
        "cacheCreationInputTokens": 7_314,
        "costUSD": 0.0189534,
        **fields,
    }


def read(*lines: Line, reader: ClaudeCodeStream | None = None, ended: bool = False) -> list[Event]:
    """Return the events of a run that writes these lines at `NOW`."""
    reader = reader or ClaudeCodeStream(None)
    events = [event for line in lines for event in checked(reader.read(line, NOW))]
    return [*events, *(checked(reader.end(NOW)) if ended else [])]


def of_type(events: list[Event], kind: type[Event]) -> list[Any]:
    """Return those of the events that are of one type."""
    return [event for event in events if isinstance(event, kind)]
