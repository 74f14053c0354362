"""Facts about what is read from opencode and its plugins."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.agents.fields import Unfit
from exporter.agents.opencode import AGENT
from exporter.event.otel import LogRecord
from exporter.event.tokens import Tokens
from exporter.event.types import Activity, Completion, Event, Log, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW, TRACE_ID, checked, log_record, point, span
from tests.agents.told import without_ids

REQUEST: dict[str, Any] = {
    "session.id": "ses_1",
    "model": "gemini-3-pro",
    "provider": "google",
    "gen_ai.provider.name": "gcp.gemini",
    "agent": "build",
    "cost_usd": 0.0125,
    "duration_ms": 2500,
    "input_tokens": 7952,
    "output_tokens": 35,
    "reasoning_tokens": 24,
    "cache_read_tokens": 100,
    "cache_creation_tokens": 7,
}
ERROR: dict[str, Any] = {
    "session.id": "ses_1",
    "model": "claude-opus-4-8",
    "provider": "anthropic",
    "error": "APIError: Rate limit exceeded",
    "duration_ms": 500,
}
TOOL: dict[str, Any] = {
    "session.id": "ses_1",
    "tool_name": "bash",
    "success": True,
    "duration_ms": 1500,
    "tool_result_size_bytes": 4,
}
COMMON: dict[str, Any] = {"agent": "opencode", "session_id": "ses_1"}
TRACED: dict[str, Any] = COMMON | {"trace_id": TRACE_ID}


def record(name: str, attributes: dict[str, Any]) -> LogRecord:
    """Return a log event within a trace."""
    return log_record("opencode", name, trace_id=TRACE_ID, **attributes)


def told(name: str, attributes: dict[str, Any]) -> list[Event]:
    """Return what a log event tells of, without the ids."""
    return without_ids(AGENT.log(record(name, attributes)))


@pytest.mark.parametrize("name", ["api_request", "opencode.api_request", "claude_code.api_request"])
def test_a_request_is_a_completion(name: str) -> None:
    """Whatever the prefix, a request counts as a success that ended when its time was over."""
    assert told(name, REQUEST) == [
        Completion(
            **TRACED,
            model="gemini-3-pro",
            provider="gcp.gemini",
            latency_ms=2500,
            success=True,
            tokens=Tokens(input=7952, output=35, reasoning=24, cache_read=100, cache_write=7),
            cost_usd=0.0125,
            cost_source="reported",
            at=NOW + 2.5,
        )
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gen_ai.provider.name": None}, {"provider": "gcp.gemini"}),
        ({"gen_ai.provider.name": None, "provider": "zen"}, {"provider": "zen"}),
        ({"gen_ai.provider.name": None, "provider": None}, {"provider": None}),
        ({"cost_usd": 0}, {"cost_usd": None, "cost_source": None}),
        ({"cost_usd": None}, {"cost_usd": None, "cost_source": None}),
        ({"cost_usd": "0.5"}, {"cost_usd": 0.5, "cost_source": "reported"}),
        ({"duration_ms": None}, {"latency_ms": None, "at": NOW}),
    ],
)
def test_what_a_request_leaves_open(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A provider has OpenTelemetry's name, and a cost of 0 is unknown."""
    (call,) = told("api_request", REQUEST | given)
    assert {name: getattr(call, name) for name in expected} == expected


def test_an_api_error_is_a_failed_completion() -> None:
    """A failure has its text, and what it is about is told from that."""
    assert told("api_error", ERROR) == [
        Completion(
            **TRACED,
            model="claude-opus-4-8",
            provider="anthropic",
            latency_ms=500,
            success=False,
            error="APIError: Rate limit exceeded",
            at=NOW + 0.5,
        )
    ]


@pytest.mark.parametrize("success", [True, False])
def test_a_tool_result_is_a_tool_call(*, success: bool) -> None:
    """A tool has its name, its time and its outcome; what it put out is dropped."""
    given = TOOL | {"success": success, "error": "cat: secret: no such file"}
    assert told("tool_result", given) == [
        ToolCall(**TRACED, tool="bash", success=success, duration_ms=1500, at=NOW + 1.5)
    ]


def test_sessions_and_commits() -> None:
    """A session and a commit count one each; a session within a session is a task."""
    session = {"session.id": "ses_1", "is_subagent": False}
    assert told("session.created", session) == [
        Activity(**COMMON, kind="session", amount=1, at=NOW)
    ]
    assert told("session.created", session | {"is_subagent": True}) == []
    assert told("commit", session) == [Activity(**COMMON, kind="commit", amount=1, at=NOW)]


def test_a_session_is_created_once() -> None:
    """Told at another time, it is the same session still."""
    ids = {
        checked(AGENT.log(log_record("opencode", "session.created", time_ns=time_ns, **REQUEST)))[
            0
        ].id
        for time_ns in (1, 2)
    }
    assert len(ids) == 1


