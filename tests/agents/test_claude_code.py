"""Facts about Claude Code's log events: which of them count, and as what."""

from typing import Any

import pytest
from msgspec import structs

from exporter.agents.claude_code import AGENT
from exporter.agents.fields import Unfit
from exporter.event.otel import LogRecord
from exporter.event.rejection import Code
from exporter.event.tokens import Tokens
from exporter.event.types import (
    Completion,
    Event,
    Log,
    ToolCall,
)
from tests.agents.records import NOW, checked, log_record

SESSION: dict[str, Any] = {"session.id": "s"}
REQUEST: dict[str, Any] = {
    **SESSION,
    "event.sequence": 3,
    "model": "claude-opus-5[1m]",
    "input_tokens": 2,
    "output_tokens": 14,
    "cache_read_tokens": 1_247,
    "cache_creation_tokens": 2_521,
    "cost_usd": 0.2,
    "duration_ms": 1_500,
    "request_id": "req_1",
    "user.email": "somebody@example.com",
    "prompt": "the prompt",
    "query_source": "repl_main_thread",
}
FAILURE: dict[str, Any] = {
    **SESSION,
    "model": "claude-opus-5",
    "error": "429 rate limited",
    "status_code": 429,
    "duration_ms": 900,
    "attempt": 11,
    "request_id": "req_2",
}
CALL = Completion(
    id="call:claude-code:req_1",
    agent="claude-code",
    session_id="s",
    model="claude-opus-5",
    provider="anthropic",
    at=NOW,
    latency_ms=1_500,
    success=True,
    tokens=Tokens(input=2, output=14, cache_read=1_247, cache_write=2_521),
    cost_usd=0.2,
    cost_source="reported",
)
FAILED = Completion(
    id="call:claude-code:req_2",
    agent="claude-code",
    session_id="s",
    request_id="req_2",
    model="claude-opus-5",
    provider="anthropic",
    at=NOW,
    latency_ms=900,
    success=False,
    error="429 rate limited",
    status_code=429,
)
TOOL = ToolCall(
    id="tool:claude-code:toolu_1",
    agent="claude-code",
    session_id="s",
    tool="Bash",
    success=False,
    duration_ms=20,
    error="ShellError",
    at=NOW,
)

NOTHING = [
    "user_prompt",
    "assistant_response",
    "tool_decision",
    "api_retries_exhausted",
    "api_request_body",
    "api_response_body",
    "permission_mode_changed",
    "auth",
    "plugin_installed",
    "plugin_loaded",
    "skill_activated",
    "at_mention",
    "hook_registered",
    "hook_execution_start",
    "hook_execution_complete",
    "feedback_survey",
    "something_new",
    "",
]


def _log(name: str, fields: dict[str, Any], **more: Any) -> LogRecord:  # noqa: ANN401 - attributes
    return log_record("claude-code", name, **fields, **more)


def _read(record: LogRecord) -> list[Event]:
    return checked(AGENT.log(record))


@pytest.mark.parametrize("name", ["api_request", "claude_code.api_request"])
def test_a_request_is_a_completion(name: str) -> None:
    """Its tokens are disjoint as they come; an event may have its bare name or its whole one."""
    (event,) = _read(_log(name, REQUEST))
    assert event == CALL
    assert isinstance(event, Completion)
    assert event.tokens is not None
    assert event.tokens.prompt == 2 + 2_521 + 1_247 == 3_770


def test_numbers_may_be_strings() -> None:
    """Before 2.1.122 every number was a string, and means the same."""
    strings = {name: str(value) for name, value in REQUEST.items()}
    assert _read(_log("api_request", strings)) == [CALL]


def test_an_unknown_cost_has_no_source() -> None:
    """Where no cost is told, none is, and nothing says who told it."""
    (event,) = _read(_log("api_request", REQUEST | {"cost_usd": ""}))
    assert isinstance(event, Completion)
    assert (event.cost_usd, event.cost_source) == (None, None)


def test_an_error_is_a_failed_completion() -> None:
    """It is one call, however often it was tried."""
    assert _read(_log("api_error", FAILURE)) == [FAILED]


def test_a_connection_error_has_no_status() -> None:
    """Without a status code the failure stands all the same."""
    (event,) = _read(_log("api_error", FAILURE | {"status_code": "undefined"}))
    assert isinstance(event, Completion)
    assert (event.success, event.status_code) == (False, None)


