"""Facts about what is read from Gemini CLI and Qwen Code."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.agents.agent import Agent
from exporter.agents.fields import Unfit
from exporter.agents.gemini_cli import AGENT, QWEN_CODE
from exporter.event.otel import LogRecord
from exporter.event.tokens import Tokens
from exporter.event.types import Activity, Completion, Event, Log, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW, TRACE_ID, checked, log_record, point, span
from tests.agents.told import without_ids

RESPONSE: dict[str, Any] = {
    "session.id": "s-1",
    "model": "gemini-3-pro",
    "duration_ms": 2310,
    "input_token_count": 9000,
    "output_token_count": 40,
    "cached_content_token_count": 8000,
    "thoughts_token_count": 300,
    "tool_token_count": 60,
    "total_token_count": 9400,
    "prompt_id": "s-1########0",
    "auth_type": "oauth-personal",
    "status_code": 200,
    "finish_reasons": ["stop"],
    "response_text": "the secret answer",
    "user.email": "someone@example.com",
}
FAILURE: dict[str, Any] = {
    "session.id": "s-1",
    "model": "gemini-3-pro",
    "model_name": "gemini-3-pro",
    "error.message": "Quota exceeded",
    "error": "Quota exceeded",
    "error.type": "TerminalQuotaError",
    "status_code": "429",
    "duration": 120,
    "duration_ms": 120,
}
TOOL: dict[str, Any] = {
    "session.id": "s-1",
    "function_name": "read_file",
    "function_args": '{"path": "/secret"}',
    "duration_ms": 12,
    "success": True,
    "decision": "accept",
}
COMMON: dict[str, Any] = {
    "agent": "gemini-cli",
    "session_id": "s-1",
    "trace_id": TRACE_ID,
    "at": NOW,
}
CALL = Completion(
    **COMMON,
    model="gemini-3-pro",
    provider="gcp.gemini",
    latency_ms=2310,
    success=True,
    tokens=Tokens(input=1060, output=40, reasoning=300, cache_read=8000, total=9400),
    finish_reason="stop",
)


def record(name: str, attributes: dict[str, Any], service: str = "gemini-cli") -> LogRecord:
    """Return a log event within a trace."""
    return log_record(service, name, trace_id=TRACE_ID, **attributes)


def told(agent: Agent, read: LogRecord) -> list[Event]:
    """Return what a record tells of, without the ids."""
    return without_ids(agent.log(read))


def test_a_response_is_a_completion() -> None:
    """A response counts as a success, with its tokens apart and no content."""
    assert told(AGENT, record("gemini_cli.api_response", RESPONSE)) == [CALL]
    assert CALL.tokens is not None
    assert CALL.tokens.sum == 9400


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        ({}, Tokens(input=1060, output=40, reasoning=300, cache_read=8000, total=9400)),
        (
            {"cached_content_token_count": 9500, "total_token_count": None},
            Tokens(input=60, output=40, reasoning=300, cache_read=9500),
        ),
        (
            {"tool_token_count": None, "cached_content_token_count": None},
            Tokens(input=9000, output=40, reasoning=300, total=9400),
        ),
        (
            {"input_token_count": "9000", "total_token_count": "9400"},
            Tokens(input=1060, output=40, reasoning=300, cache_read=8000, total=9400),
        ),
        # Thoughts within the output: the total is the sum of the others.
        (
            {"output_token_count": 340, "tool_token_count": 60, "total_token_count": 9400},
            Tokens(input=1060, output=40, reasoning=300, cache_read=8000, total=9400),
        ),
        (
            dict.fromkeys((name for name in RESPONSE if name.endswith("token_count")), None),
            Tokens(),
        ),
    ],
    ids=["apart", "cached beyond", "no tools", "strings", "thoughts within", "none"],
)
def test_tokens_are_disjoint(given: dict[str, Any], tokens: Tokens) -> None:
    """What was cached is taken out of the input, and what tools used goes into it."""
    (call,) = told(AGENT, record("gemini_cli.api_response", RESPONSE | given))
    assert isinstance(call, Completion)
    assert call.tokens == tokens


@pytest.mark.parametrize(
    ("auth_type", "provider"),
    [("gemini-api-key", "gcp.gemini"), ("vertex-ai", "gcp.vertex_ai"), (None, "gcp.gemini")],
)
def test_the_provider(auth_type: str | None, provider: str) -> None:
    """How Gemini CLI signs in tells whose models it calls."""
    (call,) = told(AGENT, record("gemini_cli.api_response", RESPONSE | {"auth_type": auth_type}))
    assert isinstance(call, Completion)
    assert call.provider == provider


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"status_code": "RESOURCE_EXHAUSTED"}, {"status_code": None}),
        ({"status_code": None, "http.status_code": 503}, {"status_code": 503}),
        ({"error.message": None}, {}),
        ({"model": None}, {}),
        ({"model_name": None}, {}),
        (
            {"error.message": None, "error": None, "error.type": None},
            {"error": None, "error_type": None},
        ),
    ],
)
def test_an_api_error_is_a_failed_completion(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A failure has its text, its type and its status, where they are told."""
    (call,) = told(AGENT, record("gemini_cli.api_error", FAILURE | given))
    fields: dict[str, Any] = {
        "error": "Quota exceeded",
        "error_type": "TerminalQuotaError",
        "status_code": 429,
    }
    assert call == Completion(
        **COMMON,
        model="gemini-3-pro",
        provider="gcp.gemini",
        latency_ms=120,
        success=False,
        **(fields | expected),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"success": True}),
        ({"success": "true"}, {"success": True}),
        (
            {"success": False, "error": "ENOENT /secret", "error_type": "file_not_found"},
            {"success": False, "error": "file_not_found"},
        ),
        (
            {"success": False, "error_type": "no such file: /secret"},
            {"success": False, "error": "other"},
        ),
    ],
)
def test_a_tool_call(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A tool has its name, its time and its outcome; what it was given and put out is dropped."""
    assert told(AGENT, record("gemini_cli.tool_call", TOOL | given)) == [
        ToolCall(**COMMON, tool="read_file", duration_ms=12, **expected)
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gemini_cli.flash_fallback", "fell back to the flash model"),
        ("loop_detected", "the model was found in a loop"),
        (
            "gemini_cli.chat.content_retry_failure",
            "gave up after empty or broken answers of the model",
        ),
    ],
)
def test_a_warning(name: str, message: str) -> None:
    """What somebody who watches should know is told in words of ours."""
    assert told(AGENT, record(name, {"session.id": "s-1"})) == [
        Log(**COMMON, level="warn", source="gemini-cli", message=message)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "gen_ai.client.inference.operation.details",
        "gemini_cli.api_request",
        "gemini_cli.user_prompt",
        "gemini_cli.config",
        "gemini_cli.agent.start",
        "gemini_cli.agent.finish",
        "gemini_cli.conversation_finished",
        "gemini_cli.chat.content_retry",
        "gemini_cli.model_routing",
        "qwen-code.api_response",
        "",
    ],
)
def test_other_log_events_count_nothing(name: str) -> None:
    """The same call told again, and what says nothing that counts, is passed over."""
    assert told(AGENT, record(name, RESPONSE)) == []


def test_spans_count_nothing() -> None:
    """Its spans tell the calls of its log events once more."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "llm_call",
        "gen_ai.request.model": "gemini-3-pro",
    }
    assert list(AGENT.span(span("gemini-cli", "llm_call", **attributes))) == []


