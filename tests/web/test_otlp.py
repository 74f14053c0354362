"""Facts about the OTLP routes, over real sockets, in both encodings."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from exporter.app import Exporter
from tests.clock import ManualClock
from tests.web import NOW, get, scrape

NOW_NS = int(NOW) * 10**9
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
LABELS = 'agent="claude-code",model="claude-opus-5"'
COMPLETED = f'agent_completions_total{{{LABELS},outcome="success",provider="anthropic"}}'

Attributes = dict[str, str | int | float]


def key_values(attributes: Attributes) -> list[KeyValue]:
    """Return attributes as protobuf has them."""
    made = []
    for key, value in attributes.items():
        if isinstance(value, str):
            made.append(KeyValue(key=key, value=AnyValue(string_value=value)))
        elif isinstance(value, int):
            made.append(KeyValue(key=key, value=AnyValue(int_value=value)))
        else:
            made.append(KeyValue(key=key, value=AnyValue(double_value=value)))
    return made


def api_request(**changed: str | float) -> Attributes:
    """Return the attributes of a model call, as Claude Code logs it."""
    return {
        "event.name": "api_request",
        "session.id": "s1",
        "model": "claude-opus-5",
        "request_id": "req_1",
        "input_tokens": 18,
        "output_tokens": 175,
        "cache_read_tokens": 34324,
        "cache_creation_tokens": 7314,
        "cost_usd": 0.25,
        "duration_ms": 1500,
        **changed,
    }


def logs(*records: Attributes, service: str = "claude-code") -> ExportLogsServiceRequest:
    """Return an export of log records."""
    export = ExportLogsServiceRequest()
    of_resource = export.resource_logs.add()
    of_resource.resource.attributes.extend(key_values({"service.name": service}))
    of_scope = of_resource.scope_logs.add()
    for number, attributes in enumerate(records):
        record = of_scope.log_records.add(time_unix_nano=NOW_NS + number)
        record.attributes.extend(key_values(attributes))
    return export


def spans(attributes: Attributes, *, service: str = "shop") -> ExportTraceServiceRequest:
    """Return an export of one span of two seconds."""
    export = ExportTraceServiceRequest()
    of_resource = export.resource_spans.add()
    of_resource.resource.attributes.extend(key_values({"service.name": service}))
    span = of_resource.scope_spans.add().spans.add(
        name="chat",
        trace_id=bytes(range(16)),
        span_id=bytes(range(8)),
        start_time_unix_nano=NOW_NS - 2 * 10**9,
        end_time_unix_nano=NOW_NS,
    )
    span.attributes.extend(key_values(attributes))
    return export


def total(value: int, at: int, *, session: str = "s1", delta: bool = False) -> Any:  # noqa: ANN401 - a message
    """Return an export of lines added: how many, and when (seconds after NOW)."""
    export = ExportMetricsServiceRequest()
    of_resource = export.resource_metrics.add()
    of_resource.resource.attributes.extend(key_values({"service.name": "claude-code"}))
    metric = of_resource.scope_metrics.add().metrics.add(name="claude_code.lines_of_code.count")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = (
        AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
        if delta
        else AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    )
    point = metric.sum.data_points.add(
        as_int=value, start_time_unix_nano=NOW_NS - 10**9, time_unix_nano=NOW_NS + at * 10**9
    )
    point.attributes.extend(key_values({"session.id": session, "type": "added"}))
    return export


def as_json(attributes: Attributes, service: str = "claude-code") -> dict[str, Any]:
    """Return an export of one log record in JSON, its integers as text."""

    def value(of: str | float) -> dict[str, Any]:
        if isinstance(of, str):
            return {"stringValue": of}
        return {"intValue": str(of)} if isinstance(of, int) else {"doubleValue": of}

    def listed(of: Attributes) -> list[dict[str, Any]]:
        return [{"key": key, "value": value(one)} for key, one in of.items()]

    record = {"timeUnixNano": str(NOW_NS), "attributes": listed(attributes)}
    resource = {"attributes": listed({"service.name": service})}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}


async def post(
    client: aiohttp.ClientSession,
    route: str,
    body: bytes | AsyncIterator[bytes],
    content_type: str,
    **headers: str,
) -> tuple[int, str, bytes]:
    """Export; return status, content type and body of the answer."""
    headers = {"Content-Type": content_type, **headers}
    async with client.post(route, data=body, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body a few bytes at a time, so that it is sent in chunks."""
    size = max(100, len(body) // 100)
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
async def test_an_export_is_counted_however_it_comes(
    client: aiohttp.ClientSession, content_type: str, *, chunked: bool, packed: bool
) -> None:
    """In JSON or protobuf, packed or plain, whole or in chunks: an empty answer of its own type."""
    body = logs(api_request()).SerializeToString()
    if content_type == JSON:
        body = json.dumps(as_json(api_request())).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    body = gzip.compress(body) if packed else body
    sent = chunks(body) if chunked else body
    status, answered, answer = await post(client, "/v1/logs", sent, content_type, **headers)
    assert (status, answered) == (200, content_type)
    assert answer == (b"{}" if content_type == JSON else b"")
    samples = await scrape(client)
    assert samples[COMPLETED] == 1
    tokens = f'agent_tokens_total{{{LABELS},provider="anthropic",type="cache_read"}}'
    assert samples[tokens] == 34324
    used = 'agent_exporter_otlp_records_total{result="used",signal="logs"}'
    assert samples[used] == 1
    accepted = 'result="accepted",source="otlp_logs",type="completion"'
    assert samples[f"agent_exporter_events_total{{{accepted}}}"] == 1


async def test_a_span_is_counted_and_becomes_an_exemplar(client: aiohttp.ClientSession) -> None:
    """A generic span of a model call is a completion of its service."""
    attributes: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-6",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
    }
    body = spans(attributes).SerializeToString()
    assert (await post(client, "/v1/traces", body, PROTOBUF))[0] == 200
    (call,) = (await get(client, "/api/v1/calls"))["calls"]
    assert (call["agent"], call["provider"], call["model"]) == ("shop", "openai", "gpt-6")
    assert (call["latency_ms"], call["input_tokens"], call["output_tokens"]) == (2000.0, 100, 20)
    async with client.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as found:
        assert f'trace_id="{bytes(range(16)).hex()}"' in await found.text()


