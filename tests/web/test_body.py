"""Many large bodies at a time: few are read, the rest wait outside, and small ones pass them by."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from exporter.event.rejection import Code, Refusal
from exporter.web import body
from exporter.web.body import LARGE_BYTES, Bodies
from exporter.web.server import Server
from tests.hostile.raw import Wire, ask, request, wire
from tests.hostile.serving import until

PLACES = 2
LARGE = bytes(2 * LARGE_BYTES)


class Taking:
    """Answers how long a body was, once told to; `bodies` is what reads it."""

    def __init__(self) -> None:
        self.bodies = Bodies(
            bytes_max=4 * LARGE_BYTES, held_bytes_max=5 * LARGE_BYTES, timeout_secs=1
        )
        self.go_on = asyncio.Event()
        self.reading = 0
        self.held = 0

    def add_to(self, app: web.Application) -> None:
        """Serve the route."""
        app.router.add_post("/", self.take)

    async def take(self, request: web.Request) -> web.Response:
        """Read, and hold it until told."""
        self.reading += 1
        async with self.bodies.read(request) as content:
            self.held += 1
            await self.go_on.wait()
            return web.Response(text=str(len(content)))


@pytest.fixture
async def taking(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Taking, str]]:
    """Serve the route; return it and its address."""
    monkeypatch.setattr(body, "LARGE_AT_ONCE_MAX", PLACES)
    routes = Taking()
    server = Server([routes], body_bytes_max=4 * LARGE_BYTES)
    ((host, port),) = await server.start([("127.0.0.1", 0)])
    yield routes, f"{host}:{port}"
    routes.go_on.set()
    await server.stop()


def a_post(content: bytes) -> bytes:
    """Return a request with a body."""
    return request("POST /", body=content)


async def begin(routes: Taking, connection: Wire) -> None:
    """Begin to send a large body, and let it be begun to be read."""
    before = routes.reading
    await connection.send(a_post(LARGE)[: -LARGE_BYTES // 2])
    await until(lambda: routes.reading > before)


async def test_large_bodies_wait_for_a_place(taking: tuple[Taking, str]) -> None:
    """Behind those that dribble a small one passes; a large one goes on where one of them ends."""
    routes, address = taking
    routes.go_on.set()
    async with wire(address) as one, wire(address) as two, wire(address) as third:
        for connection in (one, two):
            await begin(routes, connection)
        await third.send(a_post(LARGE)[:-1])
        await until(lambda: routes.reading == PLACES + 1)
        assert (await ask(address, a_post(bytes(LARGE_BYTES)))).body == b"%d" % LARGE_BYTES
        assert routes.held == 1
        await one.send(LARGE[-LARGE_BYTES // 2 :])
        assert (await one.answer()).status == 200
        await third.send(b"x")
        assert (await third.answer()).body == b"%d" % len(LARGE)


async def test_who_waits_in_vain_is_told_to_come_again(taking: tuple[Taking, str]) -> None:
    """It is not to blame; those that dribble are told so in their turn."""
    routes, address = taking
    async with wire(address) as one, wire(address) as two, wire(address) as third:
        for connection in (one, two):
            await begin(routes, connection)
        routes.bodies.timeout_secs = 0.1
        await begin(routes, third)
        waited = await third.answer()
        assert (waited.status, waited.code) == (429, "queue_full")
        assert waited.headers["retry-after"] == "1"
        for connection in (one, two):
            assert (await connection.answer()).code == "timeout"


async def test_what_is_held_counts_until_it_is_let_go_of(taking: tuple[Taking, str]) -> None:
    """A body that has come, and waits for whatever follows, takes its room."""
    routes, address = taking
    async with wire(address) as one, wire(address) as two:
        for held, connection in enumerate((one, two), start=1):
            await connection.send(a_post(LARGE))
            await until(lambda held=held: routes.held == held)  # type: ignore[misc]
        refused = await ask(address, a_post(LARGE))
        assert (refused.status, refused.code) == (429, "queue_full")
        routes.go_on.set()
        assert (await one.answer()).status == (await two.answer()).status == 200
    assert (await ask(address, a_post(LARGE))).status == 200


def test_what_was_read_already_takes_room_too() -> None:
    """As long as it is held; after that there is room for another."""
    bodies = Bodies(bytes_max=2, held_bytes_max=3, timeout_secs=1)
    with bodies.holding(2):
        with pytest.raises(Refusal) as refused, bodies.holding(2):
            pass
        assert refused.value.code is Code.QUEUE_FULL
    with bodies.holding(2):
        assert not bodies.has_room(2)
