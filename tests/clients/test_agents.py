"""Telemetry as coding agents send it, sent with OpenTelemetry's Python SDK."""

import time

import pytest
from opentelemetry._logs import Logger
from opentelemetry.sdk.metrics.export import AggregationTemporality

from tests.cli.asking import ask
from tests.client.totals import Totals
from tests.clients.sdk import CUMULATIVE, DELTA, Attributes, logger, meters, span, tracer

CLAUDE_CODE = "com.anthropic.claude_code"


def emit(events: Logger, body: str, attributes: Attributes) -> None:
    """Write a log record that names its event in its attributes, as agents do."""
    events.emit(timestamp=time.time_ns(), body=body, attributes=attributes)


SESSION: Attributes = {"session.id": "claude-session", "user.email": "somebody@example.org"}
MODEL: Attributes = {**SESSION, "model": "claude-opus-5", "request_id": "req_1"}


def claude_code_logs(url: str) -> None:
    """Tell of two calls, one as older versions did, of a failure and of a tool that failed."""
    # Versions before 2.1.122 wrote numbers as strings.
    older: Attributes = {"request_id": "req_0", "input_tokens": "2", "cost_usd": "0.5"}
    cache: Attributes = {"cache_read_tokens": 34324, "cache_creation_tokens": 7314}
    call: Attributes = {**MODEL, "input_tokens": 18, "output_tokens": 175, "cost_usd": 0.25}
    failed: Attributes = {**MODEL, "request_id": "req_2", "status_code": 529, "error": "Overloaded"}
    tool: Attributes = {"tool_name": "Bash", "tool_use_id": "toolu_1", "success": "false"}
    records: list[tuple[str, Attributes]] = [
        ("user_prompt", {**SESSION, "prompt_length": 12}),
        ("api_request", {**call, **cache, "duration_ms": 1500}),
        ("api_request", {**MODEL, **older, "duration_ms": "500"}),
        ("api_error", failed),
        ("api_retries_exhausted", failed),
        ("tool_result", {**SESSION, **tool, "duration_ms": "250"}),
    ]
    with logger(url, "claude-code", scope=f"{CLAUDE_CODE}.events", gzip=True) as events:
        for name, attributes in records:
            emit(events, f"claude_code.{name}", {**attributes, "event.name": name})


def claude_code_spans(url: str) -> None:
    """Tell of an interaction with a call and a tool that waited for a person."""
    request: Attributes = {**MODEL, "ttft_ms": 500, "stop_reason": "end_turn"}
    with (
        tracer(url, "claude-code", scope=f"{CLAUDE_CODE}.tracing", gzip=True) as spans,
        span(spans, "claude_code.interaction", SESSION, took_ms=2000),
    ):
        with span(spans, "claude_code.llm_request", request, took_ms=1500):
            pass
        with (
            span(spans, "claude_code.tool", SESSION, took_ms=250),
            span(spans, "claude_code.tool.blocked_on_user", SESSION, took_ms=125),
        ):
            pass


def claude_code_metrics(url: str) -> None:
    """Tell of lines and of time, and again of what the calls used."""
    with meters(url, "claude-code", DELTA, gzip=True) as provider:
        meter = provider.get_meter(CLAUDE_CODE)
        tokens = meter.create_counter("claude_code.token.usage", "tokens")
        tokens.add(18, {**MODEL, "type": "input"})
        meter.create_counter("claude_code.cost.usage", "USD").add(0.25, MODEL)
        lines = meter.create_counter("claude_code.lines_of_code.count")
        lines.add(12, {**SESSION, "type": "added"})
        lines.add(3, {**SESSION, "type": "removed"})
        active = meter.create_counter("claude_code.active_time.total", "s")
        active.add(2.5, {**SESSION, "type": "user"})


def test_claude_code(url: str) -> None:
    """Log records tell calls, failures and tools; metrics what people do; spans what is left."""
    claude_code_logs(url)
    claude_code_spans(url)
    claude_code_metrics(url)
    totals = Totals(url, "claude-code")
    assert totals.outcomes == {"success": 2, "error": 1}
    assert totals.errors == {"overloaded": 1}
    assert totals.by("provider", "agent_completions_total") == {"anthropic": 3}
    parts = {"input": 20, "output": 175, "cache_read": 34324, "cache_write": 7314}
    assert totals.tokens == parts
    assert totals.by("source", "agent_cost_usd_total") == {"reported": 0.75}
    assert totals.sum("agent_completion_duration_seconds_sum") == 2
    assert totals.sum("agent_completion_ttft_seconds_sum") == 0.5
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.by("outcome", "agent_tool_calls_total") == {"error": 1}
    assert totals.sum("agent_tool_duration_seconds_sum") == 0.25
    assert totals.by("outcome", "agent_requests_total") == {"success": 1}
    assert totals.sum("agent_request_duration_seconds_sum") == 2
    assert totals.sum("agent_user_wait_seconds_total") == 0.125
    assert totals.by("type", "agent_lines_of_code_total") == {"added": 12, "removed": 3}
    assert totals.by("type", "agent_active_seconds_total") == {"user": 2.5}
    session = ask(url, "/api/v1/sessions/claude-session")
    assert session["totals"]["cost_usd"] == 0.75
    assert "example.org" not in str([session, ask(url, "/api/v1/calls")])