async def test_an_export_sent_again_counts_once(client: aiohttp.ClientSession) -> None:
    """OTLP has no key for a retry; the records have ids of their own."""
    body = logs(api_request(), api_request(request_id="req_2")).SerializeToString()
    for _ in range(3):
        assert (await post(client, "/v1/logs", body, PROTOBUF))[0] == 200
    samples = await scrape(client)
    assert samples[COMPLETED] == 2
    duplicate = 'result="duplicate",source="otlp_logs",type="completion"'
    assert samples[f"agent_exporter_events_total{{{duplicate}}}"] == 4


async def test_totals_become_what_was_added(client: aiohttp.ClientSession) -> None:
    """Of each session by itself, though they share a series; a retry adds nothing."""
    added = 'agent_lines_of_code_total{agent="claude-code",type="added"}'
    for export, expected in (
        (total(5, 0), 5),
        (total(8, 1), 8),
        (total(100, 1, session="s2"), 108),
        (total(8, 1), 108),
        (total(9, 2), 109),
        (total(3, 3, delta=True), 112),
        (total(3, 3, delta=True), 112),
        (total(3, 4, delta=True), 115),
    ):
        body = export.SerializeToString()
        assert (await post(client, "/v1/metrics", body, PROTOBUF))[0] == 200
        assert (await scrape(client))[added] == expected


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
async def test_a_record_that_cannot_count_is_told_and_loses_nothing_else(
    client: aiohttp.ClientSession, content_type: str
) -> None:
    """200 with a partial success, which says how many and why in our own words."""
    good, bad = api_request(), api_request(request_id="req_2", input_tokens=-1, model="sk-secret")
    body = logs(good, bad).SerializeToString()
    if content_type == JSON:
        export = as_json(good)
        export["resourceLogs"] += as_json(bad)["resourceLogs"]
        body = json.dumps(export).encode()
    status, answered, answer = await post(client, "/v1/logs", body, content_type)
    assert (status, answered) == (200, content_type)
    if content_type == JSON:
        assert json.loads(answer) == {
            "partialSuccess": {
                "rejectedLogRecords": "1",
                "errorMessage": "out_of_range at $.input_tokens",
            }
        }
    else:
        partial = ExportLogsServiceResponse.FromString(answer).partial_success
        assert partial.rejected_log_records == 1
        assert partial.error_message == "out_of_range at $.input_tokens"
    samples = await scrape(client)
    assert samples[COMPLETED] == 1
    assert samples['agent_exporter_rejections_total{code="out_of_range"}'] == 1
    assert samples['agent_exporter_otlp_records_total{result="rejected",signal="logs"}'] == 1


async def test_what_is_rejected_is_named_by_its_signal(client: aiohttp.ClientSession) -> None:
    """Spans and data points have words of their own."""
    attributes: Attributes = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": -1}
    attributes |= {"gen_ai.request.model": "m"}
    body = spans(attributes).SerializeToString()
    _, _, answer = await post(client, "/v1/traces", body, PROTOBUF)
    assert ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans == 1
    body = total(-1, 0, delta=True).SerializeToString()
    _, _, answer = await post(client, "/v1/metrics", body, PROTOBUF)
    partial = ExportMetricsServiceResponse.FromString(answer).partial_success
    assert partial.rejected_data_points == 1


async def test_what_says_nothing_that_counts_is_passed_over(client: aiohttp.ClientSession) -> None:
    """It is no error: an agent would only complain of it."""
    body = logs({"event.name": "user_prompt", "prompt": "sk-secret"}, {}).SerializeToString()
    assert await post(client, "/v1/logs", body, PROTOBUF) == (200, PROTOBUF, b"")
    samples = await scrape(client)
    assert samples['agent_exporter_otlp_records_total{result="ignored",signal="logs"}'] == 2


