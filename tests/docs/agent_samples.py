"""One of everything that agents tell and that is read: by agent, and by what it comes from.

By hand, after the formats. Every record has the attributes of `CONTENT` too, which must go nowhere.
"""

from typing import Any

from exporter.agents.registry import AGENTS
from exporter.agents.translate import translate
from exporter.event.otel import Record
from exporter.event.types import Event
from tests.agents.records import NOW, log_record, point, span
from tests.cli.recorded import RUNS, Lines

SECRET = "what nobody may keep"  # noqa: S105 - as good as one
CONTENT = dict.fromkeys(
    (
        "prompt",
        "response",
        "tool_input",
        "tool_parameters",
        "arguments",
        "function_args",
        "output",
        "request_text",
        "response_text",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "user.email",
        "user.account_id",
    ),
    SECRET,
)

Attributes = dict[str, Any]

Named = tuple[str, Attributes]
"""What a record is called, and its attributes."""

IN_SESSION: Attributes = {"session.id": "s", **CONTENT}
MODEL: Attributes = {"model": "m", "duration_ms": 5, **IN_SESSION}
USED: Attributes = {"input_tokens": 9, "output_tokens": 9, "cost_usd": 0.5}
TOOL: Attributes = {
    "tool_name": "t",
    "success": "false",
    "duration_ms": 5,
    "error": SECRET,
    **IN_SESSION,
}
ADDED: Attributes = {"type": "added", **IN_SESSION}
OF_CODEX: Attributes = {"model": "m", "conversation.id": "s", "duration_ms": "5", **CONTENT}


def logs(service: str, *records: Named) -> list[Record]:
    """Return log records of a service."""
    return [log_record(service, name, **attributes) for name, attributes in records]


def points(service: str, *metrics: Named) -> list[Record]:
    """Return data points of a service's metrics."""
    return [point(service, name, 2, **attributes) for name, attributes in metrics]


def claude_code_logs() -> list[Record]:
    """Return what Claude Code logs; its call is the one of its recorded run `s`."""
    return logs(
        "claude-code",
        ("api_request", {**MODEL, **USED, "request_id": "req_s"}),
        ("api_error", MODEL),
        ("tool_result", TOOL),
        ("compaction", IN_SESSION),
    )


def claude_code_spans() -> list[Record]:
    """Return Claude Code's spans."""
    return [
        span("claude-code", "claude_code.llm_request", ttft_ms=9, stop_reason="end_turn", **MODEL),
        span("claude-code", "claude_code.tool.blocked_on_user", **MODEL),
        span("claude-code", "claude_code.interaction", **IN_SESSION),
    ]


def claude_code_points() -> list[Record]:
    """Return Claude Code's metrics."""
    return points(
        "claude-code",
        ("claude_code.session.count", IN_SESSION),
        ("claude_code.lines_of_code.count", ADDED),
        ("claude_code.commit.count", IN_SESSION),
        ("claude_code.pull_request.count", IN_SESSION),
        ("claude_code.active_time.total", {**IN_SESSION, "type": "cli"}),
        ("claude_code.code_edit_tool.decision", {**TOOL, "decision": "accept"}),
    )


def codex_logs() -> list[Record]:
    """Return what Codex logs."""
    counts = {"input_token_count": "9", "output_token_count": "9", "cached_token_count": 1}
    completed = {"event.kind": "response.completed", **counts}
    return logs(
        "codex_exec",
        ("codex.sse_event", {**OF_CODEX, **completed}),
        ("codex.api_request", {**OF_CODEX, "http.response.status_code": 500}),
        ("codex.turn_ttft", OF_CODEX),
        ("codex.tool_result", {**OF_CODEX, "tool_name": "t", "success": "true"}),
        ("codex.conversation_starts", OF_CODEX),
    )


def gemini_logs(service: str, prefix: str) -> list[Record]:
    """Return what Gemini CLI logs, and Qwen Code after it."""
    counts = {"input_token_count": 9, "output_token_count": 9, "finish_reasons": ["STOP"]}
    return logs(
        service,
        (f"{prefix}.api_response", {**MODEL, **counts}),
        (f"{prefix}.api_error", {**MODEL, "status_code": 500}),
        (f"{prefix}.tool_call", {**TOOL, "function_name": "t"}),
        (f"{prefix}.flash_fallback", IN_SESSION),
    )


def gemini_points(service: str, prefix: str) -> list[Record]:
    """Return the metrics of Gemini CLI, and of Qwen Code after it."""
    return points(
        service, (f"{prefix}.session.count", IN_SESSION), (f"{prefix}.lines.changed", ADDED)
    )


def opencode_logs() -> list[Record]:
    """Return what opencode's plugin logs."""
    return logs(
        "opencode",
        ("api_request", {**MODEL, **USED}),
        ("api_error", MODEL),
        ("tool_result", TOOL),
        ("session.created", IN_SESSION),
        ("session.error", IN_SESSION),
        ("commit", IN_SESSION),
    )


