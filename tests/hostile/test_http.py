"""Requests that are no proper HTTP, or that take their time."""

import logging

import pytest
from aiohttp import http_parser

from tests.hostile.raw import EVENT, JSON, a_push, ask, counted, request, wire
from tests.hostile.serving import serving

SECRET = "sk-ant-secret"  # noqa: S105 - it is none
TO_PUSH = f"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n"
LENGTH = f"Content-Length: {len(EVENT)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
CHUNKS = b"\r\n21\r\n" + EVENT + b"\r\n0\r\n\r\n"
BODY = b"\r\n" + EVENT

IMPROPER = {
    "both framings": TO_PUSH.encode() + (LENGTH + CHUNKED).encode() + CHUNKS,
    "the same length twice": TO_PUSH.encode() + (LENGTH + LENGTH).encode() + BODY,
    "two lengths": TO_PUSH.encode() + f"{LENGTH}Content-Length: 5\r\n".encode() + BODY,
    "a list of lengths": TO_PUSH.encode() + b"Content-Length: 33, 33\r\n" + BODY,
    "a negative length": TO_PUSH.encode() + b"Content-Length: -1\r\n" + BODY,
    "a signed length": TO_PUSH.encode() + b"Content-Length: +33\r\n" + BODY,
    "a length in hexadecimal": TO_PUSH.encode() + b"Content-Length: 0x21\r\n" + BODY,
    "an empty length": TO_PUSH.encode() + b"Content-Length: \r\n" + BODY,
    "chunked twice": TO_PUSH.encode() + b"Transfer-Encoding: chunked, chunked\r\n" + CHUNKS,
    "chunked in two headers": TO_PUSH.encode() + (CHUNKED + CHUNKED).encode() + CHUNKS,
    "chunked and more": TO_PUSH.encode() + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS,
    "chunked not last": TO_PUSH.encode() + b"Transfer-Encoding: chunked, identity\r\n" + CHUNKS,
    "an unknown framing": TO_PUSH.encode() + b"Transfer-Encoding: xchunked\r\n" + CHUNKS,
    "chunked in HTTP/1.0": TO_PUSH.replace("1.1", "1.0").encode() + CHUNKED.encode() + CHUNKS,
    "a chunk of no size": TO_PUSH.encode() + CHUNKED.encode() + b"\r\nzz\r\n\r\n",
    "a chunk of negative size": TO_PUSH.encode() + CHUNKED.encode() + b"\r\n-1\r\n\r\n",
    "a chunk behind a bare line feed": TO_PUSH.encode() + CHUNKED.encode() + b"\r\n2\n[]\n0\n\n",
    "two hosts": request("GET /health", "Host: evil"),
    "the same host twice": request("GET /health", "Host: localhost"),
    "a list of hosts": request("GET /health", host="localhost, evil"),
    "a host that is none": request("GET /health", host="user@localhost"),
    "no host": request("GET /health", host=None),
    "a target on another host": request("GET http://evil/api/v1/snapshot"),
    "bare line feeds": request("GET /health").replace(b"\r\n", b"\n"),
    "one bare line feed": b"GET /health HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
    "a bare line feed at the end": b"GET /health HTTP/1.1\r\nHost: localhost\r\n\n",
    "a bare carriage return": b"GET /health HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n",
    "a folded header": request("GET /health", "X: y\r\n z"),
    "a space before the colon": request("GET /health", "X : y"),
    "a header without a colon": request("GET /health", SECRET),
    "a header with a null": request("GET /health", f"X: {SECRET}\0"),
    "a name with a null": request("GET /health", f"Authoriz\0ation: Bearer {SECRET}"),
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "HTTP/1.2": b"GET /health HTTP/1.2\r\nHost: localhost\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that is none": request("\xe9\xe9 /health"),
    "a tunnel": b"CONNECT evil:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a long header": request("GET /health", f"X: {'a' * 9_000}"),
    "a long name of a header": request("GET /health", f"{'a' * 9_000}: x"),
    "a long target": request(f"GET /{'a' * 9_000}"),
    "a thousand headers": request("GET /health", *(f"X-{n}: y" for n in range(1_000))),
}


