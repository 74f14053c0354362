"""Blocks of a client that is not enabled: they cost as little as can be, and decorate nothing."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

from exporter.client.calls import Call, CompletionCall, RequestCall, ToolCall

P = ParamSpec("P")
R = TypeVar("R")


class _Nothing(Call):
    """A block of which nothing is told, so that one object is all of them."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        return function


class NullToolCall(_Nothing, ToolCall):
    """A tool of which nothing is told."""

    __slots__ = ()

    def failed(self, *_args: object, **_kwargs: object) -> None:
        """Pass it over."""


class NullRequestCall(_Nothing, RequestCall):
    """A request of which nothing is told; it has an id all the same."""

    __slots__ = ()

    def failed(self, *_args: object, **_kwargs: object) -> None:
        """Pass it over."""


class NullCompletionCall(_Nothing, CompletionCall):
    """A model call of which nothing is told."""

    __slots__ = ()

    def tokens(self, *_args: object, **_kwargs: object) -> None:
        """Pass it over."""

    def usage(self, usage: object) -> None:
        """Pass it over."""

    def first_token(self) -> None:
        """Pass it over."""

    def cost(self, usd: float) -> None:
        """Pass it over."""

    def finish(self, reason: str) -> None:
        """Pass it over."""

    def model(self, name: str) -> None:
        """Pass it over."""

    def failed(self, *_args: object, **_kwargs: object) -> None:
        """Pass it over."""


def nowhere(_event: dict[str, Any]) -> bool:
    """Put an event nowhere."""
    return False


COMPLETION: Final = NullCompletionCall(nowhere, {}, error_texts=False)
TOOL: Final = NullToolCall(nowhere, {}, error_texts=False)
