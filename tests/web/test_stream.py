"""The event stream, over real sockets: what is sent, what is missed, and how it ends."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, Storage, Web
from exporter.event.types import Level, Log
from exporter.store.telemetry import TelemetryStore
from exporter.web.server import Server
from exporter.web.stream import CHUNK_BYTES, StreamRoute
from tests.clock import ManualClock
from tests.web import NOW
from tests.web.test_access import PASSWORD, USERS

PATIENCE_SECS = 20
EVENTS_MAX = 50


class Rig:
    """A store and its stream, served on a free port."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - those of the route
        self.store = TelemetryStore(events_max=EVENTS_MAX)
        self.stream = StreamRoute(store=self.store, round_secs=0, **arguments)
        # No connection is closed for being idle while anybody waits for it to be closed.
        self.server = Server([self.stream], body_bytes_max=1024, header_secs=2 * PATIENCE_SECS)
        self.port = 0

    async def start(self) -> None:
        """Bind."""
        [(_, self.port)] = await self.server.start([("127.0.0.1", 0)])

    async def stop(self) -> None:
        """Stop as the exporter does: streams first."""
        self.stream.close()
        await self.server.stop()

    def log(self, *messages: str, level: Level = "info", source: str = "s") -> None:
        """Add events to the ring, and wake the readers."""
        events = [Log(level=level, source=source, message=text, at=NOW) for text in messages]
        self.store.apply(events, NOW)
        self.stream.wake()

    @contextlib.asynccontextmanager
    async def open(
        self, query: str = "", last_seen: str = ""
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a stream and read its greeting."""
        headers = {"Last-Event-ID": last_seen} if last_seen else {}
        url = f"http://127.0.0.1:{self.port}/api/v1/stream{query}"
        async with (
            aiohttp.ClientSession() as client,
            client.get(url, headers=headers) as response,
        ):
            if response.status == 200:
                assert await frame(response) == {"retry": "5000"}
            yield response

    async def slow(self) -> socket.socket:
        """Open a stream whose reader has little room, and reads no more than the greeting."""
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)  # noqa: FBT003 - the socket's own signature
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, ("127.0.0.1", self.port))
        await loop.sock_sendall(reader, b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await loop.sock_recv(reader, 4096)).startswith(b"HTTP/1.1 200")
        return reader


async def frame(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the next frame's fields; a comment has the name ''; at the end there are none."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(PATIENCE_SECS):
        while (line := (await response.content.readline()).decode().rstrip("\n")) != "":
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
    return fields


async def messages(response: aiohttp.ClientResponse, count: int) -> list[str]:
    """Return the messages of so many events."""
    frames = [await frame(response) for _ in range(count)]
    assert {fields["event"] for fields in frames} == {"event"}
    return [json.loads(fields["data"])["message"] for fields in frames]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come about."""
    async with asyncio.timeout(PATIENCE_SECS):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


Serve = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return what starts a rig; it is stopped after the test."""
    running: list[Rig] = []

    async def start(**arguments: Any) -> Rig:  # noqa: ANN401 - those of the route
        rig = Rig(**arguments)
        await rig.start()
        running.append(rig)
        return rig

    yield start
    for rig in running:
        await rig.stop()


async def test_an_event_is_sent_as_it_happens(serve: Serve) -> None:
    """With its number as the id, and as `/api/v1/events` tells it; what was before is not sent."""
    rig = await serve()
    rig.log("before")
    async with rig.open() as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        rig.log("line\nend", level="error", source="cli")
        sent = await frame(response)
    assert (sent["id"], sent["event"]) == ("2", "event")
    assert json.loads(sent["data"]) == {
        "seq": 2,
        "timestamp": "2026-11-21T00:00:00Z",
        "level": "error",
        "source": "cli",
        "message": "line\nend",
        "context": None,
    }


@pytest.mark.parametrize(
    ("query", "last_seen", "first"),
    [
        ("?after=0", "", "1"),
        ("?after=2", "", "3"),
        ("", "1", "2"),
        ("?after=0", "2", "3"),
        ("?after=3", "", "4"),
        ("", "", "4"),
    ],
)
async def test_a_reader_says_where_to_begin(
    serve: Serve, query: str, last_seen: str, first: str
) -> None:
    """After the number it names; the header, which a browser adds when it comes back, wins."""
    rig = await serve()
    rig.log("1", "2", "3")
    async with rig.open(query, last_seen) as response:
        rig.log("4")
        assert await messages(response, 1) == [first]


async def test_events_in_a_flood_come_whole_and_in_order(serve: Serve) -> None:
    """More than fits one chunk is sent in several, and nothing is lost or sent twice."""
    rig = await serve()
    long = ["x" * 4000 + str(number) for number in range(EVENTS_MAX)]
    assert sum(map(len, long)) > 2 * CHUNK_BYTES
    async with rig.open() as response:
        rig.log(*long)
        assert await messages(response, EVENTS_MAX) == long


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&level=error", ["b", "c"]),
        ("&source=x", ["a", "b"]),
        ("&level=error&source=x", ["b"]),
    ],
)
async def test_a_stream_is_filtered_as_events_are(
    serve: Serve, query: str, expected: list[str]
) -> None:
    """By the exact level and the exact source."""
    rig = await serve()
    rig.log("a", source="x")
    rig.log("b", level="error", source="x")
    rig.log("c", level="error", source="y")
    async with rig.open(f"?after=0{query}") as response:
        assert await messages(response, len(expected)) == expected


async def test_what_left_the_ring_is_told_as_a_gap(serve: Serve) -> None:
    """With the numbers of the first and the last that were missed; its id is the last of them."""
    rig = await serve()
    rig.log(*map(str, range(1, EVENTS_MAX + 11)))
    async with rig.open("?after=3") as response:
        assert await frame(response) == {
            "id": "10",
            "event": "gap",
            "data": '{"first":4,"last":10}',
        }
        assert await messages(response, 1) == ["11"]


async def test_a_reader_of_an_earlier_ring_begins_anew(serve: Serve) -> None:
    """A number the ring has not reached means that it began again; so must the reader."""
    rig = await serve()
    rig.log("1")
    async with rig.open("", "500") as response:
        assert await frame(response) == {"event": "restart", "data": "{}"}
        assert await messages(response, 1) == ["1"]


async def test_an_idle_stream_has_a_heartbeat(serve: Serve) -> None:
    """A comment, so that nobody between the two takes the connection for dead, and its place.

    What did not match is passed all the same, and is no gap to who comes back.
    """
    rig = await serve(heartbeat_secs=0.01)
    async with rig.open("?level=info") as response:
        assert await frame(response) == {"": "still here", "id": "0"}
        rig.log("an error", level="error")
        while (beat := await frame(response))["id"] == "0":
            pass
        assert beat == {"": "still here", "id": "1"}
        rig.log("still live")
        while "event" not in (sent := await frame(response)):
            pass
        assert json.loads(sent["data"])["message"] == "still live"


@pytest.mark.parametrize(
    ("query", "last_seen", "path"),
    [
        ("?after=-1", "", "after"),
        ("?after=x", "", "after"),
        ("?level=debug", "", "level"),
        ("", "x", "Last-Event-ID"),
        ("", "-1", "Last-Event-ID"),
        ("", "1" * 50, "Last-Event-ID"),
    ],
)
async def test_a_parameter_that_cannot_be_is_refused(
    serve: Serve, query: str, last_seen: str, path: str
) -> None:
    """With a problem that names it, before any stream begins."""
    rig = await serve()
    async with rig.open(query, last_seen) as response:
        assert response.status == 400
        problem = await response.json(content_type=None)
    assert (problem["code"], problem["path"]) == ("invalid_parameter", path)


async def test_a_reader_too_many_is_told_to_come_again(serve: Serve) -> None:
    """Past the limit the answer is 429; the place of a reader who left is free at once."""
    rig = await serve(streams_max=1, heartbeat_secs=3600)
    async with rig.open() as first:
        async with rig.open() as second:
            assert second.status == 429
            assert second.headers["Retry-After"] == "5"
        first.close()
        status = 429
        async with asyncio.timeout(PATIENCE_SECS):
            while status == 429:
                async with rig.open() as third:
                    status = third.status
    assert status == 200


async def test_a_slow_reader_misses_events_and_holds_nobody_up(serve: Serve) -> None:
    """While it does not read, others get everything; when it reads again it finds a gap."""
    rig = await serve()
    reader = await rig.slow()
    text = "x" * 4000
    async with rig.open() as response:
        for number in range(2000):
            rig.log(f"{text}{number}")
            assert await messages(response, 1) == [f"{text}{number}"]
    received = bytearray()
    async with asyncio.timeout(PATIENCE_SECS):
        while b"event: gap" not in received:
            received += await asyncio.get_running_loop().sock_recv(reader, 2**20)
    reader.close()


async def test_a_reader_that_stops_reading_is_cut_off(serve: Serve) -> None:
    """A write that gets nowhere ends its connection."""
    rig = await serve(write_secs_max=0.05)
    reader = await rig.slow()

    def gone() -> bool:
        rig.log(*["x" * 4000] * EVENTS_MAX)
        return not rig.stream._open  # noqa: SLF001 - who is served

    await until(gone)
    reader.close()


@pytest.mark.parametrize("slow", [False, True])
async def test_a_stop_waits_for_no_stream(serve: Serve, *, slow: bool) -> None:
    """Every stream ends when it is told to, one that nobody reads too; and none begins after."""
    rig = await serve(write_secs_max=3600)
    reader = await rig.slow() if slow else None
    full = 0
    async with rig.open() as response:
        while slow and full < 2000:
            full += 1
            rig.log("x" * 4000)
            await messages(response, 1)
        rig.stream.close()
        assert await frame(response) == {}
        assert response.content.at_eof()
    await until(lambda: not rig.stream._open)  # noqa: SLF001 - what a stop would wait for
    async with rig.open() as late:
        assert late.status == 503
        assert (await late.json(content_type=None))["code"] == "not_accepting"
    if reader is not None:
        reader.close()


async def test_a_stream_is_for_get_alone(serve: Serve) -> None:
    """HEAD would never end."""
    rig = await serve()
    async with (
        aiohttp.ClientSession() as client,
        client.head(f"http://127.0.0.1:{rig.port}/api/v1/stream") as response,
    ):
        assert response.status == 405


async def test_every_stream_ends_where_who_may_read_has_changed(serve: Serve) -> None:
    """The one that reads, with its connection; the one that does not; and others may open."""
    rig = await serve()
    with await rig.slow() as slow:
        async with rig.open() as response:
            rig.log("x" * 1_000)
            assert (await frame(response))["event"] == "event"
            rig.stream.end_all()
            assert await frame(response) == {}
        async with rig.open() as response:
            rig.log("after")
            assert await messages(response, 1) == ["after"]
        await until(lambda: rig.server.connections == 0)
        assert slow.fileno() >= 0


async def test_a_stream_ends_with_the_password_by_which_it_was_opened(tmp_path: Path) -> None:
    """It is taken back in the file; asked again, it is refused."""
    file = tmp_path / "web.yml"
    file.write_text(USERS)
    config = Config(
        web=Web(listen_address=("127.0.0.1:0",), config_file=str(file)), storage=Storage(path="")
    )
    exporter = Exporter(config, clock=ManualClock(NOW), load=lambda: config)
    await exporter.start()
    try:
        url = f"http://{exporter.addresses[0]}/api/v1/stream"
        headers = {"Authorization": PASSWORD}
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.get(url) as response:
                assert await frame(response) == {"retry": "5000"}
                file.write_text(USERS.replace("alice", "bob"))
                await exporter.reload()
                assert await frame(response) == {}
            async with client.get(url) as response:
                assert response.status == 401
    finally:
        await exporter.stop()
