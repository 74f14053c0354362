"""Facts about what is read from whoever follows the conventions for generative AI."""

from typing import Any

import pytest
from hypothesis import given, settings

from exporter.agents.fields import Unfit
from exporter.agents.genai import AGENT
from exporter.event.otel import Origin, SpanEvent
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, RequestEnded, ToolCall
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW, SPAN_ID, TRACE_ID, checked, log_record, point, span
from tests.agents.told import without_ids

DETAILS = "gen_ai.client.inference.operation.details"
CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2026-01-01",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.finish_reasons": ["stop", "length"],
    "gen_ai.response.time_to_first_chunk": 0.5,
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 700,
    "gen_ai.usage.cache_creation.input_tokens": 200,
    "gen_ai.usage.output_tokens": 90,
    "gen_ai.usage.reasoning.output_tokens": 60,
    "gen_ai.conversation.id": "conv_1",
    "gen_ai.input.messages": "secret",
    "gen_ai.output.messages": "secret",
}
COMMON: dict[str, Any] = {
    "agent": "my-service",
    "session_id": "conv_1",
    "trace_id": TRACE_ID,
    "at": NOW,
}
CALL = Completion(
    **COMMON,
    model="gpt-5-2026-01-01",
    provider="openai",
    latency_ms=1000,
    ttft_ms=500,
    tokens=Tokens(input=100, output=30, reasoning=60, cache_read=700, cache_write=200),
    finish_reason="stop",
)
TOOL: dict[str, Any] = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "search",
    "gen_ai.tool.call.id": "call_1",
    "gen_ai.conversation.id": "conv_1",
    "gen_ai.tool.call.arguments": "secret",
}


def spanned(attributes: dict[str, Any], name: str = "chat gpt-5", **given: Any) -> list[Event]:  # noqa: ANN401 - of a span
    """Return what a span of a service tells of, without the ids."""
    return without_ids(AGENT.span(span("my-service", name, **given, **attributes)))


def ids(*events: Event) -> set[str | None]:
    """Return the ids of the events."""
    return {event.id for event in events}


def test_a_chat_is_a_completion() -> None:
    """A call has the span's time and the parts of its tokens, and no content."""
    assert spanned(CHAT) == [CALL]
    assert CALL.tokens is not None
    assert (CALL.tokens.prompt, CALL.tokens.generated) == (1000, 90)


@pytest.mark.parametrize(
    "operation",
    [
        "chat",
        "generate_content",
        "text_completion",
        "embeddings",
        "Chat",
        "completion",
        "acompletion",
        "aresponses",
        "anthropic_messages",
        "aembedding",
    ],
)
@pytest.mark.parametrize("attribute", ["gen_ai.operation.name", "llm.request.type"])
def test_the_operations_that_are_calls(operation: str, attribute: str) -> None:
    """Those of the conventions and those of LiteLLM are, under the older attribute too."""
    attributes = {name: value for name, value in CHAT.items() if name != "gen_ai.operation.name"}
    assert spanned(attributes | {attribute: operation}) == [CALL]


