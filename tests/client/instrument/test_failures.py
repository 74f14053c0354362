"""Calls that fail: the program gets the exception, the exporter what kind it was."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from exporter.client import Telemetry
from exporter.client.instrument import instrument
from tests.client.instrument.stage import (
    CHAT,
    MESSAGE,
    RESPONSE,
    STREAM,
    Ask,
    Stage,
    entered,
    read,
    read_async,
)
from tests.client.providers import providers

openai: Any = pytest.importorskip("openai")
anthropic: Any = pytest.importorskip("anthropic")


FAILING: dict[str, Callable[[Stage, str], Any]] = {
    "chat": lambda s, model: s.openai.chat.completions.create(**CHAT | {"model": model}),
    "async response": lambda s, model: s.async_openai.responses.create(
        **RESPONSE | {"model": model}
    ),
    "message": lambda s, model: s.anthropic.messages.create(**MESSAGE | {"model": model}),
    "message helper": lambda s, model: entered(
        s.anthropic.messages.stream(**MESSAGE | {"model": model})
    ),
    "async message helper": lambda s, model: read_async(
        s.async_anthropic.messages.stream(**MESSAGE | {"model": model})
    ),
}


@pytest.mark.parametrize("way", FAILING)
@pytest.mark.parametrize(
    ("model", "status", "error_type"),
    [("failing-429", 429, "rate_limit"), ("failing-500", 500, "server_error")],
)
def test_a_refusal_is_raised_and_counted(
    way: str, model: str, status: int, error_type: str, stage: Stage
) -> None:
    """The library's own exception reaches the program; its status says what kind it was."""
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as raised:
        stage.run(lambda s: FAILING[way](s, model))
    assert raised.value.status_code == status
    totals = stage.totals()
    assert totals.outcomes == {"error": 1}
    assert totals.errors == {error_type: 1}
    assert totals.tokens == {}


def test_the_provider_says_what_its_429_is(stage: Stage) -> None:
    """An empty balance is told from a rate by the provider's own word."""
    with pytest.raises(openai.RateLimitError):
        FAILING["chat"](stage, "failing-quota")
    assert stage.totals().errors == {"quota": 1}


def test_a_provider_out_of_reach_is_a_failed_connection(stage: Stage) -> None:
    """A call that no one answered counts as well."""
    with providers() as gone:
        client = openai.OpenAI(base_url=f"{gone}/v1", api_key="key", max_retries=0)
    with client, pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**CHAT)
    assert stage.totals().errors == {"connection": 1}


def test_the_text_of_an_exception_is_told_where_it_may_be(stage: Stage) -> None:
    """With `error_texts` the provider's words are told too, for they may hold when a limit ends."""
    with Telemetry(stage.url, agent=stage.agent, error_texts=True) as telling:
        instrument(telling)
        with pytest.raises(openai.RateLimitError):
            FAILING["chat"](stage, "failing-quota")
        assert telling.flush(10)
    (call,) = stage.calls()
    assert "insufficient_quota" in call["error"]


BREAKING: dict[str, tuple[Ask, str, type[Exception] | None]] = {
    "chat": (
        lambda s: read(s.openai.chat.completions.create(**CHAT | {"model": "breaking"}, **STREAM)),
        "overloaded",
        openai.APIError,
    ),
    "response": (
        lambda s: read(s.openai.responses.create(**RESPONSE | {"model": "breaking"}, **STREAM)),
        "server_error",
        None,
    ),
    "message": (
        lambda s: read(s.anthropic.messages.create(**MESSAGE | {"model": "breaking"}, **STREAM)),
        "overloaded",
        anthropic.APIStatusError,
    ),
    "async message helper": (
        lambda s: read_async(s.async_anthropic.messages.stream(**MESSAGE | {"model": "breaking"})),
        "overloaded",
        anthropic.APIStatusError,
    ),
}


@pytest.mark.parametrize("way", BREAKING)
def test_a_stream_that_breaks_off_failed(way: str, stage: Stage) -> None:
    """An error in the midst of a stream fails the call, by the word that came with it."""
    ask, error_type, exception = BREAKING[way]
    if exception is None:
        stage.run(ask)
    else:
        with pytest.raises(exception):
            stage.run(ask)
    totals = stage.totals()
    assert totals.outcomes == {"error": 1}
    assert totals.errors == {error_type: 1}


def test_a_cancelled_call_is_a_failure_of_its_own_kind(stage: Stage) -> None:
    """A task that is cancelled while it waits is counted as cancelled."""

    async def ask() -> None:
        task = asyncio.ensure_future(stage.async_openai.chat.completions.create(**CHAT))
        await asyncio.sleep(0)  # it begins, and gives way to this
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    stage.run(lambda _: ask())
    assert stage.totals().errors == {"cancelled": 1}
