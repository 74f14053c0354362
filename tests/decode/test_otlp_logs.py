"""Facts about log records, and about what all records have in common."""

from typing import Any

import pytest

from exporter.event.otel import LogRecord, Origin
from tests.decode.otlp_bodies import (
    LOGS,
    METRICS,
    SPAN_ID,
    TRACE_ID,
    TRACES,
    Json,
    Signal,
    any_value,
    attribute,
    forms,
)

TIME_NS = 1_700_000_000_000_000_000
API_REQUEST: Json = {
    "timeUnixNano": str(TIME_NS),
    "observedTimeUnixNano": str(TIME_NS + 5),
    "severityNumber": "SEVERITY_NUMBER_INFO",
    "body": {"stringValue": "claude_code.api_request"},
    "attributes": [
        attribute("session.id", "s-1"),
        attribute("event.name", "api_request"),
        attribute("event.sequence", 3),
        attribute("cost_usd", 0.25),
        attribute("cached", True),  # noqa: FBT003 - a value
    ],
    "traceId": TRACE_ID,
    "spanId": SPAN_ID,
    "flags": 1,
}
ONE_OF_EACH = {
    "logs": (LOGS, API_REQUEST),
    "traces": (TRACES, {"traceId": TRACE_ID, "spanId": SPAN_ID}),
    "metrics": (METRICS, {"gauge": {"dataPoints": [{"asInt": "1"}]}}),
}


def read_one(record: Json) -> LogRecord:
    """Return the one record of an export, which is the same in every form."""
    decoded = LOGS.read_alike(LOGS.export(record))
    assert decoded.unfit == 0
    [found] = decoded.records
    assert isinstance(found, LogRecord)
    return found


def attributes_of(*attributes: Json) -> dict[str, Any]:
    """Return what a record's attributes come to."""
    return read_one({"attributes": list(attributes)}).attributes


def test_a_record_has_all_it_was_told() -> None:
    """Whom it is of, its event, time, attributes and ids: as in Claude Code's events."""
    resource = {"attributes": [attribute("service.name", "claude-code")]}
    scope = {"name": "com.anthropic.claude_code.events", "version": "2.1.0"}
    decoded = LOGS.read_alike(LOGS.export(API_REQUEST, resource=resource, scope=scope))
    assert decoded.unfit == 0
    assert decoded.records == [
        LogRecord(
            Origin({"service.name": "claude-code"}, "com.anthropic.claude_code.events"),
            "api_request",
            TIME_NS,
            {
                "session.id": "s-1",
                "event.name": "api_request",
                "event.sequence": 3,
                "cost_usd": 0.25,
                "cached": True,
            },
            TRACE_ID,
            SPAN_ID,
            sampled=True,
        )
    ]
    assert decoded.records[0].origin.service == "claude-code"


def test_an_empty_record_is_one_all_the_same() -> None:
    """Nothing of a log record is required."""
    assert read_one({}) == LogRecord(Origin({}), "", 0, {})


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"eventName": "a", "attributes": [attribute("event.name", "b")]}, "b"),
        ({"eventName": "a", "attributes": [attribute("event.name", "")]}, "a"),
        ({"attributes": [attribute("event.name", "b")], "body": any_value("c")}, "b"),
        ({"attributes": [attribute("event.name", "")], "body": any_value("c")}, "c"),
        ({"attributes": [attribute("event.name", 5)], "body": any_value("c")}, "c"),
        ({"body": any_value("c")}, "c"),
        ({"body": any_value(5)}, ""),
        ({"body": any_value({"stringValue": "c"})}, ""),
        ({"body": {}}, ""),
        ({"eventName": "n" * 257}, "n" * 256),
        ({"attributes": [attribute("event.name", "n" * 257)]}, "n" * 256),
        ({"body": any_value("n" * 257)}, "n" * 256),
    ],
)
def test_a_record_is_named_by_the_first_that_tells(record: Json, name: str) -> None:
    """The attribute for it, its event name, or its body, where that is text; 256 characters."""
    assert read_one(record).name == name


@pytest.mark.parametrize(
    ("times", "time_ns"),
    [
        ({"timeUnixNano": "7", "observedTimeUnixNano": "8"}, 7),
        ({"timeUnixNano": "0", "observedTimeUnixNano": "8"}, 8),
        ({"observedTimeUnixNano": "8"}, 8),
        ({"timeUnixNano": str(2**63 - 1)}, 2**63 - 1),
    ],
)
def test_a_record_is_of_its_time_or_when_it_was_observed(times: Json, time_ns: int) -> None:
    """Zero is no time."""
    assert read_one(times).time_ns == time_ns


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (TRACE_ID.upper(), TRACE_ID),
        ("0" * 32, None),
        ("", None),
        (TRACE_ID[2:], None),
        (TRACE_ID + "00", None),
    ],
)
def test_a_trace_id_that_is_none_is_left_out(written: str, read: str | None) -> None:
    """Ids are in lower case; all zeros, or another length, is no id."""
    assert read_one({"traceId": written}).trace_id == read


