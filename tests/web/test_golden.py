"""The whole exposition of a known state, word for word: `tests/golden/metrics.*`.

`UPDATE_GOLDEN=1 make test` writes the files anew; read the difference before it is committed.
"""

import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.clock import ManualClock
from tests.web import push

GOLDEN = Path("tests/golden")
PROCESS = ("process_", "python_", "agent_exporter_build_info{")

COMPLETION: dict[str, Any] = {
    "type": "completion",
    "agent": "claude-code",
    "session_id": "s1",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "model": "anthropic/claude-opus-5",
    "latency_ms": 1_834,
    "ttft_ms": 412,
    "tokens": {"input": 2_135, "output": 411, "reasoning": 86, "cache_read": 34_324, "total": 1},
    "cost_usd": 0.0189534,
}
EVENTS: list[dict[str, Any]] = [
    COMPLETION,
    {**COMPLETION, "trace_id": "00", "latency_ms": 95, "cost_usd": None},
    {"type": "completion", "model": 'a "quoted" \\ name\nof two lines', "status_code": 529},
    {
        "type": "completion",
        "agent": "codex",
        "model": "gpt-5",
        "provider": "openai",
        "error": "You've hit your usage limit. Please try again at Nov 22nd, 2026 2:32 PM.",
    },
    {"type": "request_started", "agent": "codex", "request_id": "r1", "channel": "cli"},
    {"type": "request_started", "agent": "codex", "request_id": "r2", "channel": "cli"},
    {"type": "request_ended", "request_id": "r1", "success": True},
    {"type": "tool_call", "agent": "codex", "tool": "shell", "success": True, "duration_ms": 7},
    {"type": "log", "agent": "codex", "level": "warn", "source": "sandbox", "message": "m"},
    {"type": "queue_depth", "agent": "codex", "queue": "jobs", "depth": 1_234_567},
    {
        "type": "quota",
        "agent": "claude-code",
        "provider": "anthropic",
        "window": "5h",
        "used_ratio": 0.27,
        "resets_at": "2026-11-21T05:00:00Z",
    },
]


@pytest.mark.parametrize(
    ("file", "accept"),
    [("metrics.txt", "text/plain"), ("metrics.om", "application/openmetrics-text")],
)
async def test_the_exposition_of_a_known_state(
    client: aiohttp.ClientSession, clock: ManualClock, file: str, accept: str
) -> None:
    """Every family with its help, type, labels, buckets and numbers."""
    await push(client, *EVENTS[:-6], key="golden")
    clock.advance(3)
    await push(client, *EVENTS[-6:], {"type": "log", "level": "fatal"})
    async with client.get("/metrics", headers={"Accept": accept}) as response:
        lines = (await response.text()).splitlines(keepends=True)
    kept = [
        line
        for line in lines
        if not line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(PROCESS)
    ]
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / file).write_text("".join(kept))
    assert "".join(kept) == (GOLDEN / file).read_text()
