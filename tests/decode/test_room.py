"""Facts about the bodies that are too short to hold too many events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.decode import native
from exporter.decode.native import EVENT_BYTES_MIN, decode_json
from exporter.event.rejection import Code, Refusal
from exporter.event.types import EVENT_CLASSES
from tests.decode.bodies import ARRAY
from tests.event.strategies import NOW

SHORTEST = {
    "completion": b'{"type":"completion","model":"m"}',
    "completion_detail": b'{"type":"completion_detail","model":"m"}',
    "request_started": b'{"type":"request_started","request_id":"r"}',
    "request_ended": b'{"type":"request_ended","request_id":"r"}',
    "tool_call": b'{"type":"tool_call","tool":"t"}',
    "log": b'{"type":"log","level":"info","source":"s","message":""}',
    "queue_depth": b'{"type":"queue_depth","queue":"q","depth":0}',
    "quota": b'{"type":"quota","window":"w"}',
    "activity": b'{"type":"activity","kind":"commit"}',
}
ESCAPED = {name: item.replace(b'"type"', rb'"\u0074ype"') for name, item in SHORTEST.items()}
NO_EVENTS = [b"1", b"{}", b"[]", b'""', b"null", b'{"type":1}', b'",,"']

items = st.sampled_from([*SHORTEST.values(), *ESCAPED.values()])


def outcome(body: bytes, *, events_max: int = 10) -> int | Code:
    """Return how many events of a body count, or why it is refused."""
    try:
        return len(decode_json(body, received_at=NOW, events_max=events_max).events)
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize("name", SHORTEST)
def test_no_byte_of_a_shortest_event_can_be_spared(name: str) -> None:
    """The event counts, and with any byte taken out it is none."""
    item = SHORTEST[name]
    assert json.loads(item)["type"] == name
    assert outcome(item) == 1
    for place in range(len(item)):
        assert outcome(item[:place] + item[place + 1 :]) in (0, Code.MALFORMED)


def test_the_shortest_event_of_all() -> None:
    """No type has a shorter one than the bound that the room of a body is told by."""
    tags = {event_class.__struct_config__.tag for event_class in EVENT_CLASSES}
    assert SHORTEST.keys() == tags
    assert min(map(len, SHORTEST.values())) == EVENT_BYTES_MIN


@given(st.lists(items, max_size=12), st.integers(1, 12))
def test_too_many_are_refused_however_short(told: list[bytes], events_max: int) -> None:
    """Just the bodies of more events than allowed are, whatever their types and how written."""
    expected = len(told) if len(told) <= events_max else Code.TOO_MANY_EVENTS
    assert outcome(ARRAY.body(told), events_max=events_max) == expected


@pytest.mark.parametrize("item", NO_EVENTS)
def test_too_many_things_that_are_no_events(item: bytes) -> None:
    """Where there is no room for as many events, more items than allowed are refused as well."""
    for number, expected in ((100, 0), (101, Code.TOO_MANY_EVENTS)):
        body = ARRAY.body([item] * number)
        assert len(body) <= 100 * EVENT_BYTES_MIN
        assert outcome(body, events_max=100) == expected


@pytest.mark.parametrize("spare_bytes", [-1, 0, 1])
def test_what_has_no_room_is_not_counted(spare_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is counted before it is made just where it has bytes for one event too many."""
    counted = []

    def count(body: bytes, items_max: int, *, mark: bytes) -> bool:
        counted.append((len(body), items_max, mark))
        return False

    monkeypatch.setattr(native, "holds_more_than", count)
    length = 5 * EVENT_BYTES_MIN + spare_bytes
    body = ARRAY.body([SHORTEST["tool_call"]] * 4).ljust(length)
    assert outcome(body, events_max=5) == 4
    assert counted == ([(length, 5, b'"type"')] if spare_bytes > 0 else [])
