"""Attributes that are read from their bytes are what protobuf's own parser makes of them."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from exporter.decode.otlp_protobuf_attributes import KNOWN_MAX, AttributeReader
from exporter.decode.otlp_protobuf_records import attributes
from exporter.event.rejection import Code, Refusal
from tests.decode.otlp_bodies import LOGS
from tests.decode.otlp_exports import attributes as some_attributes
from tests.decode.otlp_worst import field, varint, within
from tests.fuzz.mutation import mutated

MALFORMED = "malformed"


def pair(key: bytes, value: bytes) -> bytes:
    """Return a KeyValue with this key, and a value that is written so."""
    return field(1, key) + field(2, value)


def text(content: bytes) -> bytes:
    """Return a value that is a text."""
    return field(1, content)


def integer(number: int) -> bytes:
    """Return a value that is an integer; a negative one as it is written, in ten bytes."""
    return b"\x18" + varint(number % 2**64)


def by_protobuf(pairs: list[bytes]) -> str:
    """Return what protobuf makes of the attributes of a record, if it takes it."""
    record = b"".join(field(6, one) for one in pairs)
    try:
        return repr(attributes(LogRecord.FromString(record).attributes))
    except DecodeError:
        return MALFORMED


def by_reader(reader: AttributeReader, pairs: list[bytes]) -> str:
    """Return what a reader makes of them."""
    try:
        return repr(reader.read(pairs))
    except (DecodeError, UnicodeDecodeError):
        return MALFORMED


LARGE = [2**7 - 1, 2**7, 2**14 - 1, 2**14, 2**21 - 1, 2**21, 2**53, 2**63 - 1, -1, -(2**63)]
LONG = [120, 123, 124, 125, 126, 127, 128, 129, 4096, 4097, 16379, 16380, 16381, 16383, 16384]
WRITTEN: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x0a",
    "a key alone": field(1, b"a"),
    "a value alone": field(2, text(b"x")),
    "a value before its key": field(2, text(b"x")) + field(1, b"a"),
    "two keys": field(1, b"b") + pair(b"a", text(b"x")),
    "two values and no key": field(2, text(b"x")) + field(2, integer(5)),
    "a key, and another field like a value": field(1, b"a") + field(3, integer(5)),
    "two values of one kind": pair(b"a", text(b"x")) + field(2, text(b"y")),
    "two values of two kinds": pair(b"a", text(b"x")) + field(2, integer(5)),
    "an unknown field behind": pair(b"a", integer(5)) + field(9, b"?"),
    "an unknown field between": field(1, b"a") + field(9, b"?") + field(2, integer(5)),
    "a key that is a number": b"\x08\x01" + field(2, integer(5)),
    "a value that is a number": field(1, b"a") + b"\x10\x05",
    "an empty key": pair(b"", integer(5)),
    "an empty value": pair(b"a", b""),
    "an empty text": pair(b"a", text(b"")),
    "a key of 127 bytes": pair(b"k" * 127, integer(5)),
    "a key of 128 bytes": pair(b"k" * 128, integer(5)),
    "a key of 300 bytes": pair(b"k" * 300, integer(5)),
    "a key that is not ASCII": pair("schlüssel".encode(), integer(5)),
    "a key that is not UTF-8": pair(b"\xff", integer(5)),
    "a text that is not ASCII": pair(b"a", text("ünï 🐍".encode())),
    "a text that is not UTF-8": pair(b"a", text(b"\xff")),
    "a text that is half a character": pair(b"a", text("🐍".encode()[:3])),
    "a text with a surrogate": pair(b"a", text(b"\xed\xa0\x80")),
    "a text that is written too long": pair(b"a", text(b"\xc0\x80")),
    "a long text of more bytes than are kept, not ASCII": pair(b"a", text("ü".encode() * 5000)),
    "a long text that is not UTF-8": pair(b"a", text(b"x" * 200 + b"\xff")),
    "a long text, then another kind": pair(b"a", text(b"x" * 200) + integer(5)),
    "a long text, then another": pair(b"a", text(b"x" * 200) + text(b"y" * 200)),
    "a long text longer than its value": pair(b"a", b"\x0a\xff\x02" + b"x" * 200),
    "a short text in a long value": pair(b"a", b"\x0a\x05\x02" + b"x" * 133),
    "a long text as bytes": pair(b"a", field(7, b"x" * 200)),
    "a long value that is no text": pair(b"a", b"x" * 200),
    "a long text whose length has three bytes": pair(b"a", b"\x0a\xc8\x81\x00" + b"x" * 200),
    "a text, then another kind": pair(b"a", text(b"xy") + integer(5)),
    "a text, then another": pair(b"a", text(b"xy") + text(b"z")),
    "a text longer than its value": field(1, b"a") + b"\x12\x03\x0a\x09x",
    "the tag of a text alone": pair(b"a", b"\x0a"),
    "a text of 1,282 bytes cut off": field(1, b"a") + b"\x12\x82\x0a\x80" + b"x" * 128,
    "a value longer than its attribute": field(1, b"a") + b"\x12\x09\x0a\x01x",
    "a length of more bytes than need be": b"\x0a\x81\x00a\x12\x02\x18\x05",
    "a value's length of more bytes": field(1, b"a") + b"\x12\x82\x00\x18\x05",
    "a text's length of more bytes": pair(b"a", b"\x0a\x81\x00x"),
    "a tag of more bytes": b"\x8a\x00\x01a" + field(2, integer(5)),
    "an integer of more bytes than need be": pair(b"a", b"\x18\x85\x80\x00"),
    "an integer without an end": pair(b"a", b"\x18\x85"),
    "an integer of two bytes without an end": pair(b"a", b"\x18\x85\x85"),
    "an integer of three bytes without an end": pair(b"a", b"\x18\x85\x85\x85"),
    "a tag alone": pair(b"a", b"\x18"),
    "two integers of a byte": pair(b"a", b"\x18\x05\x18\x06"),
    "an integer, then a tag alone": pair(b"a", b"\x18\x05\x06"),
    "an integer, then a longer unknown field": pair(b"a", b"\x18\x03\x40\x81\x01"),
    "a long integer, then an unknown field": pair(b"a", b"\x18\x85\x86\x06\x40\x01"),
    "a longer integer, then a longer unknown field": pair(b"a", b"\x18\x85\x06\x40\x81\x01"),
    "an integer, then half a number": pair(b"a", b"\x18\x05\x10\x86"),
    "an integer, then half a field": pair(b"a", b"\x18\x05\x90\x01"),
    "a longer integer, then a tag alone": pair(b"a", b"\x18\x85\x06\x06"),
    "an integer, then an unknown field": pair(b"a", b"\x18\x03\x40\x01"),
    "a double": pair(b"a", b"\x21" + bytes(6) + b"\xf0\x3f"),
    "a double that is no number": pair(b"a", b"\x21" + bytes(6) + b"\xf8\x7f"),
    "zero, as a double": pair(b"a", b"\x21" + bytes(8)),
    "minus zero": pair(b"a", b"\x21" + bytes(7) + b"\x80"),
    "half a double": pair(b"a", b"\x21" + bytes(4)),
    "a double, then a tag alone": pair(b"a", b"\x21" + bytes(8) + b"\x18"),
    "a double as four bytes": pair(b"a", b"\x25" + bytes(4)),
    "true": pair(b"a", b"\x10\x01"),
    "false": pair(b"a", b"\x10\x00"),
    "true as five": pair(b"a", b"\x10\x05"),
    "bytes": pair(b"a", field(7, b"x")),
    "a list": pair(b"a", field(5, field(1, integer(5)))),
    "a map": pair(b"a", field(6, field(1, pair(b"b", integer(5))))),
    "a group": pair(b"a", b"\x0b\x0c"),
    "a group without an end": pair(b"a", b"\x0b"),
    "JSON": b'{"key":"a"}',
}
WRITTEN |= {f"the integer {number}": pair(b"a", integer(number)) for number in LARGE}
WRITTEN |= {f"the integer {number}, cut off": pair(b"a", integer(number)[:-1]) for number in LARGE}
WRITTEN |= {f"{size} bytes of text": pair(b"a", text(b"x" * size)) for size in LONG}
WRITTEN |= {f"{size} bytes of text cut off": pair(b"a", text(b"x" * size))[:-1] for size in LONG}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_attribute_is_what_protobuf_says(name: str) -> None:
    """However it is written, also the second time, and beside others of the same key."""
    reader = AttributeReader()
    written = WRITTEN[name]
    beside = [pair(b"a", text(b"before")), written, pair(b"b", integer(300)), written]
    for pairs in ([written], [written], beside, beside):
        assert by_reader(reader, pairs) == by_protobuf(pairs)


written_pairs = some_attributes.map(lambda found: [one.SerializeToString() for one in found])
pieces = st.binary(max_size=4) | st.sampled_from(
    [
        b"\x0a",
        b"\x12",
        b"\x18",
        b"\x21",
        b"\x80",
        b"\x7f",
        b"\x0a\x00",
        b"\x12\x02\x18\x05",
        b"\xff",
    ]
)
odd_pairs = st.lists(
    mutated(st.sampled_from(sorted(WRITTEN.values())), pieces)
    | mutated(written_pairs.filter(bool).map(lambda pairs: pairs[0]), pieces)
    | st.sampled_from(sorted(WRITTEN.values())),
    max_size=6,
)


@given(bodies=st.lists(written_pairs | odd_pairs, max_size=4))
def test_any_attributes_are_what_protobuf_says(bodies: list[list[bytes]]) -> None:
    """Right ones and spoilt ones, of several records in turn: equal, or refused by both."""
    reader = AttributeReader()
    for pairs in bodies:
        assert by_reader(reader, pairs) == by_protobuf(pairs)


@given(
    key=st.text(max_size=200),
    value=st.text(max_size=200) | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.booleans(),
)
def test_right_attributes_come_back(key: str, value: Any) -> None:  # noqa: ANN401 - each type there is
    """What was written is read: keys, texts and numbers of any length."""
    names = {str: "string_value", int: "int_value", float: "double_value", bool: "bool_value"}
    one = KeyValue(key=key)
    setattr(one.value, names[type(value)], value)
    assert repr(AttributeReader().read([one.SerializeToString()])) == repr({key: value})


def test_more_attributes_than_are_known_are_read() -> None:
    """What is known is forgotten where it becomes too much, and read anew."""
    reader = AttributeReader()
    for _ in range(2):
        for number in range(KNOWN_MAX + 10):
            written = [pair(b"k%d" % number, text(b"%d" % number)), pair(b"n", integer(number))]
            assert reader.read(written) == {f"k{number}": str(number), "n": number}


@pytest.mark.parametrize("odd", [b"\xff", pair(b"\xff", integer(5)), pair(b"a", text(b"\xff"))])
def test_attributes_that_are_not_kept_have_to_be_right(odd: bytes) -> None:
    """One beyond the 1,024 that are kept makes the body malformed as any other does."""
    record = field(6, pair(b"a", integer(5))) * 1_024
    [read] = LOGS.read(within((1, 2, 2), record), "protobuf").records
    assert read.attributes == {"a": 5}
    with pytest.raises(Refusal) as refused:
        LOGS.read(within((1, 2, 2), record + field(6, odd)), "protobuf")
    assert refused.value.code is Code.MALFORMED