@pytest.mark.parametrize(
    ("metric", "attributes", "kind"),
    [
        ("gemini_cli.session.count", {}, "session"),
        ("gemini_cli.lines.changed", {"type": "added"}, "lines_added"),
        ("gemini_cli.lines.changed", {"type": "removed"}, "lines_removed"),
        ("gemini_cli.lines.changed", {}, None),
        ("gemini_cli.token.usage", {"type": "input"}, None),
        ("gemini_cli.tool.call.count", {"function_name": "read_file"}, None),
        ("gemini_cli.api.request.count", {"model": "gemini-3-pro"}, None),
        ("gen_ai.client.token.usage", {}, None),
    ],
)
def test_metrics(metric: str, attributes: dict[str, Any], kind: str | None) -> None:
    """Sessions and lines are read from metrics, and nothing that log events tell."""
    events = checked(AGENT.point(point("gemini-cli", metric, 3, **attributes)))
    assert [(event.kind, event.amount) for event in events if isinstance(event, Activity)] == (
        [(kind, 3)] if kind else []
    )


def test_a_record_is_known_again() -> None:
    """A record has one id however often it is read; another call has another."""
    first, again, other = (
        checked(AGENT.log(log_record("gemini-cli", "gemini_cli.api_response", **attributes)))[0].id
        for attributes in (RESPONSE, RESPONSE, RESPONSE | {"output_token_count": 41})
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "attributes", "field"),
    [
        ("gemini_cli.api_response", RESPONSE | {"model": None}, "model"),
        ("gemini_cli.api_response", RESPONSE | {"duration_ms": "fast"}, "duration_ms"),
        ("gemini_cli.api_response", RESPONSE | {"input_token_count": -1}, "input_token_count"),
        ("gemini_cli.api_error", FAILURE | {"model": None, "model_name": ""}, "model"),
        ("gemini_cli.tool_call", TOOL | {"function_name": ""}, "function_name"),
    ],
)
def test_what_cannot_count_is_refused(name: str, attributes: dict[str, Any], field: str) -> None:
    """A record that should count and cannot is refused by the field that is wrong."""
    with pytest.raises(Unfit) as refused:
        told(AGENT, record(name, attributes))
    assert refused.value.field == field


def test_qwen_code_tells_the_same_under_its_prefix() -> None:
    """The fork is an agent of its own; whose models it calls is not known."""
    attributes = RESPONSE | {"response_id": "chatcmpl-1", "finish_reasons": None}
    events = checked(QWEN_CODE.log(record("qwen-code.api_response", attributes, "qwen-code")))
    assert [event.id for event in events] == ["call:qwen-code:chatcmpl-1"]
    (call,) = without_ids(events)
    assert isinstance(call, Completion)
    assert (call.agent, call.provider, call.tokens) == ("qwen-code", None, CALL.tokens)
    failure = {"model": "qwen3-coder", "error_message": "Request failed", "error_type": "APIError"}
    (failed,) = told(QWEN_CODE, record("qwen-code.api_error", failure, "qwen-code"))
    assert isinstance(failed, Completion)
    assert (failed.success, failed.error, failed.error_type) == (
        False,
        "Request failed",
        "APIError",
    )


@settings(deadline=None)
@given(
    st.one_of(
        st.tuples(st.just("gemini_cli.api_response"), spoilt(RESPONSE)),
        st.tuples(st.just("gemini_cli.api_error"), spoilt(FAILURE)),
        st.tuples(st.just("gemini_cli.tool_call"), spoilt(TOOL)),
    )
)
def test_any_record_is_read_or_refused(given: tuple[str, dict[str, Any]]) -> None:
    """Whatever stands in a record, its event is within all bounds, or it is refused."""
    name, attributes = given
    read_or_refused(lambda: list(AGENT.log(log_record("gemini-cli", name, **attributes))))