@pytest.mark.parametrize("route", ["/v1/logs", "/v1/traces", "/v1/metrics"])
async def test_an_empty_export_is_fine(client: aiohttp.ClientSession, route: str) -> None:
    """Some clients send one to see whether anybody is there."""
    assert await post(client, route, b"", PROTOBUF) == (200, PROTOBUF, b"")
    assert await post(client, route, b"{}", JSON) == (200, JSON, b"{}")


@pytest.mark.parametrize("route", ["/v1/logs", "/v1/traces", "/v1/metrics"])
@pytest.mark.parametrize(
    ("body", "headers", "status", "code", "message"),
    [
        (b"\xff\xff", {}, 400, 3, "malformed: "),
        (b"", {"Content-Encoding": "br"}, 415, 3, "unsupported_encoding: "),
        (b"no gzip at all", {"Content-Encoding": "gzip"}, 400, 3, "malformed: "),
        (b"\x00" * (16 * 2**20 + 1), {}, 413, 8, "too_large: "),
    ],
    ids=["malformed", "encoding", "no gzip", "too large"],
)
async def test_a_refusal_is_a_status_in_the_encoding_of_the_request(  # noqa: PLR0917 - a table
    client: aiohttp.ClientSession,
    route: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: int,
    message: str,
) -> None:
    """As google.rpc.Status, never with a word of what was sent."""
    answered = await post(client, route, chunks(body), PROTOBUF, **headers)
    assert answered[:2] == (status, PROTOBUF)
    told = Status.FromString(answered[2])
    assert told.code == code
    assert told.message.startswith(message)
    answered = await post(client, route, chunks(body or b"{"), JSON, **headers)
    assert answered[:2] == (status, JSON)
    told_json = json.loads(answered[2])
    assert told_json["code"] == code
    assert told_json["message"].startswith(message)


async def test_another_type_is_refused(client: aiohttp.ClientSession) -> None:
    """With a status in JSON, which anybody can read."""
    status, answered, answer = await post(client, "/v1/logs", b"{}", "text/plain")
    assert (status, answered) == (415, JSON)
    assert json.loads(answer)["message"].startswith("unsupported_media_type: ")
    samples = await scrape(client)
    pushes = 'agent_exporter_push_requests_total{code="415",route="/v1/logs"}'
    assert samples[pushes] == 1


async def test_what_stops_a_push_before_its_route_is_a_status_too(
    client: aiohttp.ClientSession,
) -> None:
    """As a page of another origin is."""
    status, answered, answer = await post(
        client, "/v1/logs", b"", PROTOBUF, Origin="https://evil.example"
    )
    assert (status, answered) == (403, PROTOBUF)
    assert Status.FromString(answer).code == 7


async def test_an_export_while_stopping_is_told_when_to_come_again(
    client: aiohttp.ClientSession, exporter: Exporter
) -> None:
    """503 with Retry-After, which exporters of OpenTelemetry wait for."""
    exporter._core.intake.close()  # noqa: SLF001 - a stop that goes no further
    body = logs(api_request()).SerializeToString()
    async with client.post("/v1/logs", data=body, headers={"Content-Type": PROTOBUF}) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert Status.FromString(await response.read()).code == 14


async def test_a_clock_far_ahead_loses_nothing(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """A record that is dated more than ten minutes ahead is of its arrival; again, it is known."""
    clock.advance(-601)
    body = logs(api_request()).SerializeToString()
    for _ in range(2):
        assert await post(client, "/v1/logs", body, PROTOBUF) == (200, PROTOBUF, b"")
    (call,) = (await get(client, "/api/v1/calls"))["calls"]
    assert datetime.fromisoformat(call["timestamp"]).timestamp() == NOW - 601


async def test_half_a_character_loses_no_export(client: aiohttp.ClientSession) -> None:
    """JavaScript writes it where it cuts a text within an emoji."""
    export = json.dumps(as_json(api_request(note="HALF"))).encode()
    body = export.replace(b"HALF", b"a \\ud83d")
    assert await post(client, "/v1/logs", body, JSON) == (200, JSON, b"{}")
    assert (await scrape(client))[COMPLETED] == 1


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_a_body_that_does_not_come_may_be_sent_again(
    exporter: Exporter, encoding: str | None
) -> None:
    """It is 503: no client of OTLP tries again after 408."""
    host, _, port = exporter.addresses[0].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    packed = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    writer.write(
        f"POST /v1/logs HTTP/1.1\r\nHost: {host}\r\nContent-Type: {JSON}\r\n{packed}"
        "Content-Length: 100\r\n\r\n{".encode()
    )
    assert b" 503 " in await asyncio.wait_for(reader.readline(), timeout=20)
    writer.close()