@pytest.mark.parametrize(
    ("attributes", "is_call"),
    [
        ({"gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 5}, True),
        ({"gen_ai.request.model": "gpt-5", "gen_ai.usage.prompt_tokens": 5}, True),
        ({"gen_ai.request.model": "gpt-5"}, False),
        ({"gen_ai.usage.input_tokens": 5}, False),
        ({"http.request.method": "POST"}, False),
    ],
)
def test_a_span_without_an_operation(attributes: dict[str, Any], *, is_call: bool) -> None:
    """It is a call where it names the model and what that used, as Vercel's AI SDK does."""
    assert [type(event) for event in spanned(attributes)] == ([Completion] if is_call else [])


@pytest.mark.parametrize(
    "operation",
    ["create_agent", "invoke_workflow", "plan", "retrieval", "rerank", "fetch_response", "other"],
)
def test_other_operations_count_nothing(operation: str) -> None:
    """What is no call, no tool and no run of an agent is passed over."""
    assert spanned(CHAT | {"gen_ai.operation.name": operation}) == []


def test_the_raw_request_of_litellm_counts_nothing() -> None:
    """It stands beneath the span of the same call, whatever it tells."""
    assert spanned({"llm.openai.model": "gpt-5"}, "raw_gen_ai_request") == []
    assert spanned(CHAT, "raw_gen_ai_request") == []
    assert spanned(CHAT, "litellm_request") == [CALL]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gen_ai.response.model": None}, {"model": "gpt-5"}),
        ({"gen_ai.response.model": None, "gen_ai.request.model": None}, {"model": "unknown"}),
        ({"gen_ai.provider.name": None, "gen_ai.system": "Anthropic"}, {"provider": "anthropic"}),
        ({"gen_ai.provider.name": "az.ai.openai"}, {"provider": "azure.ai.openai"}),
        ({"gen_ai.provider.name": None}, {"provider": None}),
        ({"gen_ai.response.finish_reasons": '["tool_calls"]'}, {"finish_reason": "tool_calls"}),
        ({"gen_ai.response.finish_reasons": "length"}, {"finish_reason": "length"}),
        ({"gen_ai.response.finish_reasons": "[not JSON"}, {"finish_reason": None}),
        ({"gen_ai.response.finish_reasons": []}, {"finish_reason": None}),
        (
            {
                "gen_ai.response.finish_reasons": None,
                "gen_ai.completion.0.finish_reason": "stop",
            },
            {"finish_reason": "stop"},
        ),
        ({"gen_ai.response.time_to_first_chunk": None}, {"ttft_ms": None}),
        (
            {
                "gen_ai.response.time_to_first_chunk": None,
                "gen_ai.response.time_to_first_token": 2,
            },
            {"ttft_ms": 2000},
        ),
        ({"gen_ai.cost.total_cost": 0.5}, {"cost_usd": 0.5, "cost_source": "reported"}),
        ({"litellm.cost.total": 0.5}, {"cost_usd": 0.5, "cost_source": "reported"}),
        ({"gen_ai.usage.cost": 0.25}, {"cost_usd": 0.25, "cost_source": "reported"}),
        ({"gen_ai.usage.cost": 0}, {"cost_usd": None, "cost_source": None}),
        ({"gen_ai.conversation.id": None, "session.id": "s"}, {"session_id": "s"}),
        ({"error.type": "429"}, {"success": False, "error_type": "429"}),
        ({"http.response.status_code": 503}, {"status_code": 503}),
        ({"http.status_code": "429"}, {"status_code": 429}),
    ],
)
def test_what_attributes_tell(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """The names of the conventions come first, then retired ones and those of others."""
    (call,) = spanned(CHAT | given)
    assert {name: getattr(call, name) for name in expected} == expected


OF_TOKENS = {name: None for name in CHAT if name.startswith("gen_ai.usage.")}


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (
            {"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 4},
            Tokens(input=10, output=4),
        ),
        (
            {"llm.usage.prompt_tokens": 10, "llm.usage.completion_tokens": 4}
            | {"llm.usage.total_tokens": 14},
            Tokens(input=10, output=4, total=14),
        ),
        (
            {"gen_ai.usage.input_tokens": "10", "gen_ai.usage.total_tokens": 10},
            Tokens(input=10, total=10),
        ),
        (
            {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read_input_tokens": 6}
            | {"gen_ai.usage.cache_creation_input_tokens": 4},
            Tokens(input=0, cache_read=6, cache_write=4),
        ),
        (
            {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_write.input_tokens": 4},
            Tokens(input=6, cache_write=4),
        ),
        # The caches are more than the whole, so the whole does not include them.
        (
            {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 600},
            Tokens(input=10, cache_read=600),
        ),
        (
            {"gen_ai.usage.output_tokens": 5, "gen_ai.usage.reasoning_tokens": 60},
            Tokens(output=5, reasoning=60),
        ),
        ({}, Tokens()),
    ],
)
def test_tokens_are_disjoint(usage: dict[str, Any], tokens: Tokens) -> None:
    """Caches are taken out of the input and reasoning out of the output."""
    (call,) = spanned(CHAT | OF_TOKENS | usage)
    assert isinstance(call, Completion)
    assert call.tokens == tokens
    assert not tokens.mismatched


def test_a_failed_call() -> None:
    """A span whose status is an error is a failure, told by its message and its type."""
    attributes = CHAT | OF_TOKENS | {"error.type": "RateLimitError"}
    (call,) = spanned(attributes, failed=True, message="429 Too Many Requests")
    assert isinstance(call, Completion)
    assert (call.success, call.error, call.error_type) == (
        False,
        "429 Too Many Requests",
        "RateLimitError",
    )


def test_a_failure_told_by_an_exception() -> None:
    """Where the span itself does not say why it failed, its last exception does."""
    failed = span("my-service", "chat", failed=True, **CHAT)
    failed.events = [
        SpanEvent("exception", 1, {"exception.type": "A", "exception.message": "a"}),
        SpanEvent("exception", 2, {"exception.type": "openai.B", "exception.message": "b"}),
        SpanEvent("other", 3, {"exception.type": "C"}),
    ]
    (call,) = checked(AGENT.span(failed))
    assert isinstance(call, Completion)
    assert (call.success, call.error, call.error_type) == (False, "b", "openai.B")


def test_a_call_is_one_by_its_response() -> None:
    """Spans and log events of one response are one call, wherever they stand."""
    elsewhere = span("my-service", "litellm_request", span_id="b" * 16, **CHAT)
    event = log_record("my-service", DETAILS, **CHAT)
    (call,) = checked(AGENT.span(span("my-service", "chat", **CHAT)))
    (again,) = checked(AGENT.span(elsewhere))
    (logged,) = checked(AGENT.log(event))
    assert ids(call, again, logged) == {"call:my-service:chatcmpl-1"}


def test_a_call_without_a_response_is_one_by_its_span() -> None:
    """The log event within a span is of the same call; another span is another call."""
    attributes = CHAT | {"gen_ai.response.id": None}
    (call,) = checked(AGENT.span(span("my-service", "chat", **attributes)))
    (other,) = checked(AGENT.span(span("my-service", "chat", span_id="b" * 16, **attributes)))
    event = log_record("my-service", DETAILS, trace_id=TRACE_ID, span_id=SPAN_ID, **attributes)
    (logged,) = checked(AGENT.log(event))
    assert call.id == logged.id != other.id


@pytest.mark.parametrize(("call_id", "is_one"), [("chatcmpl-1", False), ("other", True)])
def test_the_attempts_of_litellm(call_id: str, *, is_one: bool) -> None:
    """Where the id of the response is that of the call, each span is an attempt of its own."""
    attributes = CHAT | {"litellm.call_id": call_id}
    (first,) = checked(AGENT.span(span("my-service", "chat", **attributes)))
    (second,) = checked(AGENT.span(span("my-service", "chat", span_id="b" * 16, **attributes)))
    assert (first.id == second.id) is is_one


def test_the_log_event_of_a_call() -> None:
    """It counts by itself, without a latency, and with no id at all by what it says."""
    event = log_record("my-service", DETAILS, trace_id=TRACE_ID, **CHAT)
    (call,) = without_ids(AGENT.log(event))
    assert isinstance(call, Completion)
    call.latency_ms = 1000
    assert call == CALL
    attributes = CHAT | {"gen_ai.response.id": None}
    first, again, other = (
        checked(AGENT.log(log_record("my-service", DETAILS, time_ns=time_ns, **attributes)))[0].id
        for time_ns in (10**9, 10**9, 2 * 10**9)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        (DETAILS, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}),
        ("gen_ai.client.operation.exception", CHAT),
        ("gen_ai.choice", CHAT),
        ("gen_ai.user.message", CHAT),
        ("", CHAT),
    ],
)
def test_other_log_events_count_nothing(name: str, attributes: dict[str, Any]) -> None:
    """Messages, and the details of a request that has no answer yet, are passed over."""
    assert list(AGENT.log(log_record("my-service", name, **attributes))) == []


