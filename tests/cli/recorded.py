"""What each agent writes in a short run: one model call and, but for Claude Code and Pi, one tool.

By hand, after the formats; the ids are made anew for each use, since ids count once.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

MODEL = "model-of-the-run"

Lines = list[dict[str, Any]]


def claude_code(run: str) -> Lines:
    """Return the lines of `claude -p --output-format stream-json --verbose`."""
    usage = {"inputTokens": 18, "outputTokens": 175, "cacheReadInputTokens": 7, "costUSD": 0.25}
    return [
        {"type": "system", "subtype": "init", "session_id": run, "model": MODEL},
        {
            "type": "assistant",
            "message": {"model": MODEL, "id": f"msg_{run}", "usage": {"input_tokens": 18}},
            "session_id": run,
            "timestamp": "2026-08-23T10:50:01.254Z",
            "request_id": f"req_{run}",
        },
        {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "session_id": run,
            "duration_ms": 4300,
            "duration_api_ms": 4264,
            "num_turns": 1,
            "total_cost_usd": 0.25,
            "modelUsage": {MODEL: usage},
            "uuid": run,
        },
    ]


def codex(run: str) -> Lines:
    """Return the lines of `codex exec --json`, which name no instants and no model."""
    item = {"id": "item_1", "type": "command_execution", "exit_code": 0, "status": "completed"}
    return [
        {"type": "thread.started", "thread_id": run},
        {"type": "turn.started"},
        {"type": "item.completed", "item": item},
        {
            "type": "turn.completed",
            "usage": {"input_tokens": 30, "cached_input_tokens": 10, "output_tokens": 5},
        },
    ]


def gemini_cli(run: str) -> Lines:
    """Return the lines of `gemini --output-format stream-json`."""
    at = "2026-08-05T17:53:45.174Z"
    stats = {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10, "duration_ms": 9000}
    return [
        {"type": "init", "timestamp": at, "session_id": run, "model": MODEL},
        {"type": "tool_use", "timestamp": at, "tool_name": "read_file", "tool_id": "t1"},
        {"type": "tool_result", "timestamp": at, "tool_id": "t1", "status": "success"},
        {
            "type": "result",
            "timestamp": at,
            "status": "success",
            "stats": {**stats, "tool_calls": 1, "models": {MODEL: stats}},
        },
    ]


def opencode(run: str) -> Lines:
    """Return the lines of `opencode run --format json`, which name no model."""
    common = {"timestamp": 1787482258116, "sessionID": run}
    message = {"messageID": f"msg_{run}"}
    state = {"status": "completed", "time": {"start": 1787482258001, "end": 1787482258021}}
    tool = {"type": "tool", "tool": "read", "callID": f"call_{run}", "state": state}
    tokens = {"input": 20, "output": 10, "reasoning": 0, "cache": {"write": 0, "read": 0}}
    finish = {"type": "step-finish", "reason": "stop", "tokens": tokens, "cost": 0.5}
    return [
        {"type": "step_start", **common, "part": {"type": "step-start", **message}},
        {"type": "tool_use", **common, "part": {**tool, **message}},
        {"type": "step_finish", **common, "part": {**finish, **message}},
    ]


def pi(run: str) -> Lines:
    """Return the lines of `pi --mode json --print`."""
    message = {
        "role": "assistant",
        "model": MODEL,
        "provider": "openai",
        "responseId": run,
        "usage": {"input": 20, "output": 10, "totalTokens": 30, "cost": {"total": 0.5}},
        "stopReason": "stop",
        "timestamp": 1787482258116,
    }
    return [{"type": "message_end", "message": message}]


RUNS: dict[str, Callable[[str], Lines]] = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini-cli": gemini_cli,
    "opencode": opencode,
    "pi": pi,
}


def recorded(agent: str) -> bytes:
    """Return a run of an agent as it would write it, under ids of its own."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in RUNS[agent](uuid4().hex))
