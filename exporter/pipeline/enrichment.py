"""What an event leaves out and the exporter can tell: provider, outcome, error type, limit."""

from collections.abc import Iterable

from exporter.event.error_type import ErrorType
from exporter.event.types import UNKNOWN, Completion, Event, Quota, RequestEnded, ToolCall
from exporter.pipeline.classify import failure_of
from exporter.pipeline.reset_time import reset_time

FAILING_STATUS_MIN = 400

ERROR_LENGTH_MAX = 1_024
"""Characters of an error text that are kept; what it is about is told from 4,096 of them."""


def enrich(events: Iterable[Event]) -> None:
    """Fill the events in, in place.

    What an event says itself is never overruled, but that a success has neither an error type nor
    a limit, and that an error type in the sender's words becomes one of ours.
    """
    for event in events:
        if isinstance(event, Completion):
            _completion(event)
            if event.error is not None:
                event.error = _cut(event.error)
        elif isinstance(event, Quota):
            if not event.provider:
                event.provider = _provider(event.model or "")
        elif isinstance(event, ToolCall | RequestEnded):
            if event.success is None:
                event.success = not event.error
            if event.error is not None:
                event.error = _cut(event.error)


def _completion(event: Completion) -> None:
    if not event.provider:
        event.provider = _provider(event.model)
    if event.success is None:
        event.success = not (
            event.error
            or event.error_type
            or event.limited
            or (event.status_code is not None and event.status_code >= FAILING_STATUS_MIN)
        )
    if event.success:
        event.error_type = None
        event.limited = False
        return
    failure = failure_of(given=event.error_type, status_code=event.status_code, error=event.error)
    if event.limited is None:
        event.limited = failure.limited
    if event.limited and event.resets_at is None and event.error:
        event.resets_at = reset_time(event.error, event.at)
    unnamed = event.limited and failure.error_type is ErrorType.OTHER
    event.error_type = ErrorType.RATE_LIMIT if unnamed else failure.error_type


def _provider(model: str) -> str:
    prefix, slash, _ = model.partition("/")
    return prefix if slash and prefix else UNKNOWN


def _cut(text: str) -> str:
    return text if len(text) <= ERROR_LENGTH_MAX else f"{text[: ERROR_LENGTH_MAX - 1]}…"