@pytest.mark.parametrize("scope", ["gemini-cli", "qwen-code"])
def test_agents_that_tell_otherwise(scope: str) -> None:
    """Under a service of another name they still tell the same call by an event of their own."""
    event = log_record("my-service", DETAILS, **CHAT)
    event.origin = Origin(event.origin.resource, scope)
    assert list(AGENT.log(event)) == []


def test_metrics_count_nothing() -> None:
    """Spans tell the calls that the metrics sum up."""
    usage = point("my-service", "gen_ai.client.token.usage", 5, kind="histogram", **CHAT)
    assert list(AGENT.point(usage)) == []


@pytest.mark.parametrize(
    ("service", "agent"), [("my-service", "my-service"), ("s" * 200, "s" * 128), ("", "unknown")]
)
def test_the_agent_is_the_service(service: str, agent: str) -> None:
    """Its name is cut to the length of a label value; without one it is unknown."""
    (call,) = checked(AGENT.span(span(service, "chat", **CHAT)))
    assert call.agent == agent


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"success": True, "error": None}),
        ({"error.type": "timeout"}, {"success": False, "error": "timeout"}),
        ({"gen_ai.tool.name": None}, {"tool": "find"}),
        ({"gen_ai.conversation.id": None}, {"session_id": None}),
    ],
)
def test_a_tool_call(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A tool has its name, its time and its outcome; what it was given is dropped."""
    (call,) = spanned(TOOL | given, "execute_tool find", message="secret")
    assert isinstance(call, ToolCall)
    assert {name: getattr(call, name) for name in expected} == expected
    assert call.duration_ms == 1000


def test_a_failed_tool_keeps_its_output_to_itself() -> None:
    """A span that failed is a failed tool; its message may be what the tool put out."""
    (call,) = spanned(TOOL, failed=True, message="secret")
    assert call == ToolCall(**COMMON, tool="search", success=False, duration_ms=1000)


def test_a_tool_without_a_name_is_refused() -> None:
    """A tool is a label, so one that has no name is refused by the field that is missing."""
    with pytest.raises(Unfit) as refused:
        spanned({"gen_ai.operation.name": "execute_tool"}, "execute_tool")
    assert refused.value.field == "gen_ai.tool.name"


@pytest.mark.parametrize(
    ("call_id", "is_one"), [("call_1", True), (None, False)], ids=["by its id", "by its span"]
)
def test_a_tool_call_is_one(call_id: str | None, *, is_one: bool) -> None:
    """It is known by the id of the call within its conversation, else by its span."""
    attributes = TOOL | {"gen_ai.tool.call.id": call_id}
    (call,) = checked(AGENT.span(span("my-service", "execute_tool", **attributes)))
    (other,) = checked(AGENT.span(span("my-service", "tool", span_id="b" * 16, **attributes)))
    assert (call.id == other.id) is is_one


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"success": True}),
        ({"failed": True, "message": "it broke"}, {"success": False, "error": "it broke"}),
        ({"failed": True}, {"success": False}),
    ],
)
def test_the_run_of_an_agent_is_a_request(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A run of an agent is a request that ended, with the time of its span."""
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "conv_1"}
    assert spanned(attributes, "invoke_agent helper", **given) == [
        RequestEnded(
            **COMMON, request_id=SPAN_ID, channel="invoke_agent", duration_ms=1000, **expected
        )
    ]


