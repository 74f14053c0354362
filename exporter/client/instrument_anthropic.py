"""The calls of Anthropic's library that are observed, and how its answers are read.

`messages.stream` makes its request only when its `with` block is entered, from a callable, or in
the asynchronous client an awaitable, that the manager it returns keeps under a private name. That
is what is observed, so a manager that is never entered is no call.

Source: the Anthropic API reference.
"""

import contextlib
import functools
from collections.abc import Awaitable, Callable, Generator
from typing import Final

from exporter.client.instrument_call import Foreign, Noted, text
from exporter.client.instrument_method import Begin, Library, Method, as_awaited, as_called
from exporter.client.usage import field, tokens_of

_MESSAGES: Final = "anthropic.resources.messages"
_BETA: Final = "anthropic.resources.beta.messages"
_REQUEST_NAME: Final = "__api_request"


def provider_of(client: object) -> str:
    """Return who a client asks, as far as its class tells."""
    name = type(client).__name__
    if "Bedrock" in name or "AWS" in name:
        return "aws.bedrock"
    if "Vertex" in name:
        return "gcp.vertex_ai"
    return "anthropic"


def read_message(item: object) -> Noted:
    """Read a message or an event of a stream that makes one."""
    kind = field(item, "type")
    if kind == "message_start":
        message = field(item, "message")
        return Noted(tokens=tokens_of(field(message, "usage")), model=text(field(message, "model")))
    if kind == "message_delta":
        return Noted(
            tokens=tokens_of(field(item, "usage")),
            finish_reason=text(field(field(item, "delta"), "stop_reason")),
        )
    if kind == "message":
        return Noted(
            tokens=tokens_of(field(item, "usage")),
            finish_reason=text(field(item, "stop_reason")),
            model=text(field(item, "model")),
        )
    return Noted(generated=kind == "content_block_delta")


def as_entered(method: Callable[..., Foreign], begin: Begin) -> Callable[..., Foreign]:
    """Observe a method that returns a manager, which makes the request when it is entered."""

    @functools.wraps(method)
    def managed(resource: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        manager = method(resource, *args, **kwargs)
        with contextlib.suppress(Exception):
            name = next(name for name in vars(manager) if name.endswith(_REQUEST_NAME))
            request = getattr(manager, name)
            if callable(request):
                ask = as_called(lambda *_, **__: request(), begin)
                setattr(manager, name, functools.partial(ask, resource, **kwargs))
            else:
                ask = as_awaited(lambda *_, **__: request, begin)
                setattr(manager, name, _Request(functools.partial(ask, resource, **kwargs)))
        return manager

    return managed


class _Request:
    """A request that begins when it is awaited.

    A coroutine would do, but one that is never awaited gives a warning, and there is one already.
    """

    def __init__(self, ask: Callable[[], Awaitable[Foreign]]) -> None:
        self._ask = ask

    def __await__(self) -> Generator[Foreign, None, Foreign]:
        return self._ask().__await__()


LIBRARY: Final = Library(
    provider_of,
    (
        Method(_MESSAGES, "Messages", "create", as_called, read_message),
        Method(_MESSAGES, "Messages", "parse", as_called, read_message),
        Method(_MESSAGES, "Messages", "stream", as_entered, read_message),
        Method(_MESSAGES, "AsyncMessages", "create", as_awaited, read_message),
        Method(_MESSAGES, "AsyncMessages", "parse", as_awaited, read_message),
        Method(_MESSAGES, "AsyncMessages", "stream", as_entered, read_message),
        Method(_BETA, "Messages", "create", as_called, read_message),
        Method(_BETA, "Messages", "parse", as_called, read_message),
        Method(_BETA, "Messages", "stream", as_entered, read_message),
        Method(_BETA, "AsyncMessages", "create", as_awaited, read_message),
        Method(_BETA, "AsyncMessages", "parse", as_awaited, read_message),
        Method(_BETA, "AsyncMessages", "stream", as_entered, read_message),
    ),
)
