"""What an event leaves out and the exporter can tell: provider, outcome, error type, limit.

And what it should have left out: secrets and content go, once the error text has been understood.
"""

from collections.abc import Iterable

from exporter.event.error_type import ErrorType
from exporter.event.types import UNKNOWN, Completion, Event, Log, Quota, RequestEnded, ToolCall
from exporter.pipeline.classify import failure_of
from exporter.pipeline.redaction import redacted, redacted_context
from exporter.pipeline.reset_time import reset_time

FAILING_STATUS_MIN = 400

ERROR_LENGTH_MAX = 1_024
"""Characters of an error text that are kept; what it is about is told from 4,096 of them."""

MESSAGE_LENGTH_MAX = 4_096
"""Characters of a log message that are kept."""


def enrich(events: Iterable[Event]) -> None:
    """Fill the events in, in place, and take out of their texts what must not be kept.

    What an event says itself is never overruled, but that a success has neither an error type nor
    a limit, and that an error type in the sender's words becomes one of ours.
    """
    for event in events:
        if isinstance(event, Completion):
            _completion(event)
        elif isinstance(event, Quota):
            if not event.provider:
                event.provider = _provider(event.model or "")
        elif isinstance(event, Log):
            _log(event)
        elif isinstance(event, ToolCall | RequestEnded):
            if event.success is None:
                event.success = not event.error
            if event.error is not None:
                event.error = redacted(event.error, length_max=ERROR_LENGTH_MAX)


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
    else:
        _failure(event)
    if event.error is not None:
        event.error = redacted(event.error, length_max=ERROR_LENGTH_MAX)


def _failure(event: Completion) -> None:
    failure = failure_of(given=event.error_type, status_code=event.status_code, error=event.error)
    if event.limited is None:
        event.limited = failure.limited
    if event.limited and event.resets_at is None and event.error:
        event.resets_at = reset_time(event.error, event.at)
    unnamed = event.limited and failure.error_type is ErrorType.OTHER
    event.error_type = ErrorType.RATE_LIMIT if unnamed else failure.error_type


def _log(event: Log) -> None:
    event.message = redacted(event.message, length_max=MESSAGE_LENGTH_MAX)
    if event.context:
        event.context = redacted_context(event.context)


def _provider(model: str) -> str:
    prefix, slash, _ = model.partition("/")
    return prefix if slash and prefix else UNKNOWN