@pytest.mark.parametrize(
    ("error_type", "error"),
    [
        ("ShellError", "ShellError"),
        ("Error:ENOENT", "Error:ENOENT"),
        ("cat: /secret: no such file", "other"),
        (None, None),
    ],
)
def test_a_tool_result_is_a_tool_call(error_type: str | None, error: str | None) -> None:
    """Its success is a word, and its error too; what the tool was told and put out is left out."""
    fields = {
        **SESSION,
        "tool_name": "Bash",
        "tool_use_id": "toolu_1",
        "success": "false",
        "duration_ms": "20",
        "error_type": error_type,
        "error": "cat: /secret: no such file",
        "tool_parameters": '{"command": "cat /secret"}',
    }
    assert _read(_log("tool_result", fields)) == [structs.replace(TOOL, error=error)]


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        (
            "compaction",
            {"trigger": "auto", "success": "true", "pre_tokens": 9, "post_tokens": 2},
            (
                "info",
                "context compacted",
                {"trigger": "auto", "pre_tokens": "9", "post_tokens": "2"},
            ),
        ),
        (
            "compaction",
            {"trigger": "manual", "success": "false", "error": "the text"},
            ("warn", "context compaction failed", {"trigger": "manual"}),
        ),
        (
            "compaction",
            {"trigger": "keep what is said of /secret", "success": "true"},
            ("info", "context compacted", {"trigger": "other"}),
        ),
        (
            "internal_error",
            {"error_name": "TypeError", "error_code": "E1"},
            ("error", "internal error", {"error_name": "TypeError", "error_code": "E1"}),
        ),
        (
            "mcp_server_connection",
            {"status": "failed", "transport_type": "stdio", "server_scope": "user"},
            (
                "warn",
                "MCP server connection failed",
                {"transport_type": "stdio", "server_scope": "user"},
            ),
        ),
    ],
)
def test_what_helps_who_watches_is_a_log_event(
    name: str, fields: dict[str, Any], told: tuple[str, str, dict[str, str]]
) -> None:
    """Troubles of the agent itself are told in words of our own."""
    (event,) = _read(_log(name, SESSION | fields))
    assert isinstance(event, Log)
    assert (event.level, event.message, event.context) == told
    assert (event.source, event.agent, event.session_id, event.at) == (
        "claude-code",
        "claude-code",
        "s",
        NOW,
    )


@pytest.mark.parametrize("name", NOTHING)
def test_other_events_say_nothing(name: str) -> None:
    """What does not count, or is told by another event, gives nothing, whatever is in it."""
    assert _read(_log(name, REQUEST | FAILURE | {"tool_name": "Bash"})) == []


@pytest.mark.parametrize("status", ["connected", "disconnected", None])
def test_a_server_that_connects_says_nothing(status: str | None) -> None:
    """Of connections only the failed ones are told."""
    assert _read(_log("mcp_server_connection", SESSION | {"status": status})) == []


def _id(fields: dict[str, Any], **more: Any) -> str | None:  # noqa: ANN401 - attributes
    (event,) = _read(_log("api_request", fields, **more))
    return event.id


def test_what_a_call_is_known_by() -> None:
    """By its request; without one by its number in the session; else by time and content."""
    bare = {name: value for name, value in REQUEST.items() if name != "request_id"}
    unnumbered = {name: value for name, value in bare.items() if name != "event.sequence"}
    assert _id(REQUEST) == _id(REQUEST | {"event.sequence": 4, "cost_usd": 1.0})
    assert _id(bare) == _id(bare | {"event.sequence": "3", "cost_usd": 1.0})
    assert _id(bare) != _id(bare | {"event.sequence": 4})
    assert _id(bare) != _id(bare | {"session.id": "other"})
    assert _id(bare) != _id(bare, time_ns=1), "a session that is resumed counts from 0 again"
    assert _id(unnumbered) == _id(dict(reversed(unnumbered.items())))
    assert _id(unnumbered) != _id(unnumbered | {"cost_usd": 1.0})
    assert _id(unnumbered) != _id(unnumbered, time_ns=1)


@pytest.mark.parametrize(
    ("name", "fields", "code", "field"),
    [
        ("api_request", {"model": None}, Code.MISSING_FIELD, "model"),
        ("api_request", {"input_tokens": -1}, Code.OUT_OF_RANGE, "input_tokens"),
        ("api_request", {"duration_ms": "soon"}, Code.WRONG_TYPE, "duration_ms"),
        ("api_error", {"model": ""}, Code.MISSING_FIELD, "model"),
        ("tool_result", {}, Code.MISSING_FIELD, "tool_name"),
    ],
)
def test_a_record_that_cannot_count_is_named(
    name: str, fields: dict[str, Any], code: Code, field: str
) -> None:
    """It is refused by the field that is wrong."""
    with pytest.raises(Unfit) as refused:
        _read(_log(name, REQUEST | fields))
    assert (refused.value.code, refused.value.field) == (code, field)
