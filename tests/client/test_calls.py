"""What is told of a block of code, as a context manager and as a decorator."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from exporter.client import CompletionCall, RequestCall, Telemetry, ToolCall
from tests.client.scripted import Scripted

FLUSH_SECS: Final = 60.0
MEASURED = {
    "agent",
    "completed_at",
    "duration_ms",
    "ended_at",
    "latency_ms",
    "started_at",
    "ttft_ms",
    "type",
}
"""Fields that are of every event, or that no test can know."""

Call = CompletionCall | RequestCall | ToolCall


class APIError(Exception):
    """An error as the libraries of providers have it."""

    status_code = 529


class HTTPError(Exception):
    """An error with another name for its status."""

    status = 404


class NoStatus(Exception):  # noqa: N818 - it has none
    """An error whose status is none."""

    status_code = True
    status = "500"


class Unreadable(Exception):  # noqa: N818 - it is
    """An error that cannot be looked at."""

    @property
    def status_code(self) -> int:
        """Raise another error."""
        raise LookupError

    def __str__(self) -> str:
        raise LookupError


def told(server: Scripted, telemetry: Telemetry) -> list[dict[str, Any]]:
    """Return what was told, without what was measured."""
    assert telemetry.close(FLUSH_SECS)
    return [
        {name: value for name, value in event.items() if name not in MEASURED}
        for event in server.events
    ]


def tell_tokens(call: CompletionCall) -> Callable[[dict[str, int]], object]:
    """Return what tells the tokens of a call."""
    return lambda parts: call.tokens(**parts)


def raise_after(act: Callable[[], object]) -> None:
    """Do something, and raise."""
    act()
    raise ValueError("text")


COMPLETIONS: list[tuple[Callable[[CompletionCall], object], dict[str, Any]]] = [
    (lambda _: None, {}),
    (
        lambda call: call.tokens(input=1, output=2, reasoning=3, cache_read=4, cache_write=5),
        {"tokens": {"input": 1, "output": 2, "reasoning": 3, "cache_read": 4, "cache_write": 5}},
    ),
    (
        lambda call: list(map(tell_tokens(call), ({"input": 1, "total": 9}, {"input": 2}))),
        {"tokens": {"input": 2, "total": 9}},
    ),
    (lambda call: call.tokens(), {}),
    (
        lambda call: call.usage({"input_tokens": 3, "output_tokens": 4}),
        {"tokens": {"input": 3, "output": 4}},
    ),
    (lambda call: call.usage("no usage"), {}),
    (lambda call: call.cost(0), {"cost_usd": 0}),
    (lambda call: call.finish("end_turn"), {"finish_reason": "end_turn"}),
    (lambda call: call.model("gpt-6-mini"), {"model": "gpt-6-mini"}),
    (lambda call: call.failed(), {"success": False}),
    (
        lambda call: call.failed("overloaded", status_code=529, error="too busy"),
        {
            "success": False,
            "error_type": "overloaded",
            "status_code": 529,
            "error": "too busy",
        },
    ),
]


@pytest.mark.parametrize(("tell", "fields"), COMPLETIONS)
def test_a_completion_tells_what_was_said_of_it(
    server: Scripted, tell: Callable[[CompletionCall], object], fields: dict[str, Any]
) -> None:
    """What is said of a call in its block is in its event, and nothing else."""
    telemetry = Telemetry(server.url)
    with telemetry.completion("gpt-6", provider="openai", request_id="r", trace_id="t") as call:
        tell(call)
    expected = {"model": "gpt-6", "provider": "openai", "request_id": "r", "trace_id": "t"}
    assert told(server, telemetry) == [expected | fields]


def test_times_are_of_the_block(server: Scripted) -> None:
    """A call ends after it began, and its first token comes between; later ones say nothing."""
    with Telemetry(server.url) as telemetry, telemetry.completion("gpt-6") as call:
        call.first_token()
        first = call._event["ttft_ms"]  # noqa: SLF001 - what must not change
        call.first_token()
    (event,) = server.events
    assert 0 <= event["ttft_ms"] == first <= event["latency_ms"]


FAILURES = [
    (ValueError("text"), {"error_type": "ValueError"}, {"error": "ValueError"}),
    (APIError("text"), {"error_type": "APIError", "status_code": 529}, {"error": "APIError"}),
    (HTTPError("text"), {"error_type": "HTTPError", "status_code": 404}, {"error": "HTTPError"}),
    (NoStatus("text"), {"error_type": "NoStatus"}, {"error": "NoStatus"}),
    (
        asyncio.CancelledError("text"),
        {"error_type": "CancelledError"},
        {"error": "CancelledError"},
    ),
    (KeyboardInterrupt(), {"error_type": "KeyboardInterrupt"}, {"error": "KeyboardInterrupt"}),
    (SystemExit(1), {"error_type": "SystemExit"}, {"error": "SystemExit"}),
]


@pytest.mark.parametrize(("error", "of_completion", "of_others"), FAILURES)
def test_an_exception_marks_the_block_failed_and_goes_on(
    server: Scripted, error: BaseException, of_completion: dict[str, Any], of_others: dict[str, Any]
) -> None:
    """What leaves a block is told by the name of its class, never its text, and is not changed."""
    telemetry = Telemetry(server.url)
    calls: list[Call] = [telemetry.completion("m"), telemetry.tool("t"), telemetry.request()]
    for call in calls:
        with pytest.raises(type(error)) as raised, call:
            raise error
        assert raised.value is error
    completion, tool, _, request = told(server, telemetry)
    assert completion == {"model": "m", "success": False} | of_completion
    assert tool == {"tool": "t", "success": False} | of_others
    assert request.items() >= ({"success": False} | of_others).items()


@pytest.mark.parametrize("error", [GeneratorExit(), SystemExit(), SystemExit(0)])
def test_an_end_that_is_no_failure_is_none(server: Scripted, error: BaseException) -> None:
    """A consumer that has had enough, and a program that ends well, mark nothing failed."""
    telemetry = Telemetry(server.url)
    with pytest.raises(type(error)), telemetry.tool("t"):
        raise error
    assert told(server, telemetry) == [{"tool": "t"}]


def test_texts_of_exceptions_are_told_where_asked_for(server: Scripted) -> None:
    """With `error_texts` the text of an exception is told as well, cut where it is long."""
    telemetry = Telemetry(server.url, error_texts=True)
    with pytest.raises(ValueError, match="text"), telemetry.completion("m"):
        raise ValueError("text" + "x" * 10_000)
    with pytest.raises(ValueError, match=r"^$"), telemetry.tool("t"):
        raise ValueError
    completion, tool = told(server, telemetry)
    assert completion["error_type"] == "ValueError"
    assert completion["error"].startswith("textxxx")
    assert len(completion["error"]) == 1024
    assert tool["error"] == "ValueError"


def test_what_was_said_of_a_failure_stands(server: Scripted) -> None:
    """A block that was marked failed keeps its reason, whatever is raised after that."""
    telemetry = Telemetry(server.url)
    call = telemetry.completion("m")
    with pytest.raises(ValueError, match="text"), call:
        raise_after(lambda: call.failed("rate_limit", status_code=429))
    with telemetry.tool("t") as tool:
        tool.failed("timeout", error="too slow")
    with telemetry.request("cli", request_id="r") as request:
        request.failed("timeout")
    assert told(server, telemetry) == [
        {"model": "m", "success": False, "error_type": "rate_limit", "status_code": 429},
        {"tool": "t", "success": False, "error": "too slow"},
        {"request_id": "r", "channel": "cli"},
        {"request_id": "r", "channel": "cli", "success": False, "error": "timeout"},
    ]


def test_an_exception_that_cannot_be_looked_at_is_raised_unchanged(server: Scripted) -> None:
    """Whatever an exception does when it is looked at, it is the one that leaves the block."""
    with Telemetry(server.url, error_texts=True) as telemetry:
        for call in (telemetry.completion("m"), telemetry.tool("t")):
            with pytest.raises(Unreadable), call:
                raise Unreadable


def test_a_request_begins_and_ends_under_one_id(server: Scripted) -> None:
    """A request is two events; its id is made up where none is given, anew for each."""
    telemetry = Telemetry(server.url)
    ids = []
    for _ in range(2):
        with telemetry.request("cli") as request:
            ids.append(request.request_id)
            assert len(request.request_id) == 32
    assert [event["request_id"] for event in told(server, telemetry)] == [
        ids[0],
        ids[0],
        ids[1],
        ids[1],
    ]
    assert ids[0] != ids[1]
    kinds = [event["type"] for event in server.events]
    assert kinds == ["request_started", "request_ended"] * 2
    assert server.events[1]["duration_ms"] >= 0


def test_agent_and_session_are_the_clients_unless_the_call_names_its_own(server: Scripted) -> None:
    """A call is of the agent and the session of its client, or of those that it was given."""
    telemetry = Telemetry(server.url, agent="a", session_id="s")
    with telemetry.tool("t"):
        pass
    with telemetry.tool("t", agent="b", session_id="u", request_id="r"):
        pass
    assert telemetry.close(FLUSH_SECS)
    first, second = server.events
    assert first.items() >= {"agent": "a", "session_id": "s"}.items()
    assert second.items() >= {"agent": "b", "session_id": "u", "request_id": "r"}.items()


def test_what_is_said_outside_of_a_block_is_passed_over(server: Scripted) -> None:
    """Before a block begins and after it has ended nothing is told of it, and nothing raised."""
    telemetry = Telemetry(server.url)
    call = telemetry.completion("m")
    call.cost(1)
    with call:
        call.finish("stop")
    call.cost(2)
    with call:
        pass
    assert told(server, telemetry) == [{"model": "m", "finish_reason": "stop"}, {"model": "m"}]


async def test_a_block_may_be_asynchronous(server: Scripted) -> None:
    """`async with` tells the same as `with`, and passes exceptions on."""
    telemetry = Telemetry(server.url)
    async with telemetry.completion("m") as call:
        call.cost(1)
    with pytest.raises(ValueError, match="text"):
        async with telemetry.tool("t"):
            raise ValueError("text")
    assert told(server, telemetry) == [
        {"model": "m", "cost_usd": 1},
        {"tool": "t", "success": False, "error": "ValueError"},
    ]
