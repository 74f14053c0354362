"""Facts about Codex's log events: which of them count, and as what."""

from typing import Any

import pytest

from exporter.agents.codex import AGENT
from exporter.agents.fields import Unfit
from exporter.event.otel import LogRecord
from exporter.event.rejection import Code
from exporter.event.tokens import Tokens
from exporter.event.types import Activity, Completion, CompletionDetail, Event, ToolCall
from tests.agents.records import NOW, checked, log_record, point, span

COMMON: dict[str, Any] = {
    "conversation.id": "c",
    "event.timestamp": "2027-01-15T08:00:00.000Z",
    "originator": "codex_exec",
    "user.email": "somebody@example.com",
    "model": "gpt-6",
    "slug": "gpt-6-slug",
}
COMPLETED: dict[str, Any] = {
    **COMMON,
    "event.kind": "response.completed",
    "input_token_count": "76345",
    "output_token_count": "2852",
    "cached_token_count": 74_752,
    "reasoning_token_count": 1_552,
    "tool_token_count": "79197",
}
NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("codex.user_prompt", {"prompt_length": "12", "prompt": "[REDACTED]"}),
    ("codex.tool_decision", {"tool_name": "shell", "call_id": "call_1", "decision": "approved"}),
    ("codex.websocket_connect", {"duration_ms": "3"}),
    ("codex.websocket_connect", {"success": "true", "http.response.status_code": 101}),
    ("codex.websocket_request", {"duration_ms": "3", "success": "true"}),
    ("codex.auth_recovery", {}),
    ("codex.sandbox_outcome", {}),
    ("codex.startup_phase", {"duration_ms": "3"}),
    ("codex.sse_event", {"event.kind": "response.output_item.done", "duration_ms": "3"}),
    ("codex.sse_event", {"event.kind": "response.completed", "duration_ms": "3"}),
    ("codex.sse_event", {"event.kind": "response.failed"}),
    ("codex.sse_event", {"event.kind": "response.created", "error.message": "odd"}),
    ("codex.sse_event", {}),
    ("codex.api_request", {"duration_ms": "900", "http.response.status_code": 200}),
    ("codex.api_request", {"duration_ms": "900", "attempt": 0}),
    ("codex.api_request", {"endpoint": "/responses", "http.response.status_code": 200}),
    ("codex.api_request", {"endpoint": "/models", "http.response.status_code": 500}),
    ("codex.api_request", {"endpoint": "/models", "error.message": "no route"}),
    ("codex.turn_ttft", {}),
    ("codex.something_new", COMPLETED),
    ("", COMPLETED),
]


def _read(record: LogRecord) -> list[Event]:
    return checked(AGENT.log(record))


def _log(name: str, fields: dict[str, Any], **more: Any) -> LogRecord:  # noqa: ANN401 - attributes
    return log_record("codex_cli_rs", name, **fields, **more)


@pytest.mark.parametrize("name", ["codex.sse_event", "sse_event"])
def test_a_response_with_tokens_is_a_completion(name: str) -> None:
    """Its input holds what came from the cache, its output the reasoning, and the total is both."""
    (event,) = _read(_log(name, COMPLETED))
    assert event == Completion(
        id=event.id,
        agent="codex",
        session_id="c",
        model="gpt-6",
        provider="openai",
        at=NOW,
        success=True,
        tokens=Tokens(input=1_593, output=1_300, reasoning=1_552, cache_read=74_752, total=79_197),
    )
    assert isinstance(event, Completion)
    assert event.tokens is not None
    assert (event.tokens.sum, event.tokens.mismatched) == (76_345 + 2_852, False)


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        (
            {"cached_token_count": None, "reasoning_token_count": None},
            Tokens(input=76_345, output=2_852, total=79_197),
        ),
        (
            {"output_token_count": None, "reasoning_token_count": None},
            Tokens(input=1_593, cache_read=74_752),
        ),
        (
            {"input_token_count": "10", "output_token_count": "5"},
            Tokens(input=0, cache_read=10, output=0, reasoning=5, total=15),
        ),
        (
            {
                "input_token_count": "1000",
                "cached_token_count": 400,
                "cache_write_token_count": 500,
            },
            Tokens(
                input=100,
                cache_read=400,
                cache_write=500,
                output=1_300,
                reasoning=1_552,
                total=3_852,
            ),
        ),
    ],
)
def test_parts_that_are_not_told_are_unknown(fields: dict[str, Any], tokens: Tokens) -> None:
    """And a part is never more than what it is part of."""
    (event,) = _read(_log("codex.sse_event", COMPLETED | fields))
    assert isinstance(event, Completion)
    assert event.tokens == tokens


