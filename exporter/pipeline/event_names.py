"""Keys taken out of the names and the ids of events: whatever is told from a name must hold none.

Field by field, for a loop over their names is far slower.
"""

from collections.abc import Iterable, Sequence

from exporter.event.parting import Key, Parted
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
from exporter.pipeline.secrets import (
    id_without_keys,
    ids_hold_keys,
    name_without_keys,
    repeated_id_without_keys,
)


def take_keys_out(parted: Parted) -> bool:
    """Take providers' keys out of the names and ids of events, in place.

    Their own `id` is clean already: what looks duplicates up has to see it as it is kept. Returns
    whether the completions may be parted in another way now.
    """
    for event in parted.others:
        _of_any(event)
        _of_others(event)
    identified = [
        event
        for event in parted.each_completion()
        if event.request_id is not None or event.trace_id is not None or event.run_id is not None
    ]
    for event in identified:
        # Whoever looks duplicates up has seen it, and nobody else needs it.
        event.run_id = None
    if not _hold_keys(parted.alike, identified):
        return False
    for event in parted.each_completion():
        _of_any(event)
        event.model = name_without_keys(event.model)
        event.provider = event.provider and name_without_keys(event.provider)
    return True


def _hold_keys(alike: Iterable[Key], identified: Sequence[Completion]) -> bool:
    """Return whether there may be a key in a name or an id of completions.

    Of many that share theirs each is looked at once: 0.1 us an event in place of 0.5.
    """
    ids = {event.request_id for event in identified}
    ids.update([event.trace_id for event in identified])
    names: set[str | None] = set()
    for agent, session_id, provider, model in alike:
        names.update((agent, provider, model))
        ids.add(session_id)
    for name in names:
        if name and name_without_keys(name) != name:
            return True
    return ids_hold_keys([one for one in ids if one is not None])


def _of_any(event: Event) -> None:
    event.agent = name_without_keys(event.agent)
    if event.session_id is not None:
        event.session_id = repeated_id_without_keys(event.session_id)
    if event.request_id is not None:
        event.request_id = id_without_keys(event.request_id)
    if event.trace_id is not None:
        event.trace_id = id_without_keys(event.trace_id)


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