@pytest.mark.parametrize(
    ("temporality", "metric", "family"),
    [
        (DELTA, "claude_code.commit.count", "agent_commits_total"),
        (CUMULATIVE, "claude_code.pull_request.count", "agent_pull_requests_total"),
    ],
)
def test_metrics_of_two_sessions(
    url: str, temporality: AggregationTemporality, metric: str, family: str
) -> None:
    """Whether a metric tells what was added or how much it is by now, what was added is counted."""
    counts = [Totals(url, "claude-code").sum(family)]
    for _ in range(2):
        # The second time, the program was started again, and counts from 0.
        with meters(url, "claude-code", temporality) as provider:
            counter = provider.get_meter(CLAUDE_CODE).create_counter(metric)
            for added in ({"a": 5, "b": 2}, {"a": 1}, {}, {"b": 1}):
                for session, number in added.items():
                    counter.add(number, {"session.id": f"session-{session}"})
                assert provider.force_flush()
                counts.append(Totals(url, "claude-code").sum(family))
    assert counts == [0, 7, 8, 8, 9, 16, 17, 17, 18]


def test_codex(url: str) -> None:
    """The one event that has the tokens is the call; what Codex formats comes as strings."""
    common: Attributes = {
        "conversation.id": "codex-session",
        "model": "gpt-5-codex",
        "slug": "gpt-5-codex",
        "user.account_id": "account",
    }
    streamed: Attributes = {**common, "event.name": "codex.sse_event"}
    completed: Attributes = {**streamed, "event.kind": "response.completed"}
    counts: Attributes = {"input_token_count": "1000", "output_token_count": "90"}
    parts: Attributes = {"cached_token_count": 700, "reasoning_token_count": 60}
    output: Attributes = {"arguments": "a secret", "output": "a secret"}
    records: list[Attributes] = [
        {**common, "event.name": "codex.conversation_starts", "provider_name": "OpenAI"},
        {**common, "event.name": "codex.api_request", "http.response.status_code": 200},
        {**common, "event.name": "codex.turn_ttft", "duration_ms": "500"},
        {**streamed, "event.kind": "response.output_text.delta", "duration_ms": "3"},
        {**completed, "duration_ms": "1"},
        {**completed, **counts, **parts, "tool_token_count": "1090"},
        {**common, "event.name": "codex.api_request", "http.response.status_code": 429},
        {**common, **output, "event.name": "codex.tool_result", "tool_name": "shell"}
        | {"call_id": "call_1", "duration_ms": "250", "success": "true"},
    ]
    with logger(url, "codex_cli_rs", scope="codex_otel") as events:
        for record in records:
            emit(events, "", record)
    totals = Totals(url, "codex")
    assert totals.outcomes == {"success": 1, "error": 1}
    assert totals.errors == {"rate_limit": 1}
    assert totals.tokens == {"input": 300, "output": 30, "reasoning": 60, "cache_read": 700}
    assert totals.sum("agent_completion_ttft_seconds_sum") == 0.5
    assert totals.by("tool", "agent_tool_calls_total") == {"shell": 1}
    assert totals.sum("agent_tool_duration_seconds_sum") == 0.25
    assert totals.sum("agent_sessions_total") == 1
    assert ask(url, "/api/v1/models/gpt-5-codex")["subscription_limit_reached"] is True
    assert "secret" not in str([ask(url, "/api/v1/events"), ask(url, "/api/v1/calls")])


def test_gemini_cli(url: str) -> None:
    """A call that is told by two events counts once; its metrics tell sessions and lines."""
    common: Attributes = {"session.id": "gemini-session", "installation.id": "somewhere"}
    answered: Attributes = {
        **common,
        "event.name": "gemini_cli.api_response",
        "model": "gemini-3-pro",
        "duration_ms": 1500,
        "input_token_count": 1000,
        "cached_content_token_count": 700,
        "output_token_count": 30,
        "thoughts_token_count": 60,
        "tool_token_count": 10,
        "total_token_count": 1100,
        "finish_reasons": ["STOP"],
        "status_code": 200,
    }
    again: Attributes = {
        **common,
        "event.name": "gen_ai.client.inference.operation.details",
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "gcp.gen_ai",
        "gen_ai.request.model": "gemini-3-pro",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 30,
    }
    tool: Attributes = {"function_name": "read_file", "function_args": "a secret", "success": True}
    with logger(url, "gemini-cli", scope="gemini-cli") as events:
        emit(events, "API response from gemini-3-pro.", answered)
        emit(events, "GenAI operation details from gemini-3-pro.", again)
        called = {**common, **tool, "event.name": "gemini_cli.tool_call", "duration_ms": 250}
        emit(events, "Tool call: read_file.", called)
    with meters(url, "gemini-cli", CUMULATIVE) as provider:
        meter = provider.get_meter("gemini-cli")
        meter.create_counter("gemini_cli.session.count").add(1, common)
        lines = meter.create_counter("gemini_cli.lines.changed")
        lines.add(12, {**common, "type": "added"})
        used = meter.create_counter("gemini_cli.token.usage")
        used.add(1000, {**common, "model": "gemini-3-pro", "type": "input"})
        latency = meter.create_histogram("gemini_cli.api.request.latency", "ms")
        latency.record(1500, {**common, "model": "gemini-3-pro"})
    totals = Totals(url, "gemini-cli")
    assert totals.outcomes == {"success": 1}
    assert totals.by("provider", "agent_completions_total") == {"gcp.gemini": 1}
    assert totals.tokens == {"input": 310, "output": 30, "reasoning": 60, "cache_read": 700}
    assert totals.sum("agent_token_mismatches_total") == 0
    assert totals.sum("agent_completion_duration_seconds_sum") == 1.5
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.by("tool", "agent_tool_calls_total") == {"read_file": 1}
    assert totals.sum("agent_sessions_total") == 1
    assert totals.by("type", "agent_lines_of_code_total") == {"added": 12}
