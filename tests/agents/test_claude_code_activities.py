"""Facts about Claude Code's metrics and spans: what they tell beside its log events."""

from typing import Any

import pytest

from exporter.agents.claude_code import AGENT
from exporter.event.types import Activity, CompletionDetail, RequestEnded
from tests.agents.records import NOW, SPAN_ID, TRACE_ID, checked, point, span

SESSION: dict[str, Any] = {"session.id": "s"}


@pytest.mark.parametrize(
    ("metric", "attributes", "kind", "tool"),
    [
        ("session.count", {"start_type": "fresh"}, "session", None),
        ("lines_of_code.count", {"type": "added", "model": "m"}, "lines_added", None),
        ("lines_of_code.count", {"type": "removed"}, "lines_removed", None),
        ("pull_request.count", {}, "pull_request", None),
        ("commit.count", {}, "commit", None),
        (
            "code_edit_tool.decision",
            {"decision": "accept", "tool_name": "Edit"},
            "edit_accepted",
            "Edit",
        ),
        (
            "code_edit_tool.decision",
            {"decision": "reject", "tool_name": "Write"},
            "edit_rejected",
            "Write",
        ),
        ("active_time.total", {"type": "user"}, "active_user", None),
        ("active_time.total", {"type": "cli"}, "active_cli", None),
    ],
)
def test_a_metric_is_an_activity(
    metric: str, attributes: dict[str, Any], kind: str, tool: str | None
) -> None:
    """What was added since the last export is the amount."""
    told = point("claude-code", f"claude_code.{metric}", 2.5, **SESSION, **attributes)
    (event,) = checked(AGENT.point(told))
    assert isinstance(event, Activity)
    assert (event.kind, event.tool, event.amount, event.cumulative) == (kind, tool, 2.5, None)
    assert (event.agent, event.session_id, event.at) == ("claude-code", "s", NOW)


@pytest.mark.parametrize(
    ("metric", "attributes"),
    [
        ("cost.usage", {"model": "m"}),
        ("token.usage", {"type": "input"}),
        ("lines_of_code.count", {"type": "moved"}),
        ("active_time.total", {}),
        ("code_edit_tool.decision", {"decision": "later"}),
        ("something.new", {}),
    ],
)
def test_other_metrics_say_nothing(metric: str, attributes: dict[str, Any]) -> None:
    """Tokens and cost are told by the log events, and what is not known does not count."""
    assert not checked(
        AGENT.point(point("claude-code", f"claude_code.{metric}", 1.0, **attributes))
    )


def test_a_call_span_tells_its_detail() -> None:
    """The time to the first token, and why it stopped; the completion is the log event's."""
    told = span(
        "claude-code",
        "claude_code.llm_request",
        **SESSION,
        model="claude-opus-5[1m]",
        ttft_ms="210",
        stop_reason="tool_use",
        request_id="req_1",
        input_tokens=2,
        success=True,
    )
    (event,) = checked(AGENT.span(told))
    assert event == CompletionDetail(
        id="detail:claude-code:req_1",
        agent="claude-code",
        session_id="s",
        request_id="req_1",
        trace_id=TRACE_ID,
        model="claude-opus-5",
        provider="anthropic",
        ttft_ms=210,
        finish_reason="tool_use",
        at=NOW,
    )


def test_a_call_span_may_use_the_names_of_opentelemetry() -> None:
    """The model, the reason and the id are taken from those where its own are absent."""
    told: dict[str, Any] = {
        "gen_ai.request.model": "m",
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.response.id": "req_9",
    }
    (event,) = checked(AGENT.span(span("claude-code", "claude_code.llm_request", **told)))
    assert isinstance(event, CompletionDetail)
    assert (event.id, event.model, event.finish_reason) == (
        "detail:claude-code:req_9",
        "m",
        "end_turn",
    )


def test_a_wait_span_is_a_users_wait() -> None:
    """It is counted in seconds, and known by its span."""
    told = span("claude-code", "claude_code.tool.blocked_on_user", duration_ms=2_500)
    (event,) = checked(AGENT.span(told))
    assert isinstance(event, Activity)
    assert (event.kind, event.amount) == ("user_wait", 2.5)
    assert event.id == f"point:claude-code:{SPAN_ID}"


@pytest.mark.parametrize(
    ("attributes", "failed", "channel", "duration_ms"),
    [
        ({"interaction.duration_ms": 4_000, "app.entrypoint": "sdk-cli"}, False, "sdk-cli", 4_000),
        ({"interaction.sequence": 1}, True, "unknown", 1_000),
    ],
)
def test_an_interaction_span_is_a_request(
    attributes: dict[str, Any], *, failed: bool, channel: str, duration_ms: float
) -> None:
    """It took as long as it says, else as its span did."""
    told = span("claude-code", "claude_code.interaction", failed=failed, **attributes)
    (event,) = checked(AGENT.span(told))
    assert isinstance(event, RequestEnded)
    assert event.request_id == SPAN_ID
    assert (event.success, event.channel, event.duration_ms) == (not failed, channel, duration_ms)


@pytest.mark.parametrize("name", ["llm_request", "tool", "tool.execution", "hook", "new", ""])
def test_other_spans_say_nothing(name: str) -> None:
    """Neither do the spans of calls that tell no detail."""
    told = span("claude-code", f"claude_code.{name}", model="m", duration_ms=1)
    assert not checked(AGENT.span(told))