def test_a_span_without_an_id_is_known_again() -> None:
    """What has no id of its own is known by all that it says."""
    attributes: dict[str, Any] = {"gen_ai.operation.name": "invoke_agent"}
    first, again, other = (
        checked(AGENT.span(span("my-service", name, span_id="", **attributes)))[0].id
        for name in ("invoke_agent a", "invoke_agent a", "invoke_agent b")
    )
    assert first == again != other


def test_a_span_from_the_beginning_of_time() -> None:
    """A span that lasts for longer than any duration may is cut to the longest."""
    eternal = span("my-service", "chat", **CHAT)
    eternal.start_ns = 1
    (call,) = checked(AGENT.span(eternal))
    assert isinstance(call, Completion)
    assert call.latency_ms == 1e12


@settings(deadline=None)
@given(spoilt(CHAT | TOOL | {"gen_ai.operation.name": "chat"}))
def test_any_call_is_read_or_refused(attributes: dict[str, Any]) -> None:
    """Whatever stands in a record, its event is within all bounds, or it is refused."""
    for operation in ("chat", "execute_tool", "invoke_agent", None):
        whole = attributes | {"gen_ai.operation.name": operation}
        read_or_refused(lambda whole=whole: list(AGENT.span(span("my-service", "chat", **whole))))  # type: ignore[misc]
    read_or_refused(lambda: list(AGENT.log(log_record("my-service", DETAILS, **attributes))))


@pytest.mark.parametrize(("sampled", "counted"), [(True, 0), (False, 1)])
def test_an_event_within_a_span_that_is_exported_is_left_to_it(
    *, sampled: bool, counted: int
) -> None:
    """Which of the two comes first is not said, and only the span tells the latency."""
    attributes: dict[str, Any] = {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5}
    record = log_record("shop", DETAILS, span_id=SPAN_ID, **attributes)
    record.sampled = sampled
    assert len(list(AGENT.log(record))) == counted
