"""Facts about JSON that is not quite as OTLP has it."""

import json
from typing import Any

import pytest

from exporter.event.otel import LogRecord, Origin
from exporter.event.rejection import Code, Refusal
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
)

IDS: Json = {"traceId": TRACE_ID, "spanId": SPAN_ID}
GOOD = {"attributes": [attribute("a", 1)]}
GOOD_RECORD = LogRecord(Origin({}), "", 0, {"a": 1})


def with_value(value: Json) -> Json:
    """Return a record with an attribute that has this value."""
    return {"attributes": [{"key": "a", "value": value}]}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"intValue": "5"}, 5),
        ({"intValue": 5.0}, 5),
        ({"intValue": "5.0"}, 5),
        ({"intValue": "5e2"}, 500),
        ({"intValue": "1e18"}, 10**18),
        ({"intValue": str(-(2**63))}, -(2**63)),
        ({"doubleValue": 5}, 5.0),
        ({"doubleValue": "5"}, 5.0),
        ({"doubleValue": "1.5"}, 1.5),
        ({"stringValue": "5"}, "5"),
        ({"boolValue": "true"}, True),
        ({"stringValue": "null"}, "null"),
        ({"string_value": "null"}, "null"),
        ({"stringValue": None, "intValue": 5}, 5),
        ({"string_value": None, "int_value": 5}, 5),
        ({"array_value": {"values": [{"int_value": "5"}, None, {"stringValue": "x"}]}}, [5, "x"]),
        ({"kvlist_value": {"values": [{"key": "b", "value": {"bool_value": True}}]}}, {"b": True}),
        ({"futureValue": 1, "intValue": 5}, 5),
    ],
)
def test_a_value_is_read_as_it_may_be_written(value: Json, read: Any) -> None:  # noqa: ANN401 - each type there is
    """Numbers as numbers or texts, names in either spelling, null for what is not there."""
    [record] = LOGS.read_json(with_value(value)).records
    assert repr(record.attributes) == repr({"a": read})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_floats_that_are_not_finite_are_texts(number: str) -> None:
    """JSON has no numbers for them."""
    [record] = LOGS.read_json(with_value({"doubleValue": number})).records
    assert repr(record.attributes["a"]) == repr(float(number))


@pytest.mark.parametrize(
    "odd",
    [
        1,
        "text",
        None,
        [],
        {"attributes": {}},
        {"attributes": [1]},
        {"attributes": [{"key": 1}]},
        {"attributes": [{"key": "a", "value": 1}]},
        {"timeUnixNano": "soon"},
        {"timeUnixNano": -1},
        {"timeUnixNano": "-1"},
        {"timeUnixNano": 2**63},
        {"timeUnixNano": 1.5},
        {"timeUnixNano": True},
        {"timeUnixNano": []},
        {"eventName": 5},
        {"body": "text"},
        with_value({"stringValue": 5}),
        with_value({"boolValue": "yes, indeed"}),
        with_value({"intValue": 5.5}),
        with_value({"intValue": "5.5"}),
        with_value({"intValue": ""}),
        with_value({"intValue": "x"}),
        with_value({"intValue": "NaN"}),
        with_value({"intValue": "Infinity"}),
        with_value({"intValue": str(2**63)}),
        with_value({"intValue": 2**63}),
        with_value({"intValue": "1e300"}),
        with_value({"intValue": "9" * 5_000}),
        with_value({"intValue": True}),
        with_value({"doubleValue": "x"}),
        with_value({"doubleValue": "1" * 5_000}),
        with_value({"doubleValue": True}),
        with_value({"arrayValue": {"values": 1}}),
        with_value({"arrayValue": {"values": [{"intValue": "x"}]}}),
        with_value({"kvlistValue": {"values": [attribute("b", 1) | {"key": 5}]}}),
    ],
)
def test_a_record_of_wrong_types_is_left_out_alone(odd: Any) -> None:  # noqa: ANN401 - any JSON
    """It is counted, and the records around it are taken."""
    assert LOGS.read_json(GOOD, odd, GOOD) == ([GOOD_RECORD, GOOD_RECORD], 1)
    assert LOGS.read_json(odd) == ([], 1)


