"""Facts about batches of too many events: they are refused before they are made."""

import tracemalloc

import pytest

from exporter.decode.count import holds_more_than
from exporter.decode.native import decode_json, decode_ndjson
from exporter.event.rejection import Code, Refusal
from tests.decode.bodies import ARRAY, LINES, Decode
from tests.event.strategies import NOW

BODY_BYTES = 1 << 20
EVENTS_MAX = 1_000

GOOD = b'{"type":"tool_call","tool":"t"}'
ESCAPED = b'{"\\u0074ype":"tool_call","tool":"t"}'


def filled(piece: bytes) -> bytes:
    """Return a mebibyte of the same piece."""
    return piece * (BODY_BYTES // len(piece))


def array(item: bytes, *last: bytes) -> bytes:
    """Return an array of about a mebibyte of the same item, and then these."""
    return ARRAY.body([item] * (BODY_BYTES // (len(item) + 1)) + list(last))


TOO_MANY = {
    "objects": (array(b"{}"), decode_json),
    "numbers": (array(b"1"), decode_json),
    "texts of commas": (array(b'",,"'), decode_json),
    "arrays": (array(b"[]"), decode_json),
    "events": (array(GOOD), decode_json),
    "events, the last one bad": (array(GOOD, b"{}"), decode_json),
    "events, with blanks": (array(b" \n " + GOOD + b" "), decode_json),
    "lines of objects": (filled(b"{}\n"), decode_ndjson),
    "lines of numbers": (filled(b"1\n"), decode_ndjson),
    "lines of events": (filled(GOOD + b"\n"), decode_ndjson),
    "lines of DOS": (filled(b"{}\r\n"), decode_ndjson),
}
BLANK = {
    "empty lines": filled(b"\n"),
    "lines of blanks": filled(b" \t\r\n"),
    "one line of blanks": filled(b" "),
}


def peak_bytes(decode: Decode, body: bytes) -> int:
    """Return how much memory decoding a body takes up at most, whatever comes of it."""
    tracemalloc.start()
    try:
        decode(body, received_at=NOW, events_max=EVENTS_MAX)
    except Refusal:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize(("body", "decode"), TOO_MANY.values(), ids=TOO_MANY)
def test_too_many_items_of_any_kind(body: bytes, decode: Decode) -> None:
    """Whatever the items are, too many of them are refused, in less memory than the body takes."""
    with pytest.raises(Refusal) as refused:
        decode(body, received_at=NOW, events_max=EVENTS_MAX)
    assert refused.value.code is Code.TOO_MANY_EVENTS
    assert peak_bytes(decode, body) < len(body)


@pytest.mark.parametrize("body", BLANK.values(), ids=BLANK)
def test_blank_lines_take_no_room(body: bytes) -> None:
    """A mebibyte of blank lines is a batch of nothing, and costs no more than its bytes again."""
    decoded = decode_ndjson(body + GOOD, received_at=NOW, events_max=EVENTS_MAX)
    assert (len(decoded.events), decoded.rejections) == (1, [])
    assert peak_bytes(decode_ndjson, body) < 2 * len(body)


def test_the_bound_holds_however_a_name_is_written() -> None:
    """A type whose name is written with escapes makes an event like any other."""
    body = ARRAY.body([ESCAPED] * 3)
    assert len(decode_json(body, received_at=NOW, events_max=3).events) == 3
    with pytest.raises(Refusal) as refused:
        decode_json(body, received_at=NOW, events_max=2)
    assert refused.value.code is Code.TOO_MANY_EVENTS


@pytest.mark.parametrize("item", [GOOD, GOOD[:-1] + b',"x":["type","type",{"type":[1,2]}]}'])
def test_as_many_events_as_allowed_are_taken(item: bytes) -> None:
    """What looks like more events is counted out, and no event too few is taken."""
    for form in (ARRAY, LINES):
        decoded = form.read([item] * EVENTS_MAX, events_max=EVENTS_MAX)
        assert (len(decoded.events), decoded.rejections) == (EVENTS_MAX, [])
        with pytest.raises(Refusal):
            form.read([item] * (EVENTS_MAX + 1), events_max=EVENTS_MAX)


def test_blank_lines_are_no_events() -> None:
    """Among more blank lines than events are allowed, as many events as allowed are taken."""
    decoded = decode_ndjson(b"\n" * 9 + (GOOD + b"\n \r\n\n") * 3, received_at=NOW, events_max=3)
    assert (len(decoded.events), decoded.rejections) == (3, [])


@pytest.mark.parametrize(
    ("body", "items"),
    [(b"[]", 0), (b"[1]", 1), (b' [ [1,2] , {"a":[3,4]}, ",,," ] ', 3), (b"[1,2,3,4,5,6]", 6)],
)
def test_only_the_items_of_the_array_itself_are_counted(body: bytes, items: int) -> None:
    """Commas inside of items, and inside of texts, separate no items of the array."""
    for items_max in range(9):
        assert holds_more_than(body, items_max, mark=b",") == (items > items_max)
