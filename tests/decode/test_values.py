"""Facts about pushes of very many values: what they hold is bounded before it is made."""

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.decode.native import Decoded
from exporter.decode.values import (
    COUNTED_BYTES_MIN,
    VALUES_MAX,
    holds_too_many_values,
    may_hold_large_contexts,
    values_in,
)
from exporter.event.rejection import Code, Refusal, Rejection
from tests.decode.bodies import ARRAY, FORMS, LINES, OBJECT, Form
from tests.event.strategies import json_values

MEBIBYTE = 1 << 20
BODY_BYTES = 16 * MEBIBYTE
GROWTH_BYTES_MAX = 48 * MEBIBYTE
"""With the body itself, which is there before, still below 64 MiB."""

LOG = b'{"type":"log","level":"info","source":"s","message":"m"'
GOOD = LOG + b"}"
BLANKS = b" " * COUNTED_BYTES_MIN

PIECES = {
    "empty objects": b"{}",
    "empty arrays": b"[]",
    "objects": b'{"a":0}',
    "nested objects": b'{"a":' * 30 + b"0" + b"}" * 30,
    "numbers": b"1.5",
    "short texts": '"é"'.encode(),
    "spaced": b" { } ",
}
PLACES = {
    "a context": LOG + b',"context":{"a":[%s0]}}',
    "a context, its name escaped": LOG + b',"c\\u006fntext":{"a":[%s0]}}',
    "an unknown field": LOG + b',"x":[%s0]}',
    "the tokens": b'{"type":"completion","model":"m","tokens":{"x":[%s0]}}',
    "a wrong type": b'{"type":"tool_call","tool":[%s0]}',
}
UNKNOWN_NAMES = LOG + b"".join(b',"k%d":0' % number for number in range(1_300_000)) + b"}"


def log_of(values: int) -> bytes:
    """Return a log whose context holds this many values."""
    return LOG + b',"context":{"a":[' + b",".join([b"1"] * (values - 1)) + b"]}}"


def read_and_peak_bytes(form: Form, items: list[bytes]) -> tuple[Decoded | Code, int]:
    """Return what comes of a body, and how much memory its decoding takes at most."""
    body = form.body(items)
    read = form._replace(body=lambda _items: body).read
    tracemalloc.start()
    try:
        return read([], events_max=50_000), tracemalloc.get_traced_memory()[1]
    except Refusal as refused:
        return refused.code, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


FILLED = {f"{name} in a context": (piece, PLACES["a context"]) for name, piece in PIECES.items()}
FILLED |= {f"empty objects in {name}": (b"{}", place) for name, place in PLACES.items()}


@pytest.mark.parametrize(("piece", "place"), FILLED.values(), ids=FILLED)
def test_millions_of_values_are_never_made(piece: bytes, place: bytes) -> None:
    """Wherever one event holds them, it is rejected in little memory."""
    pieces = (piece + b",") * (BODY_BYTES // (len(piece) + 1))
    for form in (OBJECT, ARRAY, LINES):
        decoded, peak = read_and_peak_bytes(form, [place % pieces])
        assert isinstance(decoded, Decoded)
        assert decoded.rejections == [Rejection(0, Code.TOO_LARGE)]
        assert peak < GROWTH_BYTES_MAX


def test_a_million_unknown_names_are_never_made() -> None:
    """Names are values too."""
    for form in (OBJECT, ARRAY, LINES):
        decoded, peak = read_and_peak_bytes(form, [UNKNOWN_NAMES])
        assert isinstance(decoded, Decoded)
        assert decoded.rejections == [Rejection(0, Code.TOO_LARGE)]
        assert peak < GROWTH_BYTES_MAX


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([b"[" + b"{}," * 5_500_000 + b"{}]"], Code.TOO_LARGE),
        ([b"1"] * 8_000_000, Code.TOO_LARGE),
        ([b"{}"] * 5_500_000, Code.TOO_MANY_EVENTS),
        ([LOG + b',"x":[' + b'{"type":0},' * 1_500_000 + b"0]}"], None),
    ],
    ids=["an array", "numbers", "objects", "what looks like events"],
)
def test_an_array_is_refused_before_its_items_are_made(
    items: list[bytes], code: Code | None
) -> None:
    """Whatever it holds instead of events."""
    outcome, peak = read_and_peak_bytes(ARRAY, items)
    assert outcome is code or (isinstance(outcome, Decoded) and code is None)
    assert peak < GROWTH_BYTES_MAX


