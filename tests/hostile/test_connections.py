"""Connections that say nothing, that are too many, or that do not read."""

import asyncio
import contextlib
import resource
from collections.abc import Iterator

import pytest

from exporter.web.connections import NO_ROOM, TURNED_AWAY_MAX
from exporter.web.file_limit import RESERVED_FILES, connections_within, raise_file_limit
from tests.hostile.raw import PATIENCE_SECS, a_push, ask, request, wire
from tests.hostile.serving import serving, until

QUICK = request("GET /quick")
SLOW = request("GET /slow")


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Let this process open what the test needs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert raise_file_limit() > 5_000
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.hostile(7)
@pytest.mark.parametrize("served_before", [False, True], ids=["fresh", "kept"])
async def test_headers_sent_a_byte_at_a_time_are_given_up(*, served_before: bool) -> None:
    """The connection is closed once their time is up, however steadily they come."""
    async with serving(header_secs=0.3) as (server, _, address), wire(address) as connection:
        if served_before:
            await connection.send(QUICK)
            assert (await connection.answer()).status == 200
        endless = request("GET /quick", f"X: {'a' * 4_000}")
        assert await connection.dribble(endless) == b""
        await until(lambda: server.connections == 0)


@pytest.mark.hostile(7)
async def test_a_connection_that_says_nothing_is_given_up() -> None:
    """It is closed without an answer, as nothing was asked."""
    async with serving(header_secs=0.1) as (_, _, address), wire(address) as connection:
        assert await connection.rest() == b""


@pytest.mark.hostile(30)
@pytest.mark.usefixtures("_many_files")
async def test_two_thousand_idle_connections_keep_nobody_out(address: str) -> None:
    """Pushes on new connections are taken all along, and no more than the cap are kept open."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(2_000):
            await stack.enter_async_context(wire(address))
            if number % 100 == 0:
                assert (await ask(address, a_push())).status == 200
        health = (await ask(address, request("GET /health"))).json()
        assert health["connections"] <= 1_000


@pytest.mark.hostile(30)
async def test_the_connection_that_is_idle_for_longest_makes_room() -> None:
    """It is closed for a new one; what counts is the last request, not when it came."""
    async with serving(connections_max=3) as (server, _, address), contextlib.AsyncExitStack() as s:
        connections = [await s.enter_async_context(wire(address)) for _ in range(3)]
        for connection in (connections[0], connections[2], connections[1], connections[0]):
            await connection.send(QUICK)
            await connection.answer()
        for victim in (connections[2], connections[1], connections[0]):
            newcomer = await s.enter_async_context(wire(address))
            await newcomer.send(QUICK)
            assert (await newcomer.answer()).status == 200
            assert await victim.rest() == b""
        assert (server.connections, server.refused_connections) == (3, 0)


@pytest.mark.hostile(30)
async def test_where_all_are_busy_the_new_one_is_told() -> None:
    """It gets a short 503 that says when to come again, and is counted; the others go on."""
    async with (
        serving(connections_max=2) as (server, routes, address),
        wire(address) as one,
        wire(address) as other,
    ):
        for busy in (one, other):
            await busy.send(SLOW)
        await until(lambda: routes.waiting == 2)
        async with wire(address) as newcomer:
            await newcomer.send(QUICK)
            answer = await newcomer.answer()
            assert await newcomer.rest() == b""
        assert (answer.status, answer.code) == (503, "too_many_connections")
        assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")
        assert answer.headers["server"] == "agent-exporter"
        assert (server.connections, server.refused_connections) == (2, 1)
        routes.go_on.set()
        assert [(await busy.answer()).body for busy in (one, other)] == [b"slow"] * 2
        assert (await ask(address, QUICK)).status == 200


@pytest.mark.hostile(30)
async def test_only_a_few_at_a_time_are_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest are just hung up on, so that a crowd holds nothing; all are counted."""
    monkeypatch.setattr("exporter.web.connections.CLOSE_SECS", PATIENCE_SECS)
    crowd = TURNED_AWAY_MAX + 10
    async with (
        serving(connections_max=1) as (server, routes, address),
        wire(address) as busy,
        contextlib.AsyncExitStack() as stack,
    ):
        await busy.send(SLOW)
        await until(lambda: routes.waiting == 1)
        connections = [await stack.enter_async_context(wire(address)) for _ in range(crowd)]
        answers = [await connection.rest() for connection in connections]
        assert server.refused_connections == crowd
        assert answers == [NO_ROOM] * TURNED_AWAY_MAX + [b""] * 10


@pytest.mark.hostile(30)
async def test_who_is_turned_away_and_stays_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place among those who are told why is soon free for another."""
    monkeypatch.setattr("exporter.web.connections.CLOSE_SECS", 0.05)
    monkeypatch.setattr("exporter.web.connections.TURNED_AWAY_MAX", 1)
    async with serving(connections_max=1) as (_, routes, address), wire(address) as busy:
        await busy.send(SLOW)
        await until(lambda: routes.waiting == 1)
        async with wire(address) as stays, asyncio.timeout(PATIENCE_SECS):
            assert await stays.rest() == NO_ROOM
            answer = b""
            while not answer:
                async with wire(address) as newcomer:
                    answer = await newcomer.rest()
            assert answer == NO_ROOM


@pytest.mark.hostile(23)
async def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is cut once it has left its answer unread for too long."""
    monkeypatch.setattr("exporter.web.connection.STALL_SECS_MAX", 0.1)
    async with serving() as (server, _, address), wire(address) as connection:
        await connection.send(request("GET /large"))
        await until(lambda: server.connections == 1)
        await until(lambda: server.connections == 0)


@pytest.mark.usefixtures("_many_files")
def test_the_limit_of_open_files_bounds_the_connections() -> None:
    """Some files are kept for other things, and the limit is raised as far as it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))
    assert connections_within(500) == 500
    assert connections_within(5_000) == 1_024 - RESERVED_FILES
    raised = raise_file_limit()
    assert raised == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 5_000
    assert connections_within(4_000) == 4_000
