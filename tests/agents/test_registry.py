"""Which agent a record is from."""

import pytest

from exporter.agents.registry import AGENTS, Authors
from exporter.event.otel import LogRecord, Origin, Point, Span


def log_record(service: str, name: str, scope: str = "") -> LogRecord:
    """Return a log record."""
    return LogRecord(Origin({"service.name": service}, scope), name, 1, {})


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (log_record("claude-code", "api_request"), "claude-code"),
        (log_record("team-x", "claude_code.api_request"), "claude-code"),
        (log_record("team-x", "api_request", "com.anthropic.claude_code.events"), "claude-code"),
        (log_record("codex_cli_rs", "codex.sse_event"), "codex"),
        (log_record("team-x", "codex.sse_event"), "codex"),
        (log_record("gemini-cli", "gemini_cli.api_response"), "gemini-cli"),
        (log_record("team-x", "gemini_cli.api_response"), "gemini-cli"),
        (log_record("opencode", "claude_code.api_request"), "opencode"),
    ],
)
def test_an_agent_is_recognised(record: LogRecord, name: str) -> None:
    """By its service, else by the scope, else by the name of the record."""
    assert Authors().of(record) is AGENTS[name]


@pytest.mark.parametrize("service", ["shop", "", "pi"])
def test_everybody_else_is_read_by_the_conventions(service: str) -> None:
    """Whatever they are called."""
    assert Authors().of(log_record(service, "gen_ai.x")) not in AGENTS.values()
    assert Authors().of(log_record(service, "")) not in AGENTS.values()


def test_spans_and_points_are_recognised_as_log_records_are() -> None:
    """By their own names, under another service."""
    origin = Origin({"service.name": "team-x"})
    span = Span(origin, "claude_code.interaction", 1, 2, {}, "a" * 32, "b" * 16)
    metric = "claude_code.commit.count"
    point = Point(
        origin,
        metric,
        "",
        "sum",
        cumulative=False,
        monotonic=True,
        start_ns=1,
        time_ns=2,
        value=1.0,
        attributes={},
    )
    assert Authors().of(span) is AGENTS["claude-code"]
    assert Authors().of(point) is AGENTS["claude-code"]


def test_a_service_without_a_name_that_is_text_is_nobody_known() -> None:
    """A resource may say anything."""
    record = LogRecord(Origin({"service.name": 5}), "x", 1, {})
    assert Authors().of(record) not in AGENTS.values()
