"""What is told of functions, coroutine functions and generators that are decorated."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any, cast

import pytest

from exporter.client import Telemetry
from tests.client.scripted import Scripted
from tests.client.test_calls import APIError, told


def plain(first: int, /, *, then: int = 2) -> list[int]:
    """Return both."""
    return [first, then]


async def coroutine(first: int, /, *, then: int = 2) -> list[int]:
    """Return both, later."""
    await asyncio.sleep(0)
    return [first, then]


def generator(first: int, /, *, then: int = 2) -> Iterator[int]:
    """Yield both."""
    yield first
    yield then


async def async_generator(first: int, /, *, then: int = 2) -> AsyncIterator[int]:
    """Yield both, later."""
    yield first
    yield then


async def outcome(function: Callable[..., Any], *args: object) -> list[int]:
    """Return what a function of any kind gives in the end."""
    result = function(*args)
    items: list[int] = []
    if inspect.isasyncgen(result):
        items = [cast("int", item) async for item in result]
    else:
        items += await result if inspect.iscoroutine(result) else result
    return items


KINDS: list[Callable[..., Any]] = [plain, coroutine, generator, async_generator]


@pytest.mark.parametrize("function", KINDS)
async def test_a_decorated_function_is_what_it_was(
    server: Scripted, function: Callable[..., Any]
) -> None:
    """Name, signature, kind and result stay; each call of it is told once, when it has ended."""
    telemetry = Telemetry(server.url)
    decorated = telemetry.tool("t")(function)
    assert decorated.__name__ == function.__name__
    assert decorated.__doc__ == function.__doc__
    assert inspect.signature(decorated) == inspect.signature(function)
    for kind in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        assert kind(decorated) == kind(function)
    for _ in range(3):
        assert await outcome(decorated, 1) == [1, 2]
    assert told(server, telemetry) == [{"tool": "t"}] * 3


@pytest.mark.parametrize("function", KINDS)
async def test_exceptions_of_a_decorated_function_are_its_own(
    server: Scripted, function: Callable[..., Any]
) -> None:
    """What a function of any kind raises comes out unchanged and is told."""
    error = APIError()

    class Raising:
        def __index__(self) -> int:
            raise error

    async def failing_coroutine(item: Raising) -> list[int]:
        return list(range(item))

    def failing_generator(item: Raising) -> Iterator[int]:
        yield from range(item)

    async def failing_async_generator(item: Raising) -> AsyncIterator[int]:
        for number in range(item):
            yield number

    def failing(item: Raising) -> list[int]:
        return list(range(item))

    failures: dict[Callable[..., Any], Callable[..., Any]] = {
        plain: failing,
        coroutine: failing_coroutine,
        generator: failing_generator,
        async_generator: failing_async_generator,
    }
    telemetry = Telemetry(server.url)
    decorated = telemetry.completion("m")(failures[function])
    with pytest.raises(APIError) as raised:
        await outcome(decorated, Raising())
    assert raised.value is error
    assert told(server, telemetry) == [
        {"model": "m", "success": False, "error_type": "APIError", "status_code": 529}
    ]


def echo() -> Generator[object, object, str]:
    """Yield what was sent or thrown in, until told to stop."""
    item: object = "begun"
    while item != "stop":
        try:
            item = yield item
        except ValueError as error:
            item = error
    return "returned"


async def async_echo() -> AsyncGenerator[object, object]:
    """Do the same, asynchronously."""
    item: object = "begun"
    while item != "stop":
        try:
            item = yield item
        except ValueError as error:
            item = error


async def test_generators_are_spoken_to_as_before(server: Scripted) -> None:
    """What is sent or thrown into a decorated generator arrives, and what it returns comes out."""
    telemetry = Telemetry(server.url)
    error = ValueError("text")

    running = telemetry.tool("t")(echo)()
    assert next(running) == "begun"
    assert running.send("sent") == "sent"
    assert running.throw(error) is error
    with pytest.raises(StopIteration) as stopped:
        running.send("stop")
    assert stopped.value.value == "returned"

    async_running = telemetry.tool("t")(async_echo)()
    assert await async_running.__anext__() == "begun"
    assert await async_running.asend("sent") == "sent"
    assert await async_running.athrow(error) is error
    with pytest.raises(StopAsyncIteration):
        await async_running.asend("stop")
    assert told(server, telemetry) == [{"tool": "t"}] * 2


async def test_a_generator_that_is_closed_early_has_not_failed(server: Scripted) -> None:
    """Whoever takes only some items of a generator ends its block, and the inner one with it."""
    telemetry = Telemetry(server.url)
    closed = []

    def items() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            closed.append("sync")

    async def async_items() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            closed.append("async")

    running = telemetry.tool("t")(items)()
    assert next(running) == 1
    running.close()
    async_running = telemetry.tool("t")(async_items)()
    assert await async_running.__anext__() == 1
    await async_running.aclose()
    assert closed == ["sync", "async"]
    assert told(server, telemetry) == [{"tool": "t"}] * 2


async def test_calls_of_a_decorated_function_may_overlap(server: Scripted) -> None:
    """Each call of a function is a block of its own, also while another runs."""
    telemetry = Telemetry(server.url)

    @telemetry.request("cli")
    async def handle(name: str) -> str:
        await asyncio.sleep(0)
        return name

    assert list(await asyncio.gather(handle("a"), handle("b"))) == ["a", "b"]
    events = told(server, telemetry)
    assert len({event["request_id"] for event in events}) == 2
    assert len(events) == 4