@pytest.mark.parametrize(
    ("fields", "model", "provider"),
    [
        ({"model": None}, "gpt-6-slug", "openai"),
        ({"provider_name": "OpenAI"}, "gpt-6", "openai"),
        ({"provider_name": "Azure"}, "gpt-6", "azure.ai.openai"),
        ({"provider_name": "ollama"}, "gpt-6", "ollama"),
    ],
)
def test_whose_model_it_is(fields: dict[str, Any], model: str, provider: str) -> None:
    """OpenAI's, unless another provider is named; of the model there are two names."""
    (event,) = _read(_log("codex.sse_event", COMPLETED | fields))
    assert isinstance(event, Completion)
    assert (event.model, event.provider) == (model, provider)


@pytest.mark.parametrize(
    ("fields", "error", "status_code"),
    [
        ({"http.response.status_code": 429, "error.message": "limit"}, "limit", 429),
        ({"http.response.status_code": "500"}, None, 500),
        ({"error.message": "connection reset"}, "connection reset", None),
        ({"endpoint": "/v1/responses", "http.response.status_code": 503}, None, 503),
    ],
)
def test_a_refused_request_is_a_failed_completion(
    fields: dict[str, Any], error: str | None, status_code: int | None
) -> None:
    """Every attempt counts, for whether another follows cannot be told."""
    first = _log("codex.api_request", COMMON | fields | {"duration_ms": "900", "attempt": 0})
    second = _log("codex.api_request", COMMON | fields | {"duration_ms": "900", "attempt": 1})
    (event,), (again,) = _read(first), _read(second)
    assert isinstance(event, Completion)
    assert (event.success, event.error, event.status_code) == (False, error, status_code)
    assert (event.latency_ms, event.tokens, event.model) == (900, None, "gpt-6")
    assert event.id != again.id


@pytest.mark.parametrize(
    ("name", "fields", "error", "status_code"),
    [
        ("codex.websocket_connect", {"http.response.status_code": 429}, None, 429),
        ("codex.websocket_connect", {"error.message": "no route"}, "no route", None),
        ("codex.websocket_connect", {"success": "false"}, None, None),
        ("codex.websocket_request", {"success": False, "error.message": "shut"}, "shut", None),
        ("codex.websocket_request", {"http.response.status_code": "500"}, None, 500),
    ],
)
def test_a_websocket_that_failed_is_a_failed_completion(
    name: str, fields: dict[str, Any], error: str | None, status_code: int | None
) -> None:
    """Whether it could not be opened, or what was asked over it could not be sent."""
    (event,) = _read(_log(name, COMMON | fields | {"duration_ms": "3"}))
    assert isinstance(event, Completion)
    assert (event.success, event.error, event.status_code) == (False, error, status_code)
    assert (event.latency_ms, event.tokens, event.model) == (3, None, "gpt-6")


@pytest.mark.parametrize("kind", ["response.failed", "response.completed", None])
def test_a_response_that_failed_is_a_failed_completion(kind: str | None) -> None:
    """Its request was answered, and only its stream tells that it came to nothing."""
    fields = {"event.kind": kind, "error.message": "x" * 2_000}
    (event,) = _read(_log("codex.sse_event", COMMON | fields))
    assert isinstance(event, Completion)
    assert (event.success, event.error) == (False, "x" * 1_024)


