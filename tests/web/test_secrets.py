"""No secret that is pushed comes back: in no answer, in no metric and in no log line."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.cli.logs import configure
from exporter.config import Log
from tests.web import EVENTS, get, push

BODY = "Qz7Kp3Wm9Xv2Ln5Rt8Yb4Hc6"
SECRET = "sk-ant-api03-" + BODY
LOGIN = f"postgres://user:{BODY}@db.example/x"
FAILURE: dict[str, Any] = {"type": "completion", "model": "m", "success": False}
LOG: dict[str, Any] = {"type": "log", "level": "error", "source": "s", "message": "m"}
CONTENT = "write me a poem"
READS = [
    "/metrics",
    "/health",
    "/-/healthy",
    "/-/ready",
    "/api/v1/events?limit=500",
    "/api/v1/calls",
    "/api/v1/requests",
    "/api/v1/snapshot",
    "/api/v1/models",
    "/api/v1/models/m",
    "/api/v1/sessions",
    "/api/v1/cardinality",
]
TAKEN: list[dict[str, Any]] = [
    {**FAILURE, "error": f"Incorrect API key provided: {SECRET}."},
    {**FAILURE, "error": f"rate limited; Authorization: Bearer {BODY}"},
    {**FAILURE, "error": f"cannot connect to {LOGIN}", "error_type": SECRET},
    {**FAILURE, "error": "x " * 505 + SECRET},
    {**FAILURE, "error": f"-----BEGIN PRIVATE KEY-----\n{BODY}"},
    {"type": "tool_call", "tool": "t", "error": f"password={BODY}"},
    {"type": "request_ended", "request_id": "r", "error": json.dumps({"api_key": BODY})},
    {**LOG, "message": f"GET https://example.com/?token={BODY}&a=b"},
    {**LOG, "message": "x " * 2_040 + SECRET},
    {**LOG, "context": {"a": SECRET, "b": [{"c": [LOGIN]}], "password": BODY}},
    {**LOG, "context": {SECRET: {SECRET: 1}, "Set-Cookie": f"sid={BODY}"}},
    {**LOG, "context": {"secret": {"a": [BODY]}, "OPENAI_API_KEY": BODY}},
    {**LOG, "context": {"headers": {"x-api-key": BODY}, "prompt": CONTENT}},
    {**LOG, "context": {"tool_input": {"text": CONTENT}, "a": [{"messages": [CONTENT]}]}},
    {**LOG, SECRET: SECRET},
    {**FAILURE, "tokens": {SECRET: 1}},
]  # fmt: skip
NAMED: list[dict[str, Any]] = [
    {**FAILURE, "model": SECRET},
    {**FAILURE, "model": f"{SECRET}/m"},
    *({**FAILURE, name: SECRET} for name in ("provider", "agent", "session_id")),
    *({**FAILURE, name: SECRET} for name in ("request_id", "trace_id", "id")),
    {"type": "request_started", "request_id": SECRET, "channel": SECRET},
    {"type": "request_ended", "request_id": SECRET, "channel": SECRET, "session_id": SECRET},
    {"type": "tool_call", "tool": SECRET},
    {**LOG, "source": SECRET},
    {"type": "queue_depth", "queue": SECRET, "depth": 1},
    {"type": "quota", "window": SECRET, "used_ratio": 1, "provider": SECRET, "model": SECRET},
]
REFUSED: list[Any] = [
    SECRET,
    [SECRET],
    {"type": SECRET},
    {**LOG, "level": SECRET},
    {**LOG, "message": {SECRET: SECRET}},
    {**LOG, "context": SECRET},
    {**LOG, "timestamp": SECRET},
    {**FAILURE, "latency_ms": SECRET},
    {**FAILURE, "status_code": SECRET},
    {**FAILURE, "tokens": {"input": SECRET}},
    {**FAILURE, "id": SECRET * 10},
]
HEADERS = [
    {"Authorization": f"Bearer {SECRET}"},
    {"Idempotency-Key": f"{SECRET} {SECRET}"},
    {"Content-Type": SECRET},
    {"Content-Type": f"application/json; charset={SECRET}"},
    {"Content-Encoding": SECRET},
    {"Expect": SECRET},
    {"Origin": f"https://{SECRET}"},
    {"Host": SECRET},
    {"Cookie": f"a={SECRET}"},
    {SECRET: SECRET},
]
BYTES = [
    b"%s",
    b'{"type": "%s',
    b'{"type": "log", "message": "%s" "}',
    b'[{"type": "log"}, %s]',
    b"\xff%s",
    b'{"type":"log","level":"error","source":"s","message":"%s\\ud800"}',
]
QUERIES = [
    "events?level",
    "events?limit",
    "events?before",
    "calls?limit",
    "sessions?sort",
    "models?max_staleness_secs",
]
PATHS = [f"/{SECRET}", *(f"/api/v1/{query}={SECRET}" for query in QUERIES)]


pytestmark = pytest.mark.hostile(10, 21)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Collect every line that the exporter logs, as it would be written."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(Log(level="debug"), stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def assert_clean(text: str) -> None:
    """Assert that neither the secret nor a recognisable part of it, nor content, is in a text."""
    for length in range(8, len(BODY) + 1):
        assert BODY[:length] not in text
    assert CONTENT not in text


async def assert_nothing_shows(client: aiohttp.ClientSession, lines: io.StringIO) -> None:
    """Assert that no read and no log line tells a secret."""
    for path in READS:
        for accept in ("*/*", "application/openmetrics-text"):
            async with client.get(path, headers={"Accept": accept}) as response:
                assert response.status == 200
                assert_clean(await response.text())
                assert_clean(str(response.raw_headers))
    assert_clean(lines.getvalue())


async def test_what_is_taken_is_kept_without_its_secrets(
    client: aiohttp.ClientSession, lines: io.StringIO
) -> None:
    """Errors, messages, contexts to any depth, names in them, unknown fields: all are clean."""
    assert (await push(client, *TAKEN))["accepted"] == len(TAKEN)
    for event in TAKEN:
        assert_clean(json.dumps(await push(client, event)))
    told = await get(client, "/api/v1/events?limit=500")
    assert len(told["events"]) >= 2 * len(TAKEN) - 1
    assert "[redacted]" in json.dumps(told)
    assert "[omitted]" in json.dumps(told)
    await assert_nothing_shows(client, lines)


async def test_no_name_and_no_id_tells_a_key(
    client: aiohttp.ClientSession, lines: io.StringIO
) -> None:
    """A key that was put where a name or an id belongs is in no label and in no answer."""
    assert (await push(client, *NAMED))["accepted"] == len(NAMED)
    async with client.get("/metrics") as response:
        assert 'tool="[redacted]"' in await response.text()
    await assert_nothing_shows(client, lines)


async def test_what_is_refused_is_not_repeated(
    client: aiohttp.ClientSession, lines: io.StringIO
) -> None:
    """An enum value, a wrong type, a name: the answer says which field, not what was in it."""
    for wire in REFUSED:
        for batch in (wire, [LOG, wire], [wire] * 3):
            async with client.post(EVENTS, json=batch) as response:
                assert response.status in {200, 400}
                assert_clean(await response.text())
    for template in BYTES:
        for media_type in ("application/json", "application/x-ndjson"):
            body = template.replace(b"%s", SECRET.encode())
            headers = {"Content-Type": media_type}
            async with client.post(EVENTS, data=body, headers=headers) as response:
                assert response.status == 400
                assert_clean(await response.text())
    await assert_nothing_shows(client, lines)


async def test_no_header_and_no_path_is_repeated(
    client: aiohttp.ClientSession, lines: io.StringIO
) -> None:
    """Whatever is made of a header or of a path, its text is in no answer and in no log line."""
    for headers in HEADERS:
        async with client.post(
            EVENTS, data=b"[]", headers={"Content-Type": "application/json"} | headers
        ) as response:
            assert response.status < 500
            assert_clean(await response.text())
            assert_clean(str(response.raw_headers))
    for path in PATHS:
        async with client.get(path) as response:
            assert response.status in {400, 404}
            assert_clean(await response.text())
    await assert_nothing_shows(client, lines)


async def test_no_malformed_request_is_repeated(
    exporter: Exporter, client: aiohttp.ClientSession, lines: io.StringIO
) -> None:
    """What is not even HTTP is answered 400 by the parser, which would quote it, and logged."""
    host, port = exporter.addresses[0].split(":")
    secret = SECRET.encode()
    for request in (
        b"GET /%s\x00 HTTP/1.1\r\nHost: x\r\n\r\n" % secret,
        b"%s / HTTP/1.1\r\n\r\n" % secret,
        b"GET / HTTP/9.%s\r\n\r\n" % secret,
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Key: %s\x00\r\n\r\n" % secret,
        b"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % secret,
        b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n" % secret,
        b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n" % secret,
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        writer.write_eof()
        async with asyncio.timeout(10):
            reply = await reader.read()
        assert reply.startswith(b"HTTP/1.") or not reply
        assert_clean(reply.decode())
        writer.close()
        await writer.wait_closed()
    await assert_nothing_shows(client, lines)