@pytest.mark.parametrize(
    ("written", "read"),
    [(SPAN_ID.upper(), SPAN_ID), ("0" * 16, None), (SPAN_ID[2:], None), (TRACE_ID, None)],
)
def test_a_span_id_that_is_none_is_left_out(written: str, read: str | None) -> None:
    """As with trace ids, at half the length."""
    assert read_one({"spanId": written}).span_id == read


@pytest.mark.parametrize(
    "written", ["g" * 32, " " * 32, "-" + "1" * 31, "\u0660" * 32, "0x" + "1" * 30]
)
def test_an_id_that_is_not_hexadecimal_is_left_out(written: str) -> None:
    """The record is taken without it."""
    [record] = LOGS.read_json({"traceId": written}).records
    assert record.trace_id is None


@pytest.mark.parametrize(
    "value",
    [
        "", "text", "\x00 ünï 🐍", 0, 5, -5, 2**63 - 1, -(2**63), 0.0, -2.5, 1e300, True, False,
        [], ["a", 1, 2.5, True], [[], ["b"]], {}, {"a": {"b": [1]}, "c": "d"},
    ],
)  # fmt: skip
def test_an_attribute_is_its_value(value: Any) -> None:  # noqa: ANN401 - each type there is
    """Text, integers, floats, booleans, lists and maps are what they are in Python."""
    found = attributes_of(attribute("a", value), attribute("beside", 1))
    assert repr(found) == repr({"a": value, "beside": 1})


@pytest.mark.parametrize(
    "nothing",
    [{"key": "a"}, {"key": "a", "value": {}}, {"key": "a", "value": {"bytesValue": "AA=="}}],
)
def test_an_attribute_that_holds_nothing_is_left_out(nothing: Json) -> None:
    """Nor are bytes kept."""
    assert attributes_of(nothing, attribute("beside", 1)) == {"beside": 1}


def test_what_holds_nothing_keeps_its_place_in_a_list() -> None:
    """A value that is empty, or bytes, is `None` among others, and in a map."""
    values = [any_value(1), {}, {"bytesValue": "AA=="}]
    pairs = [{"key": "b"}, attribute("c", 1)]
    found = attributes_of(
        {"key": "a", "value": {"arrayValue": {"values": values}}},
        {"key": "m", "value": {"kvlistValue": {"values": pairs}}},
    )
    assert found == {"a": [1, None, None], "m": {"b": None, "c": 1}}


def test_long_text_is_cut() -> None:
    """A value has 4,096 characters, at any depth."""
    found = attributes_of(
        attribute("as long", "x" * 4096), attribute("a", "x" * 4097), attribute("l", ["x" * 4097])
    )
    assert found == {"as long": "x" * 4096, "a": "x" * 4096, "l": ["x" * 4096]}


def test_attributes_beyond_the_most_are_left_out() -> None:
    """A record keeps the first 1,024 attributes; a list, and a map, its first 128 values."""
    many = {f"a{number}": number for number in range(1_100)}
    kept = dict(list(many.items())[:1_024])
    assert attributes_of(*(attribute(*pair) for pair in many.items())) == kept
    assert attributes_of(attribute("m", many), attribute("l", list(range(200)))) == {
        "m": dict(list(many.items())[:128]),
        "l": list(range(128)),
    }


def test_what_nests_too_deep_is_not_kept() -> None:
    """Lists nest 32 deep; in place of what is deeper there is `None`."""
    value: Any = 1
    cut: Any = None
    for _ in range(32):
        value, cut = [value], [cut]
    assert attributes_of(attribute("a", value)) == {"a": value}
    assert attributes_of(attribute("a", [value])) == {"a": cut}


def test_maps_count_as_lists_in_depth() -> None:
    """So deep that protobuf does not take them at all."""
    value: Any = {}
    cut: Any = None
    for _ in range(33):
        value = {"m": value}
    for _ in range(32):
        cut = {"m": cut}
    [record] = LOGS.read_json({"attributes": [attribute("a", value)]}).records
    assert record.attributes == {"a": cut}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_records_of_a_scope_share_their_origin(name: str) -> None:
    """There is one origin a scope, and one dict of attributes a resource."""
    signal, item = ONE_OF_EACH[name]
    two_scopes = {signal.scopes: [{signal.items: [item, item]}, {signal.items: [item]}]}
    export = {signal.resources: [two_scopes, two_scopes]}
    for body, encoding in forms(signal.message(export)).values():
        a, b, c, d, *_ = (record.origin for record in signal.read(body, encoding).records)
        assert a is b
        assert b is not c
        assert b.resource is c.resource
        assert c.resource is not d.resource


@pytest.mark.parametrize("signal", [LOGS, TRACES, METRICS])
def test_an_empty_export_is_right(signal: Signal) -> None:
    """No bytes of protobuf, an empty object, and empty lists and resources hold no records."""
    assert signal.read(b"", "protobuf") == ([], 0)
    exports: list[Json] = [{}, {signal.resources: []}, {signal.resources: [{}]}, signal.export()]
    for export in exports:
        assert signal.read_alike(export) == ([], 0)