def opencode_spans() -> list[Record]:
    """Return the spans of opencode's other plugin."""
    chat: Attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **IN_SESSION}
    used: Attributes = {"gen_ai.usage.input_tokens": 9, "gen_ai.response.finish_reasons": ["stop"]}
    tool: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "t",
        **IN_SESSION,
    }
    agent: Attributes = {"gen_ai.operation.name": "invoke_agent", **IN_SESSION}
    return [
        span("opencode", "chat m", **chat, **used),
        span("opencode", "chat m", span_id="b" * 16, failed=True, **chat),
        span("opencode", "execute_tool t", span_id="c" * 16, **tool),
        span("opencode", "invoke_agent opencode", span_id="d" * 16, **agent),
    ]


TELEMETRY: dict[str, dict[str, list[Record]]] = {
    "claude-code": {
        "log": claude_code_logs(),
        "span": claude_code_spans(),
        "metric": claude_code_points(),
    },
    "codex": {"log": codex_logs()},
    "gemini-cli": {
        "log": gemini_logs("gemini-cli", "gemini_cli"),
        "metric": gemini_points("gemini-cli", "gemini_cli"),
    },
    "qwen-code": {
        "log": gemini_logs("qwen-code", "qwen-code"),
        "metric": gemini_points("qwen-code", "qwen-code"),
    },
    "opencode": {
        "log": opencode_logs(),
        "span": opencode_spans(),
        "metric": points("opencode", ("opencode.lines_of_code.count", ADDED)),
    },
    "pi": {},
}
"""Records that agents export."""


def further_lines() -> dict[str, list[Lines]]:
    """Return runs that tell what a short one that went well does not."""
    window = {"status": "rejected", "resetsAt": NOW + 60, "utilization": 0.5}
    limits = {"rate_limit_info": {"rateLimitType": "five_hour", **window}}
    failed = {"type": "result", "is_error": True, "api_error_status": 500, "ttft_ms": 5}
    blocks = [{"type": "tool_use", "id": "t", "name": "Bash", "input": CONTENT}]
    results = [{"type": "tool_result", "tool_use_id": "t", "content": SECRET}]
    at = "2026-08-23T10:50:0{}Z".format
    asked = {"message": {"id": "m", "content": blocks, "usage": {"input_tokens": 1}}}
    done = {"message": {"content": results}}
    quota = {"used_percent": 10, "window_minutes": 300, "resets_at": NOW + 60}
    used = {"input_tokens": 9, "output_tokens": 9}
    info = {"total_token_usage": used, "last_token_usage": used}
    tokens = {"type": "token_count", "info": info, "rate_limits": {"primary": quota}}
    item = {"id": "i", "type": "command_execution", "exit_code": 0, "aggregated_output": SECRET}
    error = {"name": "APIError", "data": {"message": "no", "responseBody": SECRET}}
    stats = {"total_tokens": 9, "input_tokens": 9, "duration_ms": 5, "tool_calls": 0}
    began = {"message": {"role": "assistant"}, "type": "message_start"}
    ended = {"role": "assistant", "stopReason": "error", "timestamp": NOW * 1000, "content": blocks}
    return {
        "claude-code": [
            [{"type": "rate_limit_event", **limits}, failed],
            [
                {"type": "assistant", "timestamp": at(1), **asked},
                {"type": "user", "timestamp": at(2), **done},
                {"type": "result", "ttft_ms": 5},
            ],
        ],
        "codex": [
            [{"type": "turn.started"}, {"type": "turn.failed", "error": {"message": "no"}}],
            [{"type": "item.started", "item": item}, {"type": "item.completed", "item": item}],
            [{"type": "event_msg", "payload": tokens}],
        ],
        "gemini-cli": [
            [{"type": "error", "severity": "warning", "message": "slow"}],
            [{"type": "result", "status": "success", "stats": stats}],
            [{"type": "result", "status": "error", "error": {"type": "ApiError"}}],
        ],
        "opencode": [[{"type": "error", "timestamp": NOW * 1000, "error": error}]],
        "pi": [
            [began, {"type": "message_end", "message": ended}],
            [
                {"type": "tool_execution_start", "toolCallId": "t", "toolName": "bash"},
                {"type": "tool_execution_end", "toolCallId": "t", "result": SECRET},
            ],
        ],
    }


def told(agent: str) -> dict[str, list[Event]]:
    """Return the events that all of this comes to, by what they come from."""
    events = {kind: translated(records) for kind, records in TELEMETRY[agent].items()}
    if agent in RUNS:
        runs = [RUNS[agent]("s"), *further_lines()[agent]]
        events["stream"] = [event for run in runs for event in of_run(agent, run)]
    return events


def translated(records: list[Record]) -> list[Event]:
    """Return what records tell, each of them something or, of an agent's run, nothing."""
    found = translate(records, NOW)
    assert not found.misread
    return found.events


def of_run(agent: str, lines: Lines) -> list[Event]:
    """Return what the lines of a run tell, one second after the other."""
    make = AGENTS[agent].stream
    assert make is not None
    stream = make("model-of-the-run")
    events = [event for index, line in enumerate(lines) for event in stream.read(line, NOW + index)]
    return [*events, *stream.end(NOW + len(lines))]
