"""A program instrumented for generative AI, with OpenTelemetry's Python SDK."""

import contextlib

import pytest
from opentelemetry.trace import SpanKind

from tests.cli.asking import ask, counted
from tests.client.totals import Totals
from tests.clients.sdk import CUMULATIVE, Attributes, logger, meters, span, tracer

DETAILS = "gen_ai.client.inference.operation.details"
CALL: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.conversation.id": "conversation-1",
}
ANSWER: Attributes = {
    "gen_ai.response.model": "gpt-5-2026-01-01",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.finish_reasons": ["tool_calls"],
    "gen_ai.response.time_to_first_chunk": 0.5,
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 700,
    "gen_ai.usage.output_tokens": 90,
    "gen_ai.usage.reasoning.output_tokens": 60,
}
CONTENT: Attributes = {"gen_ai.input.messages": "a secret", "gen_ai.output.messages": "a secret"}
TOOL: Attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "search",
    "gen_ai.tool.call.id": "call-1",
    "gen_ai.conversation.id": "conversation-1",
}
RUN: Attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "helper",
    "gen_ai.conversation.id": "conversation-1",
}
TOKENS = {"input": 300, "output": 30, "reasoning": 60, "cache_read": 700}


def run_of_an_agent(url: str, service: str, *, gzip: bool) -> None:
    """Do what an instrumented run does: a call, told by its span and by an event, and a tool."""
    # What was opened last is sent first: the spans, then the event.
    with (
        logger(url, service, gzip=gzip) as events,
        tracer(url, service, gzip=gzip) as spans,
        span(spans, "invoke_agent helper", RUN, took_ms=4000),
    ):
        with span(spans, "chat gpt-5", CALL, took_ms=1500) as call:
            call.set_attributes({**ANSWER, **CONTENT})
            events.emit(event_name=DETAILS, attributes={**CALL, **ANSWER, **CONTENT})
        with span(spans, "execute_tool search", TOOL, took_ms=250):
            pass
    with meters(url, service, CUMULATIVE, gzip=gzip) as provider:
        meter = provider.get_meter("instrumentation")
        used = meter.create_histogram("gen_ai.client.token.usage", "{token}")
        used.record(1000, {**CALL, "gen_ai.token.type": "input"})


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_everything_counts_once(url: str, *, gzip: bool) -> None:
    """A run is a request with a call and a tool; the event and the metric add nothing to it."""
    service = f"shop-{gzip}"
    run_of_an_agent(url, service, gzip=gzip)
    totals = Totals(url, service)
    assert totals.outcomes == {"success": 1}
    assert totals.by("model", "agent_completions_total") == {"gpt-5-2026-01-01": 1}
    assert totals.by("provider", "agent_completions_total") == {"openai": 1}
    assert totals.tokens == TOKENS
    assert totals.by("reason", "agent_completion_finishes_total") == {"tool_calls": 1}
    assert totals.sum("agent_completion_ttft_seconds_sum") == 0.5
    assert totals.sum("agent_completion_duration_seconds_sum") == 1.5
    assert totals.by("outcome", "agent_requests_total") == {"success": 1}
    assert totals.by("channel", "agent_request_duration_seconds_sum") == {"invoke_agent": 4}
    assert totals.by("tool", "agent_tool_calls_total") == {"search": 1}
    assert totals.sum("agent_tool_duration_seconds_sum") == 0.25


def test_an_event_that_comes_before_its_span(url: str) -> None:
    """It is left to the span, which tells the latency too."""
    with (
        tracer(url, "early") as spans,
        logger(url, "early") as events,
        span(spans, "chat gpt-5", {**CALL, **ANSWER}, took_ms=1500),
    ):
        events.emit(event_name=DETAILS, attributes={**CALL, **ANSWER})
    totals = Totals(url, "early")
    assert totals.outcomes == {"success": 1}
    assert totals.tokens == TOKENS
    (call,) = (call for call in ask(url, "/api/v1/calls")["calls"] if call["agent"] == "early")
    assert call["latency_ms"] == 1500


def test_the_api_tells_of_the_call(url: str) -> None:
    """The call, its model and its session are there to ask for, without what was said."""
    run_of_an_agent(url, "asked", gzip=False)
    (call,) = (call for call in ask(url, "/api/v1/calls")["calls"] if call["agent"] == "asked")
    assert (call["model"], call["session_id"]) == ("gpt-5-2026-01-01", "conversation-1")
    model = ask(url, "/api/v1/models/gpt-5-2026-01-01")
    assert (model["provider"], model["stale"]) == ("openai", False)
    session = ask(url, "/api/v1/sessions/conversation-1")
    assert session["by_model"].keys() == {"gpt-5-2026-01-01"}
    assert "secret" not in str([call, model, session, ask(url, "/api/v1/events")])


def test_a_failed_call(url: str) -> None:
    """An exception that leaves the span of a call makes it a failure, of the kind it tells."""
    with (
        tracer(url, "unlucky") as spans,
        contextlib.suppress(RuntimeError),
        span(spans, "chat gpt-5", CALL, took_ms=100) as call,
    ):
        call.set_attribute("error.type", "RateLimitError")
        raise RuntimeError("429 Too Many Requests")
    totals = Totals(url, "unlucky")
    assert totals.outcomes == {"error": 1}
    assert totals.errors == {"rate_limit": 1}


def test_other_spans_are_passed_over(url: str) -> None:
    """What a program traces besides is taken, and counts nothing; nothing of it is rejected."""
    ignored = counted(url, "agent_exporter_otlp_records_total", signal="traces", result="ignored")
    with tracer(url, "busy") as spans:
        for number in range(1000):
            with spans.start_as_current_span(f"GET /{number}", kind=SpanKind.SERVER):
                pass
    records = "agent_exporter_otlp_records_total"
    assert counted(url, records, signal="traces", result="ignored") == ignored + 1000
    assert counted(url, records, result="rejected") == 0
    assert Totals(url, "busy").sum("agent_completions_total") == 0