def test_a_session_error_is_a_log_event() -> None:
    """What went wrong with a session is there to see."""
    assert told("session.error", {"session.id": "ses_1", "error": "UnknownError: no"}) == [
        Log(**COMMON, level="error", source="opencode", message="UnknownError: no", at=NOW)
    ]
    (log,) = told("session.error", {})
    assert isinstance(log, Log)
    assert log.message == "the session failed"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ('{"name": "APIError", "data": {"message": "no", "body": "SECRET"}}', "APIError: no"),
        ({"name": "APIError", "data": {"message": "no", "body": "SECRET"}}, "APIError: no"),
        ('{"name": "APIError", "data": {"responseBody": "SECRET"}}', "APIError"),
        (' {"data": {"message": "no"}, "message": "SECRET"}', "no"),
        ('{"name": "the SECRET key", "data": {"message": "no"}}', "other: no"),
        (f'{{"headers": "SECRET {"x" * 5_000}", "name": "APIError"}}', "APIError"),
        ('{"data": "SECRET"}', "the session failed"),
        ('["SECRET"]', "the session failed"),
        ('{"name": "APIError", "data": {"body": "SECR', "the session failed"),
        ("[" * 100_000, "the session failed"),
        ("x" * 5_000, "x" * 4_096),
    ],
)
def test_of_an_error_that_is_json_only_name_and_message_are_kept(
    error: object, message: str
) -> None:
    """The rest may hold headers and bodies; of JSON that is cut off nothing is sure."""
    (log,) = told("session.error", {"error": error})
    assert isinstance(log, Log)
    assert log.message == message


@pytest.mark.parametrize(
    "name", ["session.idle", "tool_decision", "user_prompt", "subtask_invoked", "api_response", ""]
)
def test_other_log_events_count_nothing(name: str) -> None:
    """What says nothing that counts is passed over."""
    assert told(name, REQUEST) == []


def test_a_record_is_known_again() -> None:
    """A record has one id however often it is read; another call has another."""
    first, again, other = (
        checked(AGENT.log(log_record("opencode", "api_request", **attributes)))[0].id
        for attributes in (REQUEST, REQUEST, REQUEST | {"output_tokens": 36})
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("metric", "attributes", "kind"),
    [
        ("opencode.lines_of_code.count", {"type": "added"}, "lines_added"),
        ("claude_code.lines_of_code.count", {"type": "removed"}, "lines_removed"),
        ("opencode.lines_of_code.count", {}, None),
        ("opencode.lines_of_code.total", {"type": "added"}, None),
        ("opencode.session.count", {}, None),
        ("opencode.commit.count", {}, None),
        ("claude_code.token.usage", {"type": "input"}, None),
        ("claude_code.cost.usage", {}, None),
        ("opencode.retry.count", {}, None),
    ],
)
def test_metrics(metric: str, attributes: dict[str, Any], kind: str | None) -> None:
    """Only lines of code are read from metrics: log events tell all else."""
    events = checked(AGENT.point(point("opencode", metric, 12, **attributes)))
    assert [(event.kind, event.amount) for event in events if isinstance(event, Activity)] == (
        [(kind, 12)] if kind else []
    )


@pytest.mark.parametrize(
    ("operation", "types"),
    [
        ("chat", [Completion]),
        ("execute_tool", [ToolCall]),
        ("invoke_agent", []),
        (None, []),
        (["chat"], []),
    ],
)
def test_spans_by_the_conventions(operation: object, types: list[type[Event]]) -> None:
    """The second plugin's calls and tools count; a session's span, and the first's, do not."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.tool.name": "read",
        "gen_ai.conversation.id": "ses_1",
    }
    events = list(AGENT.span(span("opencode", "chat gpt-5", **attributes)))
    assert [type(event) for event in events] == types
    assert all(event.agent == "opencode" for event in checked(events))


@pytest.mark.parametrize(
    ("name", "attributes", "field"),
    [
        ("api_request", REQUEST | {"model": None}, "model"),
        ("api_request", REQUEST | {"cost_usd": -1}, "cost_usd"),
        ("tool_result", TOOL | {"tool_name": None}, "tool_name"),
    ],
)
def test_what_cannot_count_is_refused(name: str, attributes: dict[str, Any], field: str) -> None:
    """A record that should count and cannot is refused by the field that is wrong."""
    with pytest.raises(Unfit) as refused:
        told(name, attributes)
    assert refused.value.field == field


@settings(deadline=None)
@given(
    st.one_of(
        st.tuples(st.just("api_request"), spoilt(REQUEST)),
        st.tuples(st.just("api_error"), spoilt(ERROR)),
        st.tuples(st.just("tool_result"), spoilt(TOOL)),
        st.tuples(st.just("session.error"), spoilt(ERROR)),
    )
)
def test_any_record_is_read_or_refused(given: tuple[str, dict[str, Any]]) -> None:
    """Whatever stands in a record, its event is within all bounds, or it is refused."""
    name, attributes = given
    read_or_refused(lambda: list(AGENT.log(log_record("opencode", name, **attributes))))