@pytest.fixture(params=["compiled", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have aiohttp use either of its parsers; it has only one where it cannot be compiled."""
    # They do not agree on what of these has a body, which would be waited for.
    monkeypatch.setattr("exporter.web.connection.LINGER_SECS", 0.05)
    if request.param == "python":
        parser = http_parser.HttpRequestParserPy
        monkeypatch.setattr("aiohttp.web_protocol.HttpRequestParser", parser)


@pytest.mark.hostile(9, 10)
@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize("data", IMPROPER.values(), ids=IMPROPER)
async def test_what_is_no_proper_http_is_refused_in_our_words(
    address: str, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered 400 and hung up on; nothing counts, nothing is repeated, nothing is logged."""
    before = await counted(address)
    caplog.set_level(logging.DEBUG)
    async with wire(address) as connection:
        await connection.send(data)
        answer = await connection.answer()
        assert await connection.rest() == b""
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert answer.version == "HTTP/1.1"
    assert answer.headers["connection"] == "close"
    assert answer.headers["server"] == "agent-exporter"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body == b'{"title":"malformed request","status":400,"code":"malformed_request"}'
    assert not [record for record in caplog.records if record.name != "asyncio"]
    assert SECRET not in caplog.text
    assert await counted(address) == before


@pytest.mark.hostile(9)
@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03" + bytes(200),
        bytes(1_000),
        bytes(range(128, 256)) * 8,
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["a TLS greeting", "nulls", "noise", "another protocol"],
)
async def test_what_is_no_http_at_all_is_refused_too(
    address: str, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It gets the same answer, and no line in the log."""
    caplog.set_level(logging.DEBUG)
    answer = await ask(address, data)
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert not [record for record in caplog.records if record.name != "asyncio"]


@pytest.mark.hostile(9)
async def test_a_body_that_turns_improper_is_answered_once(address: str) -> None:
    """Chunks that go wrong while they are read fail the push at once, and end the connection."""
    async with wire(address) as connection:
        await connection.send(TO_PUSH.encode() + CHUNKED.encode() + b"Expect: 100-continue\r\n\r\n")
        assert (await connection.answer()).status == 100
        await connection.send(b"zz\r\n")
        answer = await connection.answer()
        assert await connection.rest() == b""
    assert (answer.status, answer.code) == (400, "truncated")
    assert answer.headers["connection"] == "close"


@pytest.mark.hostile(9)
async def test_proper_requests_in_one_packet_are_all_answered(address: str) -> None:
    """Being strict costs no client that sends the next request before it has the answer."""
    data = a_push() + TO_PUSH.encode() + CHUNKED.encode() + CHUNKS + request("GET /health")
    async with wire(address) as connection:
        await connection.send(data)
        answers = [await connection.answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [answer.json()["accepted"] for answer in answers[:2]] == [1, 1]


@pytest.mark.hostile(1)
async def test_a_length_over_the_cap_is_refused_before_the_body(address: str) -> None:
    """The answer is there though nothing of the body was sent, and the connection ends."""
    async with wire(address) as connection:
        await connection.send(request("POST /api/v1/events", JSON, f"Content-Length: {10**9}"))
        answer = await connection.answer()
    assert (answer.status, answer.code) == (413, "too_large")
    assert answer.headers["connection"] == "close"


@pytest.mark.hostile(2)
async def test_a_body_over_the_cap_is_not_invited(address: str) -> None:
    """The first and only answer is 413, never `100 Continue`."""
    headers = (JSON, f"Content-Length: {10**9}", "Expect: 100-continue")
    answer = await ask(address, request("POST /api/v1/events", *headers))
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.hostile(2, 21)
@pytest.mark.parametrize("path", ["/health", "/api/v1/events", "/nowhere"])
async def test_an_unknown_expectation_is_not_repeated(address: str, path: str) -> None:
    """It is answered 417 in our words, on every path."""
    answer = await ask(address, request(f"GET {path}", f"Expect: {SECRET}"))
    assert (answer.status, answer.code) == (417, "expectation_failed")
    assert SECRET.encode() not in answer.body


@pytest.mark.hostile(10, 21)
async def test_a_fault_outside_of_routes_is_not_told_either(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is answered 500 in our words; the log has its kind and place, and not its text."""
    async with serving() as (_, _, address):
        answer = await ask(address, request("GET /broken", f"Expect: {SECRET}"))
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["server"] == "agent-exporter"
    (record,) = caplog.records
    assert record.__dict__["fields"]["error"] == "RuntimeError"
    assert SECRET not in caplog.text
    assert SECRET.encode() not in answer.body


@pytest.mark.hostile(8)
async def test_a_body_sent_a_byte_at_a_time_is_given_up(address: str) -> None:
    """It is answered 408 once its time is up, however steadily it comes; nothing counts."""
    before = await counted(address)
    async with wire(address) as connection:
        await connection.send(request("POST /api/v1/events", JSON, "Content-Length: 2000"))
        answer = await connection.dribble(b" " * 2_000)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"timeout"' in answer
    after = await counted(address)
    assert after.pop('agent_exporter_rejections_total{code="timeout"}') == 1
    assert {name: after[name] for name in after if "_events_total" in name} == {
        name: before[name] for name in before if "_events_total" in name
    }
