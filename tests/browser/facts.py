"""What is pushed to the exporter that most tests look at: a little of everything, all known."""

import time
from typing import Any

Event = dict[str, Any]

CODEX: Event = {"agent": "codex", "session_id": "session-of-codex"}
CLAUDE: Event = {"agent": "claude-code", "session_id": "session-of-claude"}
OPUS: Event = {**CLAUDE, "type": "completion", "model": "claude-opus-5", "provider": "anthropic"}
GPT: Event = {**CODEX, "type": "completion", "model": "gpt-5", "provider": "openai"}

LATENCIES_MS = [*(1_500, 1_834, 2_100) * 7, 9_000]
"""So many that the 95th and the 99th percentile differ."""

STARTED: Event = {"type": "request_started"}

LIMIT_SECS = 500
"""How long one model stays limited: longer than the tests take."""


def everything() -> list[Event]:
    """Return one batch with something for each section of the page."""
    now = time.time()
    resets_at = now + LIMIT_SECS
    return [
        *[
            {**OPUS, "latency_ms": ms, "ttft_ms": 700, "cost_usd": 0.25, "tokens": {"input": 900}}
            for ms in LATENCIES_MS
        ],
        {**OPUS, "latency_ms": 900, "error": "Overloaded", "status_code": 529},
        {**GPT, "latency_ms": 640, "tokens": {"input": 10, "output": 64}},
        {
            **GPT,
            "error": "usage limit",
            "status_code": 429,
            "limited": True,
            "resets_at": resets_at,
        },
        {"type": "completion", "model": "local", "provider": "box", "cost_usd": 0},
        {**CODEX, **STARTED, "request_id": "request-one", "channel": "cli", "started_at": now - 75},
        {**CLAUDE, **STARTED, "request_id": "request-two", "channel": "ide"},
        *[
            {**CLAUDE, "type": "tool_call", "tool": "bash", "duration_ms": ms}
            for ms in (20, 30, 1_000)
        ],
        {**CLAUDE, "type": "tool_call", "tool": "edit", "duration_ms": 5, "error": "no such file"},
        {**CODEX, "type": "quota", "window": "5h", "provider": "openai", "used_ratio": 0.93},
        {**CLAUDE, "type": "quota", "window": "7d", "provider": "anthropic", "used_ratio": 0.31},
        {"type": "queue_depth", "agent": "codex", "queue": "reviews", "depth": 7},
        *[
            {"type": "log", "agent": "codex", "level": level, "source": "sandbox", "message": text}
            for level, text in (
                ("info", "a branch was made"),
                ("warn", "the tree is not clean"),
                ("error", "the hook failed"),
            )
        ],
    ]
