"""One call of a provider's library while it runs: what passes by is noted, the end is told once.

The library's own objects go on to the program as they are. A stream is watched from the inside:
its iterator, which both libraries keep in `_iterator`, is put behind one that looks at each chunk,
and its `close` is told of. So its type and all its methods stay. The ugly part is that private
name; where a library does without it, the call ends when its answer begins, without tokens.
"""

import contextlib
import functools
import re
import weakref
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from exporter.client.calls import ERROR_LENGTH_MAX, CompletionCall

_ERRORS_FROM = 400
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")

Foreign = Any
"""Something of a provider's library, of which no types are known here."""


class Noted(NamedTuple):
    """What a response, or one chunk of it, tells of its call.

    `generated` says whether it holds anything of the answer, as the opening of a stream does not.
    """

    tokens: Mapping[str, int] = MappingProxyType({})
    generated: bool = False
    finish_reason: str | None = None
    failure: str | None = None
    model: str | None = None


Reader = Callable[[object], Noted]
"""Reads a response or a chunk of one; it may raise anything, which is passed over."""


def text(value: object) -> str | None:
    """Return a text that is one and says something, else `None`."""
    return value if isinstance(value, str) and value else None


class ObservedCall:
    """A completion that began when this was made. Nothing here raises.

    `named` says whether the request named its model; if not, the response does.
    """

    def __init__(self, call: CompletionCall, read: Reader, *, named: bool) -> None:
        self._call = call
        self._read = read
        self._named = named
        self._tokens: dict[str, int] = {}
        self._ended = False
        self._texts = call._texts  # noqa: SLF001 - of the same package
        call.__enter__()

    def answered(self, answer: object) -> None:
        """Take the library's answer, whole or a stream that is yet to be read."""
        watched = False
        with contextlib.suppress(Exception):
            watched = _watch(answer, self)
        if not watched:
            with contextlib.suppress(Exception):
                self._note(self._read(_body(answer)))
            self.end()

    def chunk(self, chunk: object) -> None:
        """See one chunk of a stream pass by."""
        with contextlib.suppress(Exception):
            noted = self._read(chunk)
            if noted.generated:
                self._call.first_token()
            self._note(noted)

    def end(self, error: BaseException | None = None) -> None:
        """End the call, failed if there is an error; only the first end counts."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(Exception):
            if self._tokens:
                self._call.tokens(**self._tokens)
            if error is not None and (word := _word(error)) is not None:
                self._call.failed(word, status_code=_status_code(error), error=self._told(error))
            self._call.__exit__(None if error is None else type(error), error, None)

    def _told(self, error: BaseException) -> str | None:
        """Return the text of an error, where texts are to be told."""
        return str(error)[:ERROR_LENGTH_MAX] if self._texts else None

    def _note(self, noted: Noted) -> None:
        # A stream tells its usage so far: what comes later replaces what came before.
        self._tokens.update(noted.tokens)
        if noted.finish_reason is not None:
            self._call.finish(noted.finish_reason)
        if noted.failure is not None:
            self._call.failed(noted.failure)
        if noted.model is not None and not self._named:
            self._named = True
            self._call.model(noted.model)


class _Watched:
    """Yields what an iterator yields, and shows it to the call."""

    def __init__(self, iterator: Foreign, call: ObservedCall) -> None:
        self._iterator = iterator
        self._call = call

    def __getattr__(self, name: str) -> Foreign:
        return getattr(self._iterator, name)

    def __del__(self) -> None:
        # The program dropped a stream that it had not read to its end.
        self._call.end()


class _WatchedSync(_Watched):
    def __iter__(self) -> "_WatchedSync":
        return self

    def __next__(self) -> object:
        try:
            chunk = next(self._iterator)
        except StopIteration:
            self._call.end()
            raise
        except BaseException as error:
            self._call.end(error)
            raise
        self._call.chunk(chunk)
        return chunk


class _WatchedAsync(_Watched):
    def __aiter__(self) -> "_WatchedAsync":
        return self

    async def __anext__(self) -> object:
        try:
            chunk = await anext(self._iterator)
        except StopAsyncIteration:
            self._call.end()
            raise
        except BaseException as error:
            self._call.end(error)
            raise
        self._call.chunk(chunk)
        return chunk


def _watch(answer: Foreign, call: ObservedCall) -> bool:
    """Watch a stream until it ends or is closed; returns whether the answer is one."""
    iterator = getattr(answer, "_iterator", None)
    if iterator is None:
        return False
    asynchronous = hasattr(iterator, "__anext__")
    answer.close = _closing(answer, call)
    answer._iterator = (_WatchedAsync if asynchronous else _WatchedSync)(iterator, call)  # noqa: SLF001 - see above
    return True


def _closing(stream: Foreign, call: ObservedCall) -> Callable[[], Foreign]:
    """Return the stream's `close`, which also ends the call."""
    close = type(stream).close
    # A strong reference would be a cycle, and leave a dropped stream to the garbage collector.
    reference = weakref.ref(stream)

    @functools.wraps(close)
    def closed() -> Foreign:
        call.end()
        alive = reference()
        return None if alive is None else close(alive)

    return closed


def _body(answer: Foreign) -> object:
    """Return an answer, or the JSON of one that was asked for raw.

    Raises where that is not read yet, and it is not for us to read it.
    """
    raw = getattr(answer, "http_response", None)
    return answer if raw is None else raw.json()


def _word(error: BaseException) -> str | None:
    """Return the provider's own word for why it failed, which says more than the class does.

    OpenAI's 429 may be a rate or an empty balance, and what ends a stream has no status.
    """
    if not hasattr(error, "body"):
        return None
    for name in ("code", "type"):
        word = getattr(error, name, None)
        if isinstance(word, str) and _WORD.fullmatch(word):
            return word
    return None


def _status_code(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and status >= _ERRORS_FROM else None