def test_a_tool_result_is_a_tool_call() -> None:
    """What the tool was told and put out is left out."""
    fields = COMMON | {
        "tool_name": "shell",
        "call_id": "call_1",
        "arguments": '{"command": "cat /secret"}',
        "output": "the secret",
        "duration_ms": "20",
        "success": "false",
    }
    assert _read(_log("codex.tool_result", fields)) == [
        ToolCall(
            id="tool:codex:call_1",
            agent="codex",
            session_id="c",
            tool="shell",
            success=False,
            duration_ms=20,
            at=NOW,
        )
    ]


def test_the_first_token_of_a_turn_is_a_detail() -> None:
    """The time to it is told apart from the completion."""
    (event,) = _read(_log("codex.turn_ttft", COMMON | {"duration_ms": "210"}))
    assert isinstance(event, CompletionDetail)
    assert (event.model, event.provider, event.ttft_ms) == ("gpt-6", "openai", 210)


def test_a_conversation_is_a_session() -> None:
    """It counts once, however often it is taken up again."""
    (event,) = _read(_log("codex.conversation_starts", COMMON))
    assert isinstance(event, Activity)
    assert (event.kind, event.amount, event.session_id) == ("session", 1, "c")
    (again,) = _read(_log("codex.conversation_starts", COMMON, time_ns=1))
    (other,) = _read(_log("codex.conversation_starts", COMMON | {"conversation.id": "d"}))
    assert event.id == again.id != other.id


def test_a_response_with_tokens_came_to_something() -> None:
    """It is a completion, whatever else its event says."""
    (event,) = _read(_log("codex.sse_event", COMPLETED | {"error.message": "odd"}))
    assert isinstance(event, Completion)
    assert (event.success, event.error) == (True, None)


@pytest.mark.parametrize(("name", "fields"), NOTHING)
def test_other_events_say_nothing(name: str, fields: dict[str, Any]) -> None:
    """The second `response.completed`, which has no tokens, and all that is told elsewhere."""
    assert _read(_log(name, COMMON | fields)) == []


def test_what_a_call_is_known_by() -> None:
    """An event has no id, so its conversation, its time and what it tells must do."""
    event, again = _log("codex.sse_event", COMPLETED), _log("codex.sse_event", COMPLETED)
    others = [
        _log("codex.sse_event", COMPLETED, time_ns=1),
        _log("codex.sse_event", COMPLETED | {"conversation.id": "d"}),
        _log("codex.sse_event", COMPLETED | {"output_token_count": "1"}),
    ]
    ids = [_read(record)[0].id for record in (event, *others)]
    assert _read(again)[0].id == ids[0]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("name", "fields", "code", "field"),
    [
        ("codex.sse_event", {"model": None, "slug": None}, Code.MISSING_FIELD, "model"),
        ("codex.sse_event", {"input_token_count": "many"}, Code.WRONG_TYPE, "input_token_count"),
        ("codex.tool_result", {}, Code.MISSING_FIELD, "tool_name"),
        ("codex.turn_ttft", {"duration_ms": "-1"}, Code.OUT_OF_RANGE, "duration_ms"),
    ],
)
def test_a_record_that_cannot_count_is_named(
    name: str, fields: dict[str, Any], code: Code, field: str
) -> None:
    """It is refused by the field that is wrong."""
    with pytest.raises(Unfit) as refused:
        _read(_log(name, COMPLETED | fields))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_spans_and_metrics_say_nothing() -> None:
    """The log events tell the same."""
    usage: dict[str, Any] = {
        "gen_ai.usage.input_tokens": 1,
        "codex.usage.total_tokens": 2,
        "model": "m",
    }
    assert not checked(AGENT.span(span("codex_cli_rs", "handle_responses", **usage)))
    for metric in ("codex.thread.started", "codex.api_request", "codex.turn.token_usage"):
        assert not checked(AGENT.point(point("codex_cli_rs", metric, 1.0)))
