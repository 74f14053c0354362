"""What a client pushed and was told: the oracle that the exporter must agree with."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MODELS = ("anthropic/opus", "openai/gpt", "google/gemini")
TOOLS = ("shell", "edit")
AGENTS = ("codex", "claude-code")
TOKENS = ("input", "output", "cache_read")

Sample = tuple[str, frozenset[tuple[str, str]]]
"""A sample's name and labels."""


@dataclass
class Ledger:
    """Counts, by sample, what a batch that was acknowledged has to add."""

    expected: Counter[Sample] = field(default_factory=Counter)
    batches: int = 0
    events: int = 0

    def acknowledge(self, batch: list[dict[str, Any]]) -> None:
        """Count a batch; called once for each, however often it was sent."""
        self.batches += 1
        self.events += len(batch)
        for event in batch:
            _COUNTERS[event["type"]](self.expected, event)


def made_up_batch(random: random.Random, number: int) -> list[dict[str, Any]]:
    """Return a batch whose events can be told from those of all other batches."""
    made_up = (
        _made_up_events(random, f"{number}-{index}") for index in range(random.randint(1, 40))
    )
    return [event for events in made_up for event in events]


def _made_up_events(random: random.Random, name: str) -> list[dict[str, Any]]:
    common = {"agent": random.choice(AGENTS), "id": name, "session_id": f"s{random.randrange(20)}"}
    kind = random.random()
    if kind < 0.7:
        failed = random.random() < 0.1
        completion = {
            "type": "completion",
            "model": random.choice(MODELS),
            "latency_ms": random.randrange(1, 100_000) / 7,
            "tokens": {part: random.randrange(10_000) for part in TOKENS},
            "cost_usd": random.randrange(1, 1000) / 3000,
            **({"error": "rate limit reached"} if failed else {}),
            **common,
        }
        return [completion]
    if kind < 0.8:
        tool_call = {
            "type": "tool_call",
            "tool": random.choice(TOOLS),
            "duration_ms": random.randrange(1, 9999) / 3,
            **common,
        }
        return [tool_call]
    if kind < 0.9:
        started = {"type": "request_started", "request_id": name, "channel": "cli", **common}
        ended = {"type": "request_ended", "request_id": name, **common, "id": f"{name}-end"}
        return [started] if random.random() < 0.002 else [started, ended]
    return [{"type": "log", "level": "info", "source": "kill", "message": name, **common}]


def _sample(name: str, **labels: str) -> Sample:
    return name, frozenset(labels.items())


def _count_completion(expected: Counter[Sample], event: dict[str, Any]) -> None:
    model = event["model"]
    labels = {"agent": event["agent"], "model": model, "provider": model.partition("/")[0]}
    outcome = "error" if "error" in event else "success"
    expected[_sample("agent_completions_total", outcome=outcome, **labels)] += 1
    expected[_sample("agent_completion_duration_seconds_count", **labels)] += 1
    for part in TOKENS:
        expected[_sample("agent_tokens_total", type=part, **labels)] += event["tokens"][part]


def _count_tool_call(expected: Counter[Sample], event: dict[str, Any]) -> None:
    labels = {"agent": event["agent"], "tool": event["tool"], "outcome": "success"}
    expected[_sample("agent_tool_calls_total", **labels)] += 1


def _count_start(expected: Counter[Sample], event: dict[str, Any]) -> None:
    expected[_sample("agent_requests_in_flight", agent=event["agent"], channel="cli")] += 1


def _count_end(expected: Counter[Sample], event: dict[str, Any]) -> None:
    labels = {"agent": event["agent"], "channel": "cli"}
    expected[_sample("agent_requests_in_flight", **labels)] -= 1
    expected[_sample("agent_requests_total", outcome="success", **labels)] += 1
    expected[_sample("agent_request_duration_seconds_count", **labels)] += 1


def _count_log(expected: Counter[Sample], event: dict[str, Any]) -> None:
    labels = {"agent": event["agent"], "source": "kill", "level": "info"}
    expected[_sample("agent_log_events_total", **labels)] += 1


_COUNTERS = {
    "completion": _count_completion,
    "tool_call": _count_tool_call,
    "request_started": _count_start,
    "request_ended": _count_end,
    "log": _count_log,
}
