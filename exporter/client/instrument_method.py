"""A method of a provider's library, and what takes its place while its calls are observed.

What takes its place does what the method does, with the same answer and the same exception. It is
put on the class, so clients that were made before are observed as well.
"""

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from exporter.client.instrument_call import Foreign, ObservedCall, Reader, text
from exporter.client.telemetry import Telemetry

Begin = Callable[[Foreign, Mapping[str, Foreign]], ObservedCall | None]
"""Begins to observe a call of the resource and with the arguments given; `None` if it will not."""

Wrap = Callable[[Callable[..., Foreign], Begin], Callable[..., Foreign]]


class Method(NamedTuple):
    """A method of a class, how it is called, and how what it returns is read."""

    module: str
    class_name: str
    name: str
    wrap: Wrap
    read: Reader


class Library(NamedTuple):
    """A provider's library: whom a client of it asks, and the methods that ask."""

    provider_of: Callable[[object], str]
    methods: tuple[Method, ...]


def as_called(method: Callable[..., Foreign], begin: Begin) -> Callable[..., Foreign]:
    """Observe a method that returns its answer."""

    @functools.wraps(method)
    def called(resource: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        call = begin(resource, kwargs)
        try:
            answer = method(resource, *args, **kwargs)
        except BaseException as error:
            if call is not None:
                call.end(error)
            raise
        if call is not None:
            call.answered(answer)
        return answer

    return called


def as_awaited(method: Callable[..., Foreign], begin: Begin) -> Callable[..., Foreign]:
    """Observe a method whose answer is awaited."""

    @functools.wraps(method)
    async def awaited(resource: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        call = begin(resource, kwargs)
        try:
            answer = await method(resource, *args, **kwargs)
        except BaseException as error:
            if call is not None:
                call.end(error)
            raise
        if call is not None:
            call.answered(answer)
        return answer

    return awaited


class Patch:
    """A method that is replaced on its class until `remove`."""

    def __init__(self, library: Library, method: Method, telemetry: Telemetry) -> None:
        """Replace the method. Raises what its import raises, or `LookupError` without one."""
        owner = getattr(importlib.import_module(method.module), method.class_name, None)
        if owner is None or method.name not in vars(owner):
            raise LookupError(method.name)
        self._owner = owner
        self._name = method.name
        self._original = vars(owner)[method.name]
        self._replacement = method.wrap(self._original, self._begin)
        self._library = library
        self._read = method.read
        self._telemetry = telemetry
        self._active = True
        setattr(owner, method.name, self._replacement)

    def remove(self) -> None:
        """Put the method back, or fall silent where somebody else has since replaced it too."""
        self._active = False
        if vars(self._owner).get(self._name) is self._replacement:
            setattr(self._owner, self._name, self._original)

    def _begin(self, resource: Foreign, arguments: Mapping[str, Foreign]) -> ObservedCall | None:
        if not self._active:
            return None
        try:
            model = text(arguments.get("model"))
            provider = self._library.provider_of(resource._client)  # noqa: SLF001 - it has no other name
            call = self._telemetry.completion(model or "unknown", provider=provider)
            return ObservedCall(call, self._read, named=model is not None)
        except Exception:  # noqa: BLE001 - a library may change; the program's call goes on
            return None
