"""Native JSON and NDJSON: what holds of any body at all."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.decode.native import Decoded, decode_json, decode_ndjson
from exporter.decode.settle import SKEW_SECS_MAX
from exporter.event.rejection import Code, Refusal
from exporter.event.tokens import Tokens
from exporter.event.types import EVENT_CLASSES
from tests.decode.bodies import ARRAY, CASES, FORMS, LINES, OBJECT, Decode
from tests.event.strategies import NOW, Wire, json_values, wires
from tests.fuzz.mutation import mutated

FIELDS = {name for one in EVENT_CLASSES for name in one.__struct_encode_fields__} | {"type"}
PATHS = (
    {"$"}
    | {f"$.{name}" for name in FIELDS}
    | {f"$.tokens.{name}" for name in Tokens.__struct_encode_fields__}
)
TYPES = {case.wire["type"] for case in CASES.values()} | {"unknown"}
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b"\r", b" ", b"\xff", b"\x00",
    b"null", b"true", b"-1", b"1e999", b"9" * 400, b'"type"', b'"completion"', b'"log"', b'"model"',
    b'"tokens"', b'"\\ud800"', b'{"type":"completion","model":"m"}', b'{"type":"log","x":',
]  # fmt: skip

EVENTS_MAX = 5


def encode(wire: object) -> bytes:
    """Return JSON, of the largest numbers too."""
    return json.dumps(wire).encode()


valid = st.lists(wires, max_size=3).flatmap(
    lambda batch: st.sampled_from([ARRAY, LINES]).map(
        lambda form: form.body([encode(wire) for wire in batch])
    )
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
    mutated(valid, st.binary(max_size=4) | st.sampled_from(PIECES)),
)
secrets = st.text("0123456789abcdef", min_size=16, max_size=16).map("sk-{}".format)


def decode_or_code(decode: Decode, body: bytes) -> Decoded | Code:
    """Return what a body decodes into, or the code it is refused with."""
    try:
        return decode(body, received_at=NOW, events_max=EVENTS_MAX)
    except Refusal as refused:
        return refused.code


def assert_well_formed(decoded: Decoded) -> None:
    """Assert what holds of whatever is decoded."""
    assert len(decoded.rejections) == len(decoded.rejected_types)
    assert set(decoded.rejected_types) <= TYPES
    assert {rejection.path for rejection in decoded.rejections} <= PATHS
    indexes = [rejection.index for rejection in decoded.rejections]
    assert indexes == sorted(set(indexes))
    assert all(0 <= event.at <= NOW + SKEW_SECS_MAX for event in decoded.events)


@given(bodies)
@pytest.mark.parametrize("decode", [decode_json, decode_ndjson])
def test_any_body_is_decoded_or_refused(decode: Decode, body: bytes) -> None:
    """Whatever the bytes, they are decoded or refused; nothing else is raised."""
    outcome = decode_or_code(decode, body)
    if isinstance(outcome, Code):
        assert outcome in {Code.MALFORMED, Code.TOO_DEEP, Code.TOO_MANY_EVENTS}
    else:
        assert_well_formed(outcome)
        assert len(outcome.events) + len(outcome.rejections) <= EVENTS_MAX


@given(st.lists(wires, max_size=4))
def test_any_right_event_is_taken_in_any_form(batch: list[Wire]) -> None:
    """Events made by the rules are all taken, and are the same in every form."""
    items = [encode(wire) for wire in batch]
    first, *others = (form.read(items) for form in FORMS.values())
    assert len(first.events) == len(batch)
    assert first.rejections == []
    assert all(other == first for other in others)


@given(st.lists(wires, min_size=1, max_size=4), st.data())
def test_the_second_look_agrees_with_the_first(batch: list[Wire], data: st.DataObject) -> None:
    """A batch decodes into the same events whether or not there is a bad one among them."""
    items = [encode(wire) for wire in batch]
    index = data.draw(st.integers(0, len(items)))
    for form in (ARRAY, LINES):
        alone = form.read(items)
        among = form.read([*items[:index], b"{}", *items[index:]])
        assert among.events == alone.events
        assert among.unknown_fields == alone.unknown_fields
        assert [rejection.index for rejection in among.rejections] == [index]


@given(st.lists(wires, min_size=1, max_size=4))
def test_what_was_decoded_decodes_alike_with_an_unknown_field(batch: list[Wire]) -> None:
    """An event read the strict way is the event read the lenient way."""
    for event in ARRAY.read([encode(wire) for wire in batch]).events:
        item = msgspec.json.encode(event)
        assert OBJECT.read([item]).events == [event]
        assert OBJECT.read([item[:-1] + b',"x":1}']) == Decoded([event], [], [], 1)


@given(wires, st.data(), json_values)
def test_a_field_replaced_by_anything(wire: Wire, data: st.DataObject, value: Any) -> None:  # noqa: ANN401 - any JSON
    """With any JSON in place of a field, an event is taken or rejected, never both or neither."""
    name = data.draw(st.sampled_from(sorted(wire)))
    for form in (OBJECT, ARRAY, LINES):
        decoded = form.read([encode(wire | {name: value})])
        assert len(decoded.events) + len(decoded.rejections) == 1
        assert_well_formed(decoded)


@given(st.lists(wires, min_size=1, max_size=6), st.data(), json_values)
def test_an_event_is_the_same_whatever_came_before_it(
    batch: list[Wire],
    data: st.DataObject,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    """Each item of a batch comes to what it comes to alone, and what is counted adds up."""
    for wire in batch:
        if data.draw(st.booleans()):
            wire[data.draw(st.sampled_from([*sorted(wire), "x", "agent", "tool"]))] = value
    items = [encode(wire) for wire in batch]
    alone = [OBJECT.read([item]) for item in items]
    for form in (ARRAY, LINES):
        decoded = form.read(items)
        assert decoded.events == [event for one in alone for event in one.events]
        assert decoded.unknown_fields == sum(one.unknown_fields for one in alone)
        assert [(rejection.code, rejection.path) for rejection in decoded.rejections] == [
            (rejection.code, rejection.path) for one in alone for rejection in one.rejections
        ]


@given(wires, st.data(), secrets)
@example(CASES["log"].wire, None, "x' - at `$.sk-0123456789abcdef`")
def test_no_rejection_repeats_its_input(
    wire: Wire, data: st.DataObject | None, secret: str
) -> None:
    """A secret as any value, inside one, or as a name, is in no rejection and in no refusal."""
    names = sorted(wire) if data is None else [data.draw(st.sampled_from(sorted(wire)))]
    hidden: list[Wire] = [{secret: secret}]
    for name in names:
        hidden += [
            wire | {name: secret},
            wire | {name: [secret]},
            wire | {name: {secret: secret}},
            wire | {"tokens": {secret: 1, "input": secret}},
            wire | {name: [], secret: {secret: secret}},
        ]
    for item in map(encode, hidden):
        for form in (OBJECT, ARRAY, LINES):
            told = msgspec.json.encode(form.read([item]).rejections).decode()
            assert secret not in told
            assert secret[3:] not in told
        with pytest.raises(Refusal) as refused:
            OBJECT.read([item[:-1]])
        assert secret not in str(refused.value)
        assert refused.value.path is None
        assert refused.value.__cause__ is None
