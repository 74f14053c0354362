"""Facts about the events themselves."""

import msgspec
import pytest
from hypothesis import given

from exporter.decode.native import decode_json
from exporter.event.types import (
    EVENT_CLASSES,
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
    type_name,
)
from tests.event.strategies import NOW, Wire, by_type, wires


@pytest.mark.parametrize(
    ("event_class", "name"),
    [
        (Completion, "completion"),
        (CompletionDetail, "completion_detail"),
        (RequestStarted, "request_started"),
        (RequestEnded, "request_ended"),
        (ToolCall, "tool_call"),
        (Log, "log"),
        (QueueDepth, "queue_depth"),
        (Quota, "quota"),
        (Activity, "activity"),
    ],
)
def test_each_event_has_its_name_on_the_wire(event_class: type[Event], name: str) -> None:
    """The type on the wire is the one that senders are told of."""
    assert type_name(event_class) == name


def test_every_event_is_listed() -> None:
    """The list of classes and the union of events are the same set."""
    assert frozenset(EVENT_CLASSES) == frozenset(Event.__args__)
    assert [type_name(event_class) for event_class in EVENT_CLASSES] == list(by_type)


def test_an_untagged_class_has_no_name() -> None:
    """A Struct without a tag of its own is refused, rather than named after its class."""

    class Numbered(Completion, tag=7):
        """A completion whose tag is no string."""

    with pytest.raises(TypeError):
        type_name(Numbered)


@given(wires)
def test_a_decoded_event_outlives_being_written_down(wire: Wire) -> None:
    """Encoded and decoded once more it is the same event, which is what a journal relies on."""
    body = msgspec.json.encode(wire)
    (event,) = decode_json(body, received_at=NOW, events_max=1).events
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
