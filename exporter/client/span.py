"""Functions of any kind, made to run inside a context manager each time they are called.

A generator is inside from its first step to its end. What is sent and thrown into it arrives.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

Block = AbstractContextManager[object]


def spanned(function: Callable[P, R], block: Callable[[], Block]) -> Callable[P, R]:
    """Return a function like the given one, each call of which is inside a `block` of its own."""
    if inspect.isasyncgenfunction(function):
        wrapper: Callable[..., Any] = _async_generator(function, block)
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine(function, block)
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator(function, block)
    else:
        wrapper = _plain(function, block)
    return cast("Callable[P, R]", functools.wraps(function)(wrapper))


def _plain(function: Callable[..., Any], block: Callable[[], Block]) -> Callable[..., Any]:
    def inside(*args: object, **kwargs: object) -> object:
        with block():
            return function(*args, **kwargs)

    return inside


def _coroutine(
    function: Callable[..., Awaitable[Any]], block: Callable[[], Block]
) -> Callable[..., Any]:
    async def inside(*args: object, **kwargs: object) -> object:
        with block():
            return await function(*args, **kwargs)

    return inside


def _generator(
    function: Callable[..., Generator[Any, Any, Any]], block: Callable[[], Block]
) -> Callable[..., Any]:
    def inside(*args: object, **kwargs: object) -> Generator[Any, Any, Any]:
        with block():
            return (yield from function(*args, **kwargs))

    return inside


def _async_generator(
    function: Callable[..., AsyncGenerator[Any, Any]], block: Callable[[], Block]
) -> Callable[..., Any]:
    async def inside(*args: object, **kwargs: object) -> AsyncGenerator[Any, Any]:
        with block():
            inner = function(*args, **kwargs)
            step: Awaitable[Any] = inner.__anext__()
            while True:
                try:
                    item = await step
                except StopAsyncIteration:
                    return
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - it is the inner one's to handle
                    step = inner.athrow(thrown)
                else:
                    step = inner.asend(sent)

    return inside
