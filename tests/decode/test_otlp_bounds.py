"""Facts about exports that hold too much: they are refused before it is made."""

import json
import subprocess
import sys
from typing import Any

import pytest

from exporter.decode.otlp import Encoding
from exporter.decode.otlp_protobuf_logs import ATTRIBUTES_PER_RECORD
from exporter.event.rejection import Code, Refusal
from tests.decode.otlp_bodies import LOGS, METRICS, SIGNALS, Json, Signal, attribute, forms
from tests.decode.otlp_worst import WORST, field, within
from tests.decode.test_otlp_logs import ONE_OF_EACH

MEBIBYTE = 1 << 20
PEAK_BYTES_MAX = 400 * MEBIBYTE


def points(number: int) -> Json:
    """Return a metric of so many points."""
    return {"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}] * number}}


def refusal(signal: Signal, body: bytes, encoding: Encoding, **bounds: Any) -> Code:  # noqa: ANN401 - of `read`
    """Return why a body is refused."""
    with pytest.raises(Refusal) as refused:
        signal.read(body, encoding, **bounds)
    return refused.value.code


@pytest.mark.parametrize("name", SIGNALS)
def test_as_many_records_as_allowed_are_taken(name: str) -> None:
    """Three are where three may be, and not where two may, in any form."""
    signal, item = ONE_OF_EACH[name]
    for body, encoding in forms(signal.message(signal.export(item, item, item))).values():
        assert len(signal.read(body, encoding, records_max=3).records) == 3
        assert refusal(signal, body, encoding, records_max=2) is Code.TOO_MANY_EVENTS


def test_points_are_what_counts_of_metrics() -> None:
    """A metric of three points counts as three."""
    for body, encoding in forms(METRICS.message(METRICS.export(points(2), points(1)))).values():
        assert len(METRICS.read(body, encoding, records_max=3).records) == 3
        assert refusal(METRICS, body, encoding, records_max=2) is Code.TOO_MANY_EVENTS


@pytest.mark.parametrize("odd", [1, {"timeUnixNano": "x"}])
def test_unfit_records_count_too(odd: Any) -> None:  # noqa: ANN401 - any JSON
    """Otherwise they would be without a bound."""
    body = json.dumps(LOGS.export(*[odd] * 3)).encode()
    assert LOGS.read(body, records_max=3) == ([], 3)
    assert refusal(LOGS, body, "json", records_max=2) is Code.TOO_MANY_EVENTS
    nobody = json.dumps(LOGS.export({}, {}, {}, resource=1)).encode()
    assert refusal(LOGS, nobody, "json", records_max=2) is Code.TOO_MANY_EVENTS


@pytest.mark.parametrize("name", SIGNALS)
def test_there_may_be_only_so_many_holders_of_records(name: str) -> None:
    """Resources and scopes without end are too large, though they hold nothing."""
    signal = SIGNALS[name]
    exports: list[Json] = [
        {signal.resources: [{}] * 100},
        {signal.resources: [{signal.scopes: [{}] * 100}]},
    ]
    for export in exports:
        for body, encoding in forms(signal.message(export)).values():
            assert signal.read(body, encoding, records_max=50) == ([], 0)
            assert refusal(signal, body, encoding, records_max=20) is Code.TOO_LARGE


DEEP = {
    "lists": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "values": b'{"attributes":[{"value":{"arrayValue":{"values":['
    + b'{"arrayValue":{"values":[' * 9_999,
    "values that are right": b'{"attributes":[{"value":'
    + b'{"arrayValue":{"values":[' * 9_999
    + b"{}"
    + b"]}}" * 9_999
    + b"}]}",
}


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("resources", ["resourceLogs", "resource_logs"])
def test_what_nests_without_end_is_too_deep(resources: str, deep: bytes) -> None:
    """In a record as in what nobody reads, whether the export is read at once or leniently."""
    for name in ("logRecords", "future"):
        body = b'{"%s":[{"scopeLogs":[{"%s":[%s]}]}]}' % (resources.encode(), name.encode(), deep)
        assert refusal(LOGS, body, "json") is Code.TOO_DEEP


@pytest.mark.parametrize("name", WORST)
def test_the_worst_exports_take_only_so_much_memory(name: str) -> None:
    """Whatever comes of them, 16 MiB never take more than 400."""
    command = [sys.executable, "-m", "tests.decode.otlp_worst", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    outcome, peak_bytes = done.stdout.split()
    assert outcome == WORST[name].outcome
    assert int(peak_bytes) < PEAK_BYTES_MAX


TYPICAL = [attribute(f"attribute.{number}", "value-%02d" % number) for number in range(18)]


def test_a_large_export_of_typical_records_is_taken() -> None:
    """16 MiB of log records with eighteen attributes each, in JSON and in protobuf."""
    record = json.dumps({"timeUnixNano": "1", "attributes": TYPICAL}, separators=(",", ":"))
    export = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}'
    number = 16 * MEBIBYTE // len(record)
    body = (export % ",".join([record] * number)).encode()
    assert len(LOGS.read(body, records_max=number).records) == number
    in_snake_case = body.replace(b"time_unix_nano", b"timeUnixNano")
    assert len(LOGS.read(in_snake_case, records_max=number).records) == number

    [one] = LOGS.message(LOGS.export(json.loads(record))).resource_logs[0].scope_logs[0].log_records  # type: ignore[attr-defined]
    message = field(2, one.SerializeToString())
    number = 16 * MEBIBYTE // len(message)
    body = within((1, 2), message * number)
    assert len(LOGS.read(body, "protobuf", records_max=number).records) == number


def test_a_large_metric_of_typical_points_is_taken() -> None:
    """16 MiB of points in one metric, in protobuf: every field of it is counted."""
    point = {"asInt": "1", "timeUnixNano": "1", "startTimeUnixNano": "1", "attributes": TYPICAL}
    metric = {"gauge": {"dataPoints": [point]}}
    [one] = (
        METRICS.message(METRICS.export(metric)).resource_metrics[0].scope_metrics[0].metrics  # type: ignore[attr-defined]
    )
    message = one.gauge.SerializeToString()
    number = 16 * MEBIBYTE // len(message)
    body = within((1, 2, 2, 5), message * number)
    assert len(METRICS.read(body, "protobuf", records_max=number).records) == number


def test_braces_in_texts_are_no_objects_of_a_small_body() -> None:
    """Below a mebibyte nothing is counted."""
    record = {"attributes": [attribute("a", "{[" * 250_000)]}
    [found] = LOGS.read_json(record).records
    assert found.attributes == {"a": "{[" * 2048}


def test_protobuf_is_loaded_once_it_is_needed() -> None:
    """Who exports in JSON does not pay for it."""
    script = (
        "import sys; from exporter.decode.otlp import decode_logs;"
        "decode_logs(b'{}', 'json', records_max=1); assert 'google.protobuf' not in sys.modules;"
        "decode_logs(b'', 'protobuf', records_max=1); assert 'google.protobuf' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("more", [0, 1])
def test_attributes_of_short_records_are_bounded(more: int) -> None:
    """In protobuf, where one may be two bytes long, there may be so many to a record taken."""
    allowed = 3 * ATTRIBUTES_PER_RECORD
    attributes = [attribute(f"k{number}", 1) for number in range(allowed + more)]
    export = LOGS.export({"attributes": attributes[:100]}, {"attributes": attributes[100:]})
    body, encoding = forms(LOGS.message(export))["protobuf"]
    if more:
        assert refusal(LOGS, body, encoding, records_max=3) is Code.TOO_LARGE
    else:
        assert len(LOGS.read(body, encoding, records_max=3).records) == 2