@pytest.mark.parametrize("number", [b"1e999", b"9" * 5_000])
def test_a_number_too_large_for_any_type_spoils_its_record(number: bytes) -> None:
    """It is JSON, so the records around it are taken."""
    body = json.dumps(LOGS.export(GOOD, {"attributes": [attribute("a", 2.5)]}, GOOD)).encode()
    decoded = LOGS.read(body.replace(b"2.5", number))
    assert decoded == ([GOOD_RECORD, GOOD_RECORD], 1)


@pytest.mark.parametrize("odd", [5, 5.5, True, [], {}])
def test_an_id_that_is_no_text_is_left_out(odd: Any) -> None:  # noqa: ANN401 - any JSON
    """A log record is taken without it; a span cannot be."""
    [record] = LOGS.read_json({"traceId": odd, "spanId": odd}).records
    assert (record.trace_id, record.span_id) == (None, None)
    assert TRACES.read_json(IDS | {"parentSpanId": odd}).records[0].parent_span_id is None
    assert TRACES.read_json(IDS | {"spanId": odd}).unfit == 1


@pytest.mark.parametrize("code", [2, "STATUS_CODE_ERROR", 2.0])
def test_an_enum_is_a_number_or_a_name(code: Any) -> None:  # noqa: ANN401 - a number or a name
    """A name that is not known is none of those that matter."""
    spans = [IDS | {"status": {"code": code}}, IDS | {"status": {"code": "STATUS_CODE_FUTURE"}}]
    assert [span.failed for span in TRACES.read_json(*spans).records] == [True, False]


@pytest.mark.parametrize("odd", [1, [], {"asInt": []}, {"asInt": "x"}, {"timeUnixNano": -1}, None])
@pytest.mark.parametrize("kind", ["sum", "gauge"])
def test_a_point_of_wrong_types_is_left_out_alone(kind: str, odd: Any) -> None:  # noqa: ANN401 - any JSON
    """The other points of its metric are taken."""
    points = [{"asInt": 1}, odd, {"as_int": "2"}]
    found = METRICS.read_json({kind: {"dataPoints": points, "aggregationTemporality": 1}})
    assert [point.value for point in found.records] == [1.0, 2.0]
    assert found.unfit == (odd is not None)


@pytest.mark.parametrize("odd", [1, {"sum": 1}, {"sum": {"dataPoints": 1}}])
def test_a_metric_of_wrong_types_is_left_out_alone(odd: Any) -> None:  # noqa: ANN401 - any JSON
    """It counts as one point; the other metrics are taken."""
    good = {"gauge": {"dataPoints": [{"asInt": 1}]}}
    found = METRICS.read_json(good, odd, good)
    assert (len(found.records), found.unfit) == (2, 1)


@pytest.mark.parametrize("resource", [1, {"attributes": 1}, with_value({"intValue": "x"})])
def test_records_of_nobody_are_unfit(resource: Any) -> None:  # noqa: ANN401 - any JSON
    """Where a resource cannot be understood, its records count as unfit; those of others do not."""
    odd, good = LOGS.export(GOOD, GOOD, resource=resource), LOGS.export(GOOD)
    body = json.dumps({"resourceLogs": odd["resourceLogs"] + good["resourceLogs"]}).encode()
    assert LOGS.read(body) == ([GOOD_RECORD], 2)
    point = {"gauge": {"dataPoints": [{"asInt": 1}, {"asInt": 2}]}}
    assert METRICS.read_json(point, resource=resource) == ([], 2)


@pytest.mark.parametrize("scope", [1, {"name": 5}])
def test_a_scope_that_is_none_has_no_name(scope: Any) -> None:  # noqa: ANN401 - any JSON
    """Its records are taken."""
    [record] = LOGS.read_json(GOOD, scope=scope).records
    assert record.origin.scope == ""