@pytest.mark.parametrize("last", [GOOD, b"{}"], ids=["all good", "the last one bad"])
@pytest.mark.parametrize("form", [ARRAY, LINES])
def test_many_small_contexts_are_bounded_together(form: Form, last: bytes) -> None:
    """Contexts that would do alone are refused where all of them are too many, in little memory."""
    small = LOG + b',"context":{"a":[' + b"{}," * 70 + b"0]}}"
    refused, peak = read_and_peak_bytes(form, [small] * 49_000 + [last])
    assert refused is Code.TOO_LARGE
    assert peak < GROWTH_BYTES_MAX


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_one_event_of_too_many_values_spoils_no_other(form: Form) -> None:
    """It is rejected alone; a context of as many as may be is taken with its neighbours."""
    too_many = LOG + b',"context":{"a":[' + b"1," * VALUES_MAX + b"1]}}"
    decoded = form.read([GOOD, too_many + BLANKS, log_of(VALUES_MAX - 100), GOOD])
    assert len(decoded.events) == 3
    assert decoded.rejections == [Rejection(1, Code.TOO_LARGE)]


@pytest.mark.parametrize("form", [ARRAY, LINES])
def test_contexts_hold_so_many_values_together_and_no_more(form: Form) -> None:
    """As many as allowed are taken, though the events hold other values; one more is refused."""
    half, one_more = log_of(VALUES_MAX // 2), log_of(VALUES_MAX // 2 + 1)
    assert len(form.read([half, half + BLANKS]).events) == 2
    with pytest.raises(Refusal) as refused:
        form.read([half, one_more + BLANKS])
    assert refused.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("form", [ARRAY, LINES])
def test_a_short_body_is_not_counted(form: Form) -> None:
    """Below a mebibyte values are free, with a bad neighbour and without."""
    items = [log_of(VALUES_MAX - 100)] * 2
    assert len(form.read(items).events) == 2
    assert len(form.read([*items, b"{}"]).events) == 2


@pytest.mark.parametrize("form", [ARRAY, LINES])
def test_a_long_batch_of_plain_events_is_taken(form: Form) -> None:
    """However many values the fields of ours make together, and whatever their texts look like."""
    text = json.dumps('{[,\\"' * 30_000).encode()
    long_text = b'{"type":"tool_call","tool":"t","error":%s,"x":{"context":%s}}' % (text, text)
    items = [*[GOOD] * 30_000, *[long_text] * 3]
    decoded = form.read(items, events_max=50_000)
    assert (len(decoded.events), decoded.rejections, decoded.unknown_fields) == (30_003, [], 3)


@given(st.dictionaries(st.text(max_size=3), json_values, max_size=4))
def test_bytes_and_objects_are_counted_alike(context: dict[str, Any]) -> None:
    """What is made holds as many values as its text has marks outside of its own texts."""
    marks = 0
    rest = json.dumps(context)
    for text in _texts_in(context):
        rest = rest.replace(json.dumps(text), "", 1)
    marks = sum(map(rest.count, "{[,"))
    assert values_in(context) == marks


def _texts_in(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Return all texts in a value, the longest first, so that none is cut out of another."""
    found: list[str] = []
    if isinstance(value, str):
        found = [value]
    elif isinstance(value, list):
        found = [text for item in value for text in _texts_in(item)]
    elif isinstance(value, dict):
        found = [*value, *(text for item in value.values() for text in _texts_in(item))]
    return sorted(found, key=lambda text: len(json.dumps(text)), reverse=True)


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        (b"," * VALUES_MAX, False),
        (b"," * (VALUES_MAX + 1), True),
        (b"," * VALUES_MAX + b'","}', False),
        (b'"' + b"," * 2 * VALUES_MAX + b'"', False),
        (b'"\\"' + b"," * 2 * VALUES_MAX, False),
        (b'"\\\\"' + b"," * 2 * VALUES_MAX, True),
        (b'"\\\n"' + b"[" * 2 * VALUES_MAX, True),
        (b'"\\"' * 40_000 + b"," * 2 * VALUES_MAX, False),
        (b'"\\' + b"{" * 2 * VALUES_MAX, False),
        (b"x" * 2 * MEBIBYTE, False),
        (b"{" * (VALUES_MAX + 1) + b"x" * 2 * MEBIBYTE, True),
        (b'"' + b"," * VALUES_MAX + b'",' + b"x" * 2 * MEBIBYTE, False),
    ],
)
def test_only_what_is_outside_of_texts_counts(text: bytes, *, too_many: bool) -> None:
    """Texts are told from the rest, whole or broken off, in one pass over the bytes."""
    assert holds_too_many_values(text) == too_many
    assert holds_too_many_values(msgspec.Raw(text)) == too_many


@pytest.mark.parametrize("name", [b'"context"', b'"\\u0063ontext"'])
def test_a_body_is_suspected_for_its_length_its_names_and_its_marks(name: bytes) -> None:
    """It takes all three."""
    marks = b"," * (VALUES_MAX + 1)
    assert may_hold_large_contexts(name + marks + BLANKS)
    assert not may_hold_large_contexts(name + marks)
    assert not may_hold_large_contexts(marks + BLANKS)
    assert not may_hold_large_contexts(name + BLANKS)
