"""Facts about protobuf bodies that another than the usual encoder might have written."""

import pytest
from google.protobuf.message import DecodeError, Message

from exporter.decode.otlp_protobuf import WHOLE_BYTES_MAX
from exporter.event.otel import LogRecord, Origin
from exporter.event.rejection import Code, Refusal
from tests.decode.otlp_bodies import LOGS, PADDING, SIGNALS, attribute
from tests.decode.otlp_worst import field, varint, within
from tests.decode.test_otlp_logs import API_REQUEST, ONE_OF_EACH

RESOURCE = field(1, field(1, field(1, b"a") + field(2, field(1, b"b"))))
SCOPE = field(1, field(1, b"scope"))
RECORD = field(2, field(12, b"event"))
EXPECTED = LogRecord(Origin({"a": "b"}, "scope"), "event", 0, {})

UNKNOWN = {
    "a number": varint(100 << 3) + varint(2**64 - 1),
    "eight bytes": varint(100 << 3 | 1) + bytes(8),
    "four bytes": varint(100 << 3 | 5) + bytes(4),
    "text": field(100, b"unknown"),
    "a known one, as a number": b"\x08\x05\x10\x05",
    "an empty group": b"\x0b\x0c",
    "a group of known ones": b"\x0b" + field(1, b"x") + b"\x13\x10\x05\x14" + b"\x0c",
}
MALFORMED = {
    "JSON": b"{}",
    "half a tag": b"\x80",
    "a tag without an end": b"\xff" * 11,
    "a tag alone": b"\x0a",
    "a field that is longer than the body": b"\x0a\x05abc",
    "a length without an end": b"\x0a" + b"\xff" * 11,
    "a number without an end": b"\x08" + b"\xff" * 10 + b"\x01" + bytes(8),
    "a number alone": b"\x08",
    "half of eight bytes": b"\x09" + bytes(4),
    "half of four bytes": b"\x0d" + bytes(2),
    "a type of field that there is not": b"\x0e\x00",
    "a group without an end": b"\x0b",
    "a group without a beginning": b"\x0c",
    "a scope that is longer than its resource": b"\x0a\x02\x12\x05abcdef",
    "a number that ends outside its resource": b"\x0a\x02\x18\x80\x00",
    "a resource that is none": within((1, 1), b"\xff"),
    "a scope's name that is none": within((1, 2, 1), b"\x0a\x05"),
    "a record that is none": within((1, 2, 2), b"\xff"),
    "a name that is not UTF-8": within((1, 2, 2, 12), b"\xff"),
    "a name that is a lone surrogate": within((1, 2, 2, 12), b"\xed\xa0\x80"),
    "an attribute that is not UTF-8": within((1, 2, 2, 6, 2, 1), b"\xff"),
    "values 100 deep": within((1, 2, 2, 6, 2, *(5, 1) * 50), b""),
}


@pytest.fixture(params=[b"", PADDING], ids=["parsed in one go", "record by record"])
def padding(request: pytest.FixtureRequest) -> bytes:
    """Return what bodies begin with, for one that is long enough is read in another way."""
    begin: bytes = request.param
    assert not begin or len(begin) > WHOLE_BYTES_MAX
    return begin


@pytest.mark.parametrize("unknown", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_fields_are_passed_over(unknown: bytes, padding: bytes) -> None:
    """At every level, before and after what is known."""
    record = field(2, unknown + field(12, b"event") + unknown)
    scope = field(2, unknown + SCOPE + unknown + record + unknown)
    body = unknown + field(1, unknown + RESOURCE + unknown + scope + unknown) + unknown
    assert LOGS.read(padding + body, "protobuf") == ([EXPECTED], 0)


def test_fields_come_in_any_order(padding: bytes) -> None:
    """Records are of the resource and the scope that are told of after them."""
    body = field(1, field(2, RECORD + SCOPE) + RESOURCE)
    assert LOGS.read(padding + body, "protobuf") == ([EXPECTED], 0)


def test_numbers_may_be_longer_than_need_be(padding: bytes) -> None:
    """A tag and a length may end in bytes that add nothing."""
    inner = RESOURCE + field(2, SCOPE + RECORD)
    body = b"\x8a\x80\x00" + bytes([len(inner) | 0x80]) + b"\x80\x00" + inner
    assert LOGS.read(padding + body, "protobuf") == ([EXPECTED], 0)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_protobuf_does_not_take_is_malformed(body: bytes, padding: bytes) -> None:
    """It refuses the whole body, whatever right ones stand before it."""
    for whole in (body, field(1, RESOURCE + field(2, SCOPE + RECORD)) + body):
        with pytest.raises(DecodeError):
            LOGS.request.FromString(whole)
        with pytest.raises(Refusal) as refused:
            LOGS.read(padding + whole, "protobuf")
        assert refused.value.code is Code.MALFORMED
        assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", SIGNALS)
def test_a_body_may_be_cut_off_between_fields_only(name: str, padding: bytes) -> None:
    """Cut off anywhere, it is taken where protobuf's own parser takes it, and else malformed."""
    signal, item = ONE_OF_EACH[name]
    resource = {"attributes": [attribute("service.name", "codex")]}
    item = item | ({"attributes": API_REQUEST["attributes"]} if name != "metrics" else {})
    body = signal.message(signal.export(item, item, resource=resource)).SerializeToString() * 2
    taken = 0
    for end in range(len(body) + 1):
        if _is_request(signal.request, body[:end]):
            signal.read(padding + body[:end], "protobuf")
            taken += 1
        else:
            with pytest.raises(Refusal):
                signal.read(padding + body[:end], "protobuf")
    assert taken == 3


def _is_request(request: type[Message], body: bytes) -> bool:
    try:
        request.FromString(body)
    except DecodeError:
        return False
    return True
