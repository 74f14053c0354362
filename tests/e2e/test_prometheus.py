"""The real thing: the installed command, real pushes, a real Prometheus, and PromQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import eventually, exporter, prometheus, push, query
from tests.prometheus import requires_prometheus

MODEL = {"agent": "codex", "provider": "openai", "model": "gpt-5"}
COMPLETION: dict[str, Any] = {"type": "completion", **MODEL}

FIRST: list[dict[str, Any]] = [
    {**COMPLETION, "latency_ms": 50, "tokens": {"input": 1}, "cost_usd": 0},
    {"type": "tool_call", "agent": "codex", "tool": "shell", "success": True, "duration_ms": 1},
]
"""What makes the series, so that what follows is an increase."""

EVENTS: list[dict[str, Any]] = [
    *[{**COMPLETION, "latency_ms": ms, "ttft_ms": 300} for ms in (600, 700, 800, 900)],
    *[{**COMPLETION, "latency_ms": ms} for ms in (3_000, 4_000)],
    {**COMPLETION, "tokens": {"input": 999, "output": 40, "reasoning": 60, "cache_read": 500}},
    {**COMPLETION, "cost_usd": 0.25},
    {**COMPLETION, "error": "You've hit your usage limit. Try again in 2 hours."},
    {**COMPLETION, "status_code": 500},
    {"type": "request_started", "agent": "codex", "request_id": "r1", "channel": "cli"},
    {"type": "request_started", "agent": "codex", "request_id": "r2", "channel": "cli"},
    {"type": "request_ended", "agent": "codex", "request_id": "r1", "success": True},
    {"type": "tool_call", "agent": "codex", "tool": "shell", "success": True, "duration_ms": 30},
    {"type": "tool_call", "agent": "codex", "tool": "shell", "error": "no such file"},
    {"type": "log", "agent": "codex", "level": "warn", "source": "sandbox", "message": "m"},
    {"type": "queue_depth", "agent": "codex", "queue": "jobs", "depth": 7},
    {
        "type": "quota",
        "agent": "codex",
        "provider": "openai",
        "window": "5h",
        "used_ratio": 0.4,
        "resets_at": 4_000_000_000,
        "session_id": "s",
    },
]

GREW = "max_over_time({0}[1m]) - min_over_time({0}[1m])"
DURATION = "agent_completion_duration_seconds_bucket"
ERRORS = 'sum(rate(agent_completions_total{outcome="error"}[1m]))'

FACTS: list[tuple[str, float]] = [
    (GREW.format('agent_completions_total{outcome="success"}'), 8),
    (GREW.format('agent_completions_total{outcome="error"}'), 2),
    ('agent_completion_errors_total{error_type="quota"}', 1),
    ('agent_completion_errors_total{error_type="server_error"}', 1),
    # Six observations: four in (0.5, 1], two in (2.5, 5]. The median is the third of the four.
    (f"histogram_quantile(0.5, {GREW.format(DURATION)})", 0.5 + 0.5 * 3 / 4),
    (f"histogram_quantile(0.75, {GREW.format(DURATION)})", 2.5 + 2.5 * 0.5 / 2),
    ("agent_completion_duration_seconds_sum", 0.05 + 3 + 7),
    ("histogram_quantile(1, agent_completion_ttft_seconds_bucket)", 0.5),
    ("agent_completion_input_tokens_sum", 1 + 1_499),
    ("agent_completion_output_tokens_sum", 100),
    ('agent_tokens_total{type="cache_read"}', 500),
    (GREW.format('agent_tokens_total{type="input"}'), 999),
    (GREW.format("agent_cost_usd_total"), 0.25),
    ("agent_unpriced_completions_total", 9),
    ('agent_requests_total{outcome="success"}', 1),
    ("agent_requests_in_flight", 1),
    ("agent_request_duration_seconds_count", 1),
    (GREW.format('agent_tool_calls_total{outcome="error"}'), 1),
    ("agent_tool_duration_seconds_count", 2),
    ('agent_log_events_total{level="warn",source="sandbox"}', 1),
    ("agent_queue_depth", 7),
    ("agent_rate_limited", 1),
    ("agent_rate_limit_reset_timestamp_seconds - time() > bool 7000", 1),
    ("agent_quota_used_ratio", 0.4),
    ("agent_quota_reset_timestamp_seconds", 4_000_000_000),
    ("agent_sessions_active", 1),
    ("agent_exporter_build_info", 1),
    ('sum(agent_exporter_events_total{result="accepted"})', len(FIRST) + len(EVENTS)),
    ("up", 1),
    ("scrape_samples_scraped > bool 100", 1),
]  # fmt: skip


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Push to the installed command, let Prometheus scrape before and after; yield its URL."""
    directory = tmp_path_factory.mktemp("real")
    with exporter(directory) as exporter_url, prometheus(directory, exporter_url) as url:
        assert push(exporter_url, FIRST)["accepted"] == len(FIRST)
        seen = "count_over_time(agent_tool_calls_total[1m]) >= 2"
        eventually(lambda: query(url, seen), "two scrapes of the first events")
        assert push(exporter_url, EVENTS)["accepted"] == len(EVENTS)
        seen = "count_over_time(agent_log_events_total[1m]) >= 2"
        eventually(lambda: query(url, seen), "two scrapes of the other events")
        yield url


@requires_prometheus
@pytest.mark.prometheus
@pytest.mark.parametrize(("promql", "value"), FACTS, ids=[promql for promql, _ in FACTS])
def test_a_query_returns_the_right_value(scraped: str, promql: str, value: float) -> None:
    """What was pushed is what PromQL answers."""
    answer = query(scraped, promql)
    assert answer is not None
    assert list(answer.values()) == [pytest.approx(value)]


@requires_prometheus
@pytest.mark.prometheus
def test_a_series_carries_its_labels(scraped: str) -> None:
    """Agent, provider, model and outcome, beside Prometheus's own."""
    answer = query(scraped, 'agent_completions_total{outcome="success"}')
    assert answer is not None
    ((labels, _),) = answer.items()
    assert {name: labels[name] for name in labels if name not in {"instance", "__name__"}} == {
        "agent": "codex",
        "provider": "openai",
        "model": "gpt-5",
        "outcome": "success",
        "job": "agents",
    }


@requires_prometheus
@pytest.mark.prometheus
@pytest.mark.parametrize(
    ("promql", "low", "high"),
    [
        (f"{ERRORS} / sum(rate(agent_completions_total[1m]))", 0.15, 0.25),
        ("sum(rate(agent_completions_total[1m])) * 60", 5, 60),
        (f"histogram_quantile(0.5, sum by (le) (rate({DURATION}[1m])))", 0.5, 1),
        (f"histogram_quantile(0.9, sum by (le) (rate({DURATION}[1m])))", 2.5, 5),
    ],
)
def test_a_rate_is_about_right(scraped: str, promql: str, low: float, high: float) -> None:
    """`rate` extrapolates to the edges of its window, so what it says lies between two values."""
    answer = query(scraped, promql)
    assert answer is not None
    (value,) = answer.values()
    assert low < value < high


def test_the_command_ends_with_0_on_a_signal(tmp_path: Path) -> None:
    """SIGTERM is how it is meant to be stopped, also right after a push."""
    with exporter(tmp_path) as url:
        assert push(url, EVENTS)["accepted"] == len(EVENTS)
    assert "msg=stopped" in (tmp_path / "exporter.log").read_text()
