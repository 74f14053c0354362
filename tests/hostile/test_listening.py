"""Listening sockets: all addresses of the machine, and a system that has no more files to give."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator

import pytest

from exporter.web.server import Server
from tests.e2e.processes import free_port
from tests.hostile.raw import PATIENCE_SECS, ask, request
from tests.hostile.serving import Slow, serving

QUICK = request("GET /quick")


async def test_no_host_is_every_address_of_the_machine() -> None:
    """Both versions of IP are listened to, on the same port."""
    server = Server([Slow()], body_bytes_max=1_000)
    port = free_port()
    try:
        bound = await server.start([(None, port)])
        assert set(bound) == {("0.0.0.0", port), ("::", port)}  # noqa: S104 - what is asked for
        for host in ("127.0.0.1", "[::1]"):
            assert (await ask(f"{host}:{port}", QUICK)).status == 200
    finally:
        await server.stop()


async def test_a_host_that_is_none_is_an_error() -> None:
    """So is an address of another machine; nothing is left listening."""
    for host in ("host.invalid", "192.0.2.1"):
        server = Server([Slow()], body_bytes_max=1_000)
        with pytest.raises(OSError, match=r"\S"):
            await server.start([(host, 0)])
        await server.stop()
        assert server.connections == 0


@contextlib.contextmanager
def no_files_left() -> Iterator[None]:
    """Leave this process no file to open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        first_free = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def ask_and_wait(client: socket.socket, address: str) -> None:
    """Connect and ask, by a socket that is open already."""
    client.settimeout(0)
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    await loop.sock_sendall(client, QUICK)


async def until_said(caplog: pytest.LogCaptureFixture, lines: int) -> None:
    """Let others run until the log has so many lines."""
    async with asyncio.timeout(PATIENCE_SECS):
        while len(caplog.records) < lines:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)


@pytest.mark.hostile(30)
async def test_without_files_a_connection_waits_until_there_are_some(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log, without a traceback, and who waited is served."""
    monkeypatch.setattr("exporter.web.listeners.PAUSE_SECS", 0.01)
    async with serving() as (_, _, address):
        with socket.socket() as client:
            with no_files_left():
                await ask_and_wait(client, address)
                await until_said(caplog, 2)
            async with asyncio.timeout(PATIENCE_SECS):
                answer = await asyncio.get_running_loop().sock_recv(client, 1_000)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert {record.getMessage() for record in caplog.records} == {"no connection can be accepted"}
    assert caplog.records[0].__dict__["fields"] == {"reason": "EMFILE"}
    assert caplog.records[0].exc_info is None


@pytest.mark.hostile(30)
async def test_without_files_the_loop_is_not_kept_busy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is accepted or said for a while, and a stop needs not wait for it."""
    monkeypatch.setattr("exporter.web.listeners.PAUSE_SECS", 10 * PATIENCE_SECS)
    async with serving() as (server, _, address):
        with socket.socket() as client, no_files_left():
            await ask_and_wait(client, address)
            await until_said(caplog, 1)
            for _ in range(100):
                await asyncio.sleep(0)
        await server.stop()
    assert len(caplog.records) == 1
