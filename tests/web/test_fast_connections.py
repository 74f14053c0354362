"""A connection whose push is on the fast path: busy, in order, and gone when it should be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import StreamReader
from aiohttp.http import RawRequestMessage

from exporter.config import Config, Storage, Web
from exporter.web.server import Server
from tests.hostile.raw import Wire, a_push, ask, request, wire
from tests.hostile.serving import Slow, until
from tests.web.fast_path import Held, address, connection, held, inside, ways

__all__ = ["address", "connection", "held", "ways"]


async def test_what_follows_a_push_waits_for_its_answer(
    held: Held, connection: Wire, ways: list[str]
) -> None:
    """Requests behind one that waits for its commit are answered after it, in their order."""
    await connection.send(a_push())
    await held.until_waiting()
    await connection.send(request("GET /-/healthy") + a_push(body=b"[]"))
    await asyncio.sleep(0)
    assert ways == ["fast"]
    held.go_on()
    answers = [await connection.answer() for _ in range(3)]
    assert [answer.headers["content-type"].split(";")[0] for answer in answers] == [
        "application/json",
        "text/plain",
        "application/json",
    ]
    assert [b'"accepted":1' in answer.body for answer in answers] == [True, False, False]


async def test_what_is_no_http_behind_a_push_is_told_after_it(held: Held, connection: Wire) -> None:
    """The push is answered first, then what could not be parsed, and the connection ends."""
    await connection.send(a_push())
    await held.until_waiting()
    await connection.send(b"nonsense\r\n\r\n")
    held.go_on()
    assert (await connection.answer()).status == 200
    assert (await connection.answer()).code == "malformed_request"
    assert await connection.rest() == b""


async def test_a_push_of_a_client_that_went_away_counts(held: Held, address: str) -> None:
    """What was taken is committed, though there is nobody left to be told."""
    async with wire(address) as connection:
        await connection.send(a_push())
        await held.until_waiting()
    front = inside(held.exporter)[1]
    await until(lambda: front.connections == 0)
    held.go_on()
    await until(lambda: held.core.intake.events == 0)
    assert held.core.tally.events["native", "completion", "accepted"] == 1
    assert (await ask(address, a_push())).status == 200


async def test_a_stop_answers_what_waits(held: Held, connection: Wire, ways: list[str]) -> None:
    """A push that waits for its commit as the exporter stops is written, answered, and closed."""
    await connection.send(a_push())
    await held.until_waiting()
    stopping = asyncio.create_task(held.exporter.stop())
    await asyncio.sleep(0)
    held.go_on()
    assert (await connection.answer()).status == 200
    assert await connection.rest() == b""
    await stopping
    assert ways == ["fast"]


class TestBusy:
    """A connection whose push waits is busy, and idle again once that is answered."""

    @pytest.fixture
    def config(self) -> Config:
        """Return room for one connection."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",), connections_max=1), storage=Storage(path="")
        )

    async def test_it_makes_no_room_while_its_push_waits(
        self, held: Held, connection: Wire, address: str
    ) -> None:
        """The next client is turned away; after the answer it is let in, and the first let go."""
        await connection.send(a_push())
        await held.until_waiting()
        assert (await ask(address, a_push())).status == 503
        held.go_on()
        assert (await connection.answer()).status == 200
        assert (await ask(address, a_push())).status == 200
        assert await connection.rest() == b""


class Taking:
    """A fast path that takes everything, and answers at once or when it is told to."""

    def __init__(self, *, body_bytes: int = 0, waits: bool = False) -> None:
        body = b"Content-Length: %d\r\n\r\n%b" % (body_bytes, bytes(body_bytes))
        self._answer = b"HTTP/1.1 200 OK\r\n" + body
        self._waits = waits
        self.tells: list[Callable[[bytes], None]] = []

    def may_take(self, *_request: object) -> bool:
        """Take it."""
        return True

    def take(
        self, _message: RawRequestMessage, _payload: StreamReader, tell: Callable[[bytes], None]
    ) -> None:
        """Answer it, or remember whom to tell."""
        self.tells.append(tell)
        if not self._waits:
            self.answer()

    def answer(self) -> None:
        """Answer the last one."""
        self.tells[-1](self._answer)


@contextlib.asynccontextmanager
async def serving(
    taking: Taking, *, header_secs: float = 30
) -> AsyncIterator[tuple[Server, Slow, str]]:
    """Run a server with such a fast path; yield it, its routes and its address."""
    routes = Slow()
    server = Server([routes], body_bytes_max=1, header_secs=header_secs, fast_path=taking)
    ((host, port),) = await server.start([("127.0.0.1", 0)])
    yield server, routes, f"{host}:{port}"
    routes.go_on.set()
    await server.stop()


@pytest.mark.parametrize("then", [b"", b"GET / HTTP/1.1\r\n"], ids=["silence", "half a request"])
async def test_a_connection_is_kept_for_a_time_after_each_answer(then: bytes) -> None:
    """It outlives its first deadline while requests come, and is closed once they do not."""
    loop = asyncio.get_running_loop()
    async with serving(Taking(), header_secs=0.5) as (_, _, address), wire(address) as connection:
        until_secs = loop.time() + 0.7
        while loop.time() < until_secs:
            await connection.send(request("GET /"))
            assert (await connection.answer()).status == 200
        await connection.send(then)
        assert await connection.rest() == b""


async def test_a_server_that_stops_waits_for_the_answer() -> None:
    """What waits on the fast path is answered, then the connection is closed."""
    taking = Taking(waits=True)
    async with serving(taking) as (server, _, address), wire(address) as connection:
        await connection.send(request("GET /"))
        await until(lambda: bool(taking.tells))
        stopping = asyncio.create_task(server.stop())
        for _ in range(10):
            await asyncio.sleep(0)
        taking.answer()
        assert (await connection.answer()).status == 200
        assert await connection.rest() == b""
        await stopping


async def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    """Its task ends with the connection, though its push is still to be answered."""
    taking = Taking(waits=True)
    async with serving(taking) as (server, _, address):
        before = len(asyncio.all_tasks())
        async with wire(address) as connection:
            await connection.send(request("GET /"))
            await until(lambda: bool(taking.tells))
        await until(lambda: not server.connections and len(asyncio.all_tasks()) == before)
        taking.answer()


async def test_a_client_that_does_not_read_is_not_answered_on_and_on() -> None:
    """Once an answer is stuck, what comes next waits for it as with any request."""
    taking = Taking(body_bytes=32 * 1024 * 1024)
    async with serving(taking) as (_, routes, address), wire(address) as connection:
        await connection.send(request("GET /slow"))
        await until(lambda: bool(taking.tells))
        await connection.send(request("GET /slow"))
        await until(lambda: routes.waiting == 1)
        assert len(taking.tells) == 1