@pytest.mark.parametrize("signal", [LOGS, TRACES, METRICS])
@pytest.mark.parametrize("spelling", ["camelCase", "snake_case"])
def test_null_is_as_good_as_absent(signal: Signal, spelling: str) -> None:
    """At every level of the envelope, in either spelling."""
    for written in (
        signal.export(),
        {signal.resources: None},
        {signal.resources: [{signal.scopes: None, "resource": None}]},
        {signal.resources: [{signal.scopes: [{signal.items: None, "scope": None}]}]},
    ):
        text = json.dumps(written)
        if spelling == "snake_case":
            text = text.replace("resourceL", "resource_l").replace("scopeL", "scope_l")
        assert signal.read(text.encode()) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"null", b"1", b"[]", b"{}{}", b"\xef\xbb\xbf{}",
        b'{"resourceLogs":1}', b'{"resourceLogs":[1]}', b'{"resourceLogs":{}}',
        b'{"resourceLogs":[{"scopeLogs":1}]}', b'{"resource_logs":[{"scope_logs":[null]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[NaN]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"\xff"}]}]}]}',
        b'{"resource_logs":[{"scopeLogs":[{"logRecords":[{"eventName":"\xff"}]}]}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"\xff":1}}]}]}]}',
    ],
)  # fmt: skip
def test_what_is_no_such_request_is_malformed(body: bytes) -> None:
    """No JSON, no UTF-8, or another shape than a request has down to its records."""
    with pytest.raises(Refusal) as refused:
        LOGS.read(body)
    assert refused.value.code is Code.MALFORMED
    assert refused.value.__cause__ is None


def test_unknown_names_are_ignored_wherever_they_are() -> None:
    """Also such that are spelled like those of another message."""
    record = GOOD | {"future": [1], "scope_logs": 5, "body": any_value("n") | {"x": 1}}
    export = LOGS.export(record, resource={"entityRefs": [1]}) | {"another": {}}
    export["resourceLogs"][0] |= {"schemaUrl": 5, "trace_id": []}
    [found] = LOGS.read(json.dumps(export).encode()).records
    assert found == LogRecord(Origin({}), "n", 0, {"a": 1})


FUTURE = {"futureValue": {"stringValue": "?"}, "name": 5, "values": [1], "bytes_value": [{}]}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (FUTURE, None),
        (FUTURE | any_value(5), 5),
        (FUTURE | {"int_value": "5.0"}, 5),
        ({"bytesValue": [{"intValue": "x"}], "stringValue": "s"}, "s"),
        ({"arrayValue": {"values": [FUTURE, FUTURE | any_value(5)]}}, [None, 5]),
        ({"kvlistValue": {"values": [{"key": "b", "value": FUTURE | any_value(5)}]}}, {"b": 5}),
        ({"arrayValue": FUTURE | {"values": [any_value([5]) | FUTURE]}}, [[5]]),
    ],
)
def test_unknown_names_in_a_value_are_ignored(value: Json, read: Any) -> None:  # noqa: ANN401 - each type there is
    """In an attribute as in a body, beside what is known and alone; nor does anybody read bytes."""
    record = with_value(value) | {"body": any_value("n") | FUTURE}
    found = {} if read is None else {"a": read}
    decoded = LOGS.read_json(record, GOOD)
    assert decoded == ([LogRecord(Origin({}), "n", 0, found), GOOD_RECORD], 0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"a \ud83d", "a \ufffd"),
        (rb"\udc00 a", "\ufffd a"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ],
)
def test_half_a_character_is_mended(written: bytes, read: str) -> None:
    """JavaScript writes it where it cuts a text; the other records are taken as they are."""
    body = json.dumps(LOGS.export(GOOD, with_value({"stringValue": "HERE"}))).encode()
    decoded = LOGS.read(body.replace(b"HERE", written))
    assert [record.attributes for record in decoded.records] == [{"a": 1}, {"a": read}]
