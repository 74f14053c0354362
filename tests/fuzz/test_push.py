"""A running exporter: whatever comes over the socket, no answer is 5xx and no log line an error."""

import gzip
import json
import re
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.processes import exporter
from tests.event.strategies import json_values, wires
from tests.fuzz.mutation import mutated

PATIENCE_SECS = 30
READS = [
    "/metrics",
    "/health",
    "/-/ready",
    "/api/v1/events",
    "/api/v1/calls",
    "/api/v1/requests",
    "/api/v1/snapshot",
    "/api/v1/models",
    "/api/v1/sessions",
    "/api/v1/cardinality",
]
PARAMETERS = ["level", "source", "limit", "before", "sort", "max_staleness_secs"]
PIECES = [
    b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b" ", b":", b",", b"{", b"[", b"HTTP/1.1", b"HTTP/9.9",
    b"GET ", b"POST ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"%2e%2e/", b"%00", b"ffffffff\r\n",
    b"Host: localhost\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Expect: 100-continue\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Origin: null\r\n", b"Accept: */*;q=nan\r\n",
]  # fmt: skip


class Running(NamedTuple):
    """An exporter that runs as a process of its own."""

    host: str
    port: int
    log: Path

    def said(self, request: bytes, *, over: bool) -> bytes:
        """Return all that comes back; `over` says that nothing follows the request."""
        with socket.create_connection((self.host, self.port), PATIENCE_SECS) as connection:
            try:
                connection.sendall(request)
                if over:
                    connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65_536), b""))
            except ConnectionError:
                return b""  # It was not read to its end: refused before, or answered.

    def assert_calm(self) -> None:
        """Assert that it runs, that every page can be read, and that no error was logged."""
        for path in READS:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}{path}") as response:
                response.read()
        lines = self.log.read_text().splitlines()
        assert not [line for line in lines if re.search(r"level=(?:error|critical)", line)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run an exporter with a journal; it must be calm after all, and end with 0."""
    directory = tmp_path_factory.mktemp("fuzzed")
    with exporter(directory) as url:
        address = urllib.parse.urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        running = Running(address.hostname, address.port, directory / "exporter.log")
        yield running
        running.assert_calm()


def statuses(reply: bytes) -> list[int]:
    """Return the status of every answer in what came back."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", reply)]


def request_of(method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """Return a request after which the connection is closed."""
    framing = [("Host", "localhost"), ("Connection", "close"), ("Content-Length", str(len(body)))]
    lines = [f"{method} {path} HTTP/1.1", *(": ".join(pair) for pair in framing + headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


batches = st.lists(wires | json_values, max_size=4)
valid = st.one_of(
    batches.map(lambda batch: json.dumps(batch).encode()),
    batches.map(lambda batch: b"\n".join(json.dumps(wire).encode() for wire in batch)),
)
bodies = st.one_of(
    valid,
    mutated(valid, st.binary(max_size=4)),
    st.binary(max_size=200),
)
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))
headers = st.lists(
    st.one_of(
        st.tuples(st.just("Idempotency-Key"), visible | st.sampled_from(["a", "b"])),
        st.tuples(st.just("Content-Encoding"), st.sampled_from(["gzip", "identity"]) | visible),
        st.tuples(st.just("Accept"), visible),
        st.tuples(st.just("X-Other"), visible),
    ),
    max_size=3,
)
media_types = st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ""])
whole_requests = st.builds(
    request_of,
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "BREW"]),
    st.sampled_from([*READS, "/", "/api/v1/events?limit=5&before=9", "/api/v1/models/a%2Fb"]),
    headers,
    valid,
)


@given(bodies, media_types, headers, st.booleans())
def test_any_push_is_answered(
    running: Running,
    body: bytes,
    media_type: str,
    others: list[tuple[str, str]],
    packed: bool,  # noqa: FBT001 - drawn
) -> None:
    """Taken or refused, in one answer, and a refusal says why."""
    if packed:
        body, others = gzip.compress(body), [*others, ("Content-Encoding", "gzip")]
    request = request_of("POST", "/api/v1/events", [("Content-Type", media_type), *others], body)
    reply = running.said(request, over=False)
    (status,) = statuses(reply)
    assert status in {200, 400, 413, 415}
    if status != 200:
        assert b"application/problem+json" in reply
        assert '"code":' in reply.decode()


@given(st.binary(max_size=300) | mutated(whole_requests, st.sampled_from(PIECES)))
def test_any_bytes_are_answered_or_hung_up_on(running: Running, request_bytes: bytes) -> None:
    """What is no request, or not quite, does the exporter no harm."""
    reply = running.said(request_bytes, over=True)
    assert all(status < 500 for status in statuses(reply))


@given(
    st.sampled_from(["events", "calls", "sessions", "models", "snapshot", "models/", "sessions/"]),
    st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.text(max_size=20) | st.integers().map(str) | st.floats().map(str),
        ),
        max_size=3,
    ),
    st.text(max_size=20),
)
def test_any_question_is_answered(
    running: Running, path: str, parameters: list[tuple[str, str]], rest: str
) -> None:
    """A parameter of any value is taken or refused, and a name of any text has an answer."""
    query = urllib.parse.urlencode(parameters, errors="surrogatepass")
    rest = urllib.parse.quote(rest, safe="", errors="surrogatepass") if path[-1] == "/" else ""
    reply = running.said(request_of("GET", f"/api/v1/{path}{rest}?{query}", [], b""), over=False)
    (status,) = statuses(reply)
    assert status in {200, 400, 404}


def test_it_is_calm_after_all(running: Running) -> None:
    """Every page can still be read, and the log has no error."""
    running.assert_calm()
