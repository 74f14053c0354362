"""Keys taken out of the names and the ids of events: whatever is told from a name must hold none.

Field by field, for a loop over their names is far slower.
"""

from exporter.event.types import (
    Activity,
    Completion,
    CompletionDetail,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.pipeline.secrets import id_without_keys, name_without_keys, repeated_id_without_keys


def take_keys_out(event: Event) -> None:
    """Take providers' keys out of the names and ids of an event, in place.

    Its own `id` is clean already: what looks duplicates up has to see it as it is kept.
    """
    event.agent = name_without_keys(event.agent)
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
        event.run_id = None  # Whoever looks duplicates up has seen it, and nobody else needs it.
    else:
        _of_others(event)


def _of_others(event: Event) -> None:
    if isinstance(event, ToolCall):
        event.tool = name_without_keys(event.tool)
    elif isinstance(event, Log):
        event.source = name_without_keys(event.source)
    elif isinstance(event, QueueDepth):
        event.queue = name_without_keys(event.queue)
    elif isinstance(event, CompletionDetail):
        event.model = name_without_keys(event.model)
        event.provider = event.provider and name_without_keys(event.provider)
    elif isinstance(event, Activity):
        _of_activity(event)
    elif isinstance(event, Quota):
        event.window = name_without_keys(event.window)
        event.model = event.model and name_without_keys(event.model)
        event.provider = event.provider and name_without_keys(event.provider)
    elif isinstance(event, RequestStarted | RequestEnded) and event.channel is not None:
        event.channel = name_without_keys(event.channel)


def _of_activity(event: Activity) -> None:
    event.tool = event.tool and name_without_keys(event.tool)
    if event.cumulative is not None:
        event.cumulative.stream = repeated_id_without_keys(event.cumulative.stream)
