"""OTLP: what holds of any body at all."""

import json
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from exporter.decode.otlp import Decoded, Encoding
from exporter.decode.otlp_rules import ATTRIBUTES_MAX, NAME_LENGTH_MAX
from exporter.event.otel import LogRecord, Origin, Point, Record, Span
from exporter.event.rejection import Code, Refusal
from tests.decode.otlp_bodies import SIGNALS, Signal, forms
from tests.decode.otlp_exports import REQUESTS
from tests.event.strategies import json_values
from tests.fuzz.mutation import mutated

RECORDS_MAX = 5
PIECES = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b" ", b"\xff", b"\x00", b"null", b"-1",
    b"1e999", b"9" * 400, b'"x"', b"{}", b'"\\ud800"', b'"intValue":', b'"string_value":"",',
    b'"attributes":', b'"dataPoints":[{}]', b'"traceId":1,', b'"timeUnixNano":"1.0",',
    b"\x0a\x00", b"\x12\x00", b"\x32\x02\x12\x00", b"\x0a\x7f", b"\x80" * 11, b"\x0b", b"\x0c",
    b"\x0a\x80\x00", b"\x8a\x00\x00", b"\x3a\x02\x3a\x00", b"\x0a\x02\xed\xa0",
]  # fmt: skip
CLASSES: dict[str, type[Record]] = {"logs": LogRecord, "traces": Span, "metrics": Point}

pieces = st.binary(max_size=4) | st.sampled_from(PIECES)


def bodies(name: str) -> st.SearchStrategy[tuple[bytes, Encoding]]:
    """Return bodies that were right once, and such as never were."""
    written = REQUESTS[name].flatmap(
        lambda message: st.sampled_from(sorted(forms(message).items()))
    )
    right: st.SearchStrategy[tuple[bytes, Encoding]] = written.map(lambda form: form[1])
    never = st.binary(max_size=300) | st.lists(pieces, max_size=30).map(b"".join)
    encodings: st.SearchStrategy[Encoding] = st.sampled_from(["json", "protobuf"])
    spoilt = right.flatmap(
        lambda form: st.tuples(mutated(st.just(form[0]), pieces), st.just(form[1]))
    )
    return st.one_of(spoilt, st.tuples(never, encodings), right)


def decode_or_code(signal: Signal, body: bytes, encoding: Encoding) -> Decoded[Record] | Code:
    """Return what a body decodes into, or the code it is refused with."""
    try:
        return signal.read(body, encoding, records_max=RECORDS_MAX)
    except Refusal as refused:
        return refused.code


def assert_well_formed(name: str, decoded: Decoded[Record]) -> None:
    """Assert what holds of whatever is decoded."""
    assert 0 <= len(decoded.records) + decoded.unfit <= RECORDS_MAX
    for record in decoded.records:
        assert isinstance(record, CLASSES[name])
        assert isinstance(record.origin, Origin)
        assert len(record.attributes) <= ATTRIBUTES_MAX
        assert None not in record.attributes.values()
        assert_kept(record.attributes)
        assert_kept(record.origin.resource)
        if not isinstance(record, Point):
            assert len(record.name) <= NAME_LENGTH_MAX


def assert_kept(value: Any) -> None:  # noqa: ANN401 - an attribute's value
    """Assert that a value is of the types that attributes have, and no other."""
    if isinstance(value, dict):
        assert all(type(key) is str for key in value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            assert_kept(item)
    else:
        assert value is None or type(value) in (str, bool, int, float)


@pytest.mark.parametrize("name", SIGNALS)
@given(data=st.data())
def test_any_body_is_decoded_or_refused(name: str, data: st.DataObject) -> None:
    """Whatever the bytes, they are decoded or refused; nothing else is raised."""
    body, encoding = data.draw(bodies(name))
    outcome = decode_or_code(SIGNALS[name], body, encoding)
    if isinstance(outcome, Code):
        assert outcome in {
            Code.MALFORMED,
            Code.TOO_DEEP,
            Code.TOO_LARGE,
            Code.TOO_MANY_EVENTS,
        }
    else:
        assert_well_formed(name, outcome)


@pytest.mark.parametrize("name", SIGNALS)
@given(data=st.data())
def test_what_protobuf_takes_is_no_malformed_body(name: str, data: st.DataObject) -> None:
    """A body that protobuf's own parser takes is decoded, and one cut off within a field is not."""
    signal = SIGNALS[name]
    body = data.draw(
        mutated(REQUESTS[name].map(lambda message: message.SerializeToString()), pieces)
    )
    outcome = decode_or_code(signal, body, "protobuf")
    try:
        signal.request.FromString(body)
    except DecodeError:
        return
    assert outcome is not Code.MALFORMED


@pytest.mark.parametrize("name", SIGNALS)
@given(data=st.data(), value=json_values)
def test_any_json_in_place_of_a_value(name: str, data: st.DataObject, value: Any) -> None:  # noqa: ANN401 - any JSON
    """With any JSON in place of any part, an export of right JSON is decoded or refused."""
    message: Message = data.draw(REQUESTS[name])
    export = json.loads(forms(message)["camelCase"][0])
    parent: Any = {"": export}
    key: Any = ""
    while data.draw(st.integers(0, 5)) and parent[key] and isinstance(parent[key], dict | list):
        parent = parent[key]
        keys = sorted(parent) if isinstance(parent, dict) else range(len(parent))
        key = data.draw(st.sampled_from(keys))
    parent[key] = value
    outcome = decode_or_code(SIGNALS[name], json.dumps(export).encode(), "json")
    if not isinstance(outcome, Code):
        assert_well_formed(name, outcome)
