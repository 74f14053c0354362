"""What a program does, as blocks of code that are timed: model calls, requests, tools.

Each is a context manager, for `with` and for `async with`, and a decorator. A block is told when it
ends; an exception that leaves it marks it failed, by the name of its class, and goes on its way.
What is said of a block before it begins or after its end is passed over.
"""

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Event = dict[str, Any]

ERROR_LENGTH_MAX: Final = 1024
STATUS_CODES: Final = range(1000)


class Call:
    """A block of code: what it is (`fields` of an event), and where its event goes (`put`).

    An object stands for one block at a time. The text of an exception is told with `error_texts`
    only, for it may hold anything.
    """

    __slots__ = ("_began", "_event", "_fields", "_put", "_texts")

    def __init__(self, put: Callable[[Event], bool], fields: Event, *, error_texts: bool) -> None:
        self._put = put
        self._fields = fields
        self._texts = error_texts
        self._event: Event = {}
        self._began = 0.0

    def __enter__(self) -> Self:
        self._event = self._fields.copy()
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        elapsed_ms = (time.perf_counter() - self._began) * 1000.0
        event, self._event = self._event, {}
        try:
            if error is not None and event.get("success") is None:
                self._blame(event, error)
            self._end(event, elapsed_ms)
            self._put(event)
        except Exception:  # noqa: BLE001, S110 - the program's own exception must not be replaced
            pass

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(error_class, error, traceback)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function, a coroutine function or a generator: each call is a block."""
        from exporter.client.span import spanned  # noqa: PLC0415 - costs as much as all the rest

        return spanned(function, self._another)

    def _another(self) -> Self:
        return type(self)(self._put, self._fields, error_texts=self._texts)

    def _blame(self, event: Event, error: BaseException) -> None:
        # A consumer that has had enough of a generator, and `sys.exit()`, are no failures.
        if isinstance(error, GeneratorExit):
            return
        if isinstance(error, SystemExit) and not error.code:
            return
        text = str(error)[:ERROR_LENGTH_MAX] if self._texts else None
        self._fail(event, type(error).__name__, text)

    def _fail(self, event: Event, error_type: str | None, error: str | None) -> None:
        event["success"] = False
        event["error"] = error or error_type

    def _end(self, event: Event, elapsed_ms: float) -> None:
        event["duration_ms"] = elapsed_ms
        event["ended_at"] = time.time()


class ToolCall(Call):
    """A tool that is run."""

    __slots__ = ()

    def failed(self, error_type: str | None = None, error: str | None = None) -> None:
        """Mark it failed, though nothing was raised."""
        self._fail(self._event, error_type, error)


class RequestCall(Call):
    """A user's request, told when it begins and when it ends. `request_id` pairs the two."""

    __slots__ = ("request_id",)

    def __init__(self, put: Callable[[Event], bool], fields: Event, *, error_texts: bool) -> None:
        super().__init__(put, fields, error_texts=error_texts)
        self.request_id: str = fields.get("request_id") or os.urandom(16).hex()

    def __enter__(self) -> Self:
        super().__enter__()
        self._event["request_id"] = self.request_id
        started = {**self._event, "type": "request_started", "started_at": time.time()}
        self._put(started)
        return self

    def failed(self, error_type: str | None = None, error: str | None = None) -> None:
        """Mark it failed, though nothing was raised."""
        self._fail(self._event, error_type, error)


class CompletionCall(Call):
    """A model call. What is not told of it stays unknown."""

    __slots__ = ()

    def tokens(
        self,
        *,
        input: int | None = None,  # noqa: A002 - the field's own name
        output: int | None = None,
        reasoning: int | None = None,
        cache_read: int | None = None,
        cache_write: int | None = None,
        total: int | None = None,
    ) -> None:
        """Tell its tokens, in disjoint parts: `input` without cached, `output` without reasoning.

        What is told again replaces what was told before, part by part.
        """
        parts = {
            "input": input,
            "output": output,
            "reasoning": reasoning,
            "cache_read": cache_read,
            "cache_write": cache_write,
            "total": total,
        }
        self._add_tokens({part: count for part, count in parts.items() if count is not None})

    def usage(self, usage: object) -> None:
        """Tell its tokens from what OpenAI, Anthropic or Gemini answered: a response, or its usage.

        Only counts are read. What is none of these says nothing.
        """
        try:
            from exporter.client.usage import tokens_of  # noqa: PLC0415 - for who asks for it

            self._add_tokens(tokens_of(usage))
        except Exception:  # noqa: BLE001, S110 - an object of the program's may do anything
            pass

    def first_token(self) -> None:
        """Mark the arrival of the first token; later marks say nothing."""
        if "ttft_ms" not in self._event:
            self._event["ttft_ms"] = (time.perf_counter() - self._began) * 1000.0

    def cost(self, usd: float) -> None:
        """Tell its cost in dollars; 0 is free, and what is not told is unknown."""
        self._event["cost_usd"] = usd

    def finish(self, reason: str) -> None:
        """Tell why it ended, in the provider's own word."""
        self._event["finish_reason"] = reason

    def model(self, name: str) -> None:
        """Tell which model really answered."""
        self._event["model"] = name

    def failed(
        self,
        error_type: str | None = None,
        *,
        status_code: int | None = None,
        error: str | None = None,
    ) -> None:
        """Mark it failed, though nothing was raised; the provider's own words will do."""
        self._fail(self._event, error_type, error)
        self._event["status_code"] = status_code

    def _add_tokens(self, parts: dict[str, int]) -> None:
        if parts:
            self._event["tokens"] = {**self._event.get("tokens", {}), **parts}

    def _blame(self, event: Event, error: BaseException) -> None:
        super()._blame(event, error)
        for name in ("status_code", "status"):
            status = getattr(error, name, None)
            if isinstance(status, int) and not isinstance(status, bool) and status in STATUS_CODES:
                event["status_code"] = status
                return

    def _fail(self, event: Event, error_type: str | None, error: str | None) -> None:
        event["success"] = False
        event["error_type"] = error_type
        event["error"] = error

    def _end(self, event: Event, elapsed_ms: float) -> None:
        event["latency_ms"] = elapsed_ms
        event["completed_at"] = time.time()
