"""Streams that are left before their end, and requests that are never made."""

from typing import Any

import pytest

from tests.client.instrument.stage import CHAT, MESSAGE, RESPONSE, STREAM, Stage

openai: Any = pytest.importorskip("openai")
anthropic: Any = pytest.importorskip("anthropic")


def test_a_stream_that_is_closed_early_counts_once(stage: Stage) -> None:
    """Closed after its first chunk, or before, a call is told as it is left, while still held."""
    read = stage.openai.chat.completions.create(**CHAT, **STREAM)
    with read:
        next(iter(read))
    unread = stage.anthropic.messages.create(**MESSAGE, **STREAM)
    unread.close()
    assert read.response.is_closed
    assert unread.response.is_closed
    totals = stage.totals()
    assert totals.outcomes == {"success": 2}
    assert totals.sum("agent_completion_ttft_seconds_count") == 1


def test_the_opening_of_a_stream_is_no_token(stage: Stage) -> None:
    """What a provider sends before its model has begun is not the first token."""
    for stream in (
        stage.anthropic.messages.create(**MESSAGE, **STREAM),
        stage.openai.responses.create(**RESPONSE, **STREAM),
    ):
        with stream:
            assert next(iter(stream)).type in {"message_start", "response.created"}
    totals = stage.totals()
    assert totals.outcomes == {"success": 2}
    assert totals.sum("agent_completion_ttft_seconds_count") == 0


def test_an_async_stream_that_is_closed_early_counts_once(stage: Stage) -> None:
    """The same holds where `close` is awaited."""

    async def ask() -> None:
        async with await stage.async_anthropic.messages.create(**MESSAGE, **STREAM) as stream:
            async for _ in stream:
                break
        assert stream.response.is_closed

    stage.run(lambda _: ask())
    assert stage.totals().outcomes == {"success": 1}


def test_a_stream_that_is_dropped_counts_once(stage: Stage) -> None:
    """A call whose stream nobody has any more has ended."""
    stream = stage.anthropic.messages.create(**MESSAGE, **STREAM)
    response = stream.response
    for _ in stream:
        break
    del stream
    response.close()
    assert stage.totals().outcomes == {"success": 1}


def test_a_request_that_is_never_made_is_no_call(stage: Stage) -> None:
    """A helper that is not entered asked nobody."""
    stage.anthropic.messages.stream(**MESSAGE)
    assert stage.totals().outcomes == {}
