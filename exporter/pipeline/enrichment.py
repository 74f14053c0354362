"""What an event leaves out and the exporter can tell: provider, outcome, error type, limit.

And what it should have left out: secrets and content go, once the error text has been understood;
keys go out of names and ids first, for what is told from a name must not hold one either.
"""

from collections.abc import Iterable

from exporter.event.error_type import ErrorType
from exporter.event.types import (
    UNKNOWN,
    Completion,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.pipeline.classify import failure_of
from exporter.pipeline.redaction import Redactor
from exporter.pipeline.reset_time import reset_time
from exporter.pipeline.secrets import id_without_keys, name_without_keys, repeated_id_without_keys

FAILING_STATUS_MIN = 400

ERROR_LENGTH_MAX = 1_024
"""Characters of an error text that are kept; what it is about is told from 4,096 of them."""

MESSAGE_LENGTH_MAX = 4_096
"""Characters of a log message that are kept."""


def enrich(events: Iterable[Event], redactor: Redactor | None = None) -> None:
    """Fill the events in, in place, and take out of them what must not be kept.

    Of one batch all go through one `redactor`. What an event says itself is never overruled, but
    that a success has neither an error type nor a limit, and that an error type in the sender's
    words becomes one of ours.
    """
    redactor = redactor or Redactor()
    for event in events:
        _names(event)
        if isinstance(event, Completion):
            _completion(event, redactor)
        elif isinstance(event, Quota):
            if not event.provider:
                event.provider = _provider(event.model or "")
        elif isinstance(event, Log):
            _log(event, redactor)
        elif isinstance(event, ToolCall | RequestEnded):
            if event.success is None:
                event.success = not event.error
            if event.error is not None:
                event.error = redactor.text(event.error, length_max=ERROR_LENGTH_MAX)


def _names(event: Event) -> None:
    """Take keys out of the names and ids of an event, field by field, for a loop is far slower."""
    event.agent = name_without_keys(event.agent)
    if event.id is not None:
        event.id = id_without_keys(event.id)
    if event.session_id is not None:
        event.session_id = repeated_id_without_keys(event.session_id)
    if event.request_id is not None:
        event.request_id = id_without_keys(event.request_id)
    if event.trace_id is not None:
        event.trace_id = id_without_keys(event.trace_id)
    if isinstance(event, Completion):
        event.model = name_without_keys(event.model)
        if event.provider:
            event.provider = name_without_keys(event.provider)
    else:
        _other_names(event)


def _other_names(event: Event) -> None:
    if isinstance(event, ToolCall):
        event.tool = name_without_keys(event.tool)
    elif isinstance(event, Log):
        event.source = name_without_keys(event.source)
    elif isinstance(event, QueueDepth):
        event.queue = name_without_keys(event.queue)
    elif isinstance(event, Quota):
        event.window = name_without_keys(event.window)
        event.model = event.model and name_without_keys(event.model)
        event.provider = event.provider and name_without_keys(event.provider)
    elif isinstance(event, RequestStarted | RequestEnded) and event.channel is not None:
        event.channel = name_without_keys(event.channel)


def _completion(event: Completion, redactor: Redactor) -> None:
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
        event.error = redactor.text(event.error, length_max=ERROR_LENGTH_MAX)


def _failure(event: Completion) -> None:
    failure = failure_of(given=event.error_type, status_code=event.status_code, error=event.error)
    if event.limited is None:
        event.limited = failure.limited
    if event.limited and event.resets_at is None and event.error:
        event.resets_at = reset_time(event.error, event.at)
    unnamed = event.limited and failure.error_type is ErrorType.OTHER
    event.error_type = ErrorType.RATE_LIMIT if unnamed else failure.error_type


def _log(event: Log, redactor: Redactor) -> None:
    event.message = redactor.text(event.message, length_max=MESSAGE_LENGTH_MAX)
    if event.context:
        event.context = redactor.context(event.context)


def _provider(model: str) -> str:
    prefix, slash, _ = model.partition("/")
    return prefix if slash and prefix else UNKNOWN
