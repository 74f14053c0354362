"""TLS handshakes that do not end, and TLS that is turned on and off while clients are connected."""

import asyncio
import ssl

import pytest

from tests.hostile.raw import PATIENCE_SECS, ask, request, wire
from tests.hostile.serving import serving, until

QUICK = request("GET /quick")


async def ask_encrypted(address: str, context: ssl.SSLContext) -> bytes:
    """Return the answer to a quick question over TLS."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=context, server_hostname="localhost"
    )
    writer.write(QUICK)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.hostile(7)
async def test_a_tls_handshake_that_does_not_end_is_given_up(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """It counts as a connection from the start, and has the time of the headers."""
    async with (
        serving(header_secs=0.3, ssl_context=contexts[0]) as (server, _, address),
        wire(address) as connection,
    ):
        await connection.send(b"\x16\x03\x01")
        await until(lambda: server.connections == 1)
        assert await connection.rest() == b""
        await until(lambda: server.connections == 0)


@pytest.mark.hostile(30)
async def test_handshakes_that_do_not_end_make_room_too(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """At the cap they go first come first, and whoever speaks is served."""
    ours, theirs = contexts
    async with (
        serving(connections_max=2, ssl_context=ours) as (server, _, address),
        wire(address) as one,
        wire(address) as other,
    ):
        await until(lambda: server.connections == 2)
        assert (await ask_encrypted(address, theirs)).startswith(b"HTTP/1.1 200 ")
        assert await one.rest() == b""
        assert server.connections <= 2
        await other.send(b"\x16")


async def test_tls_is_turned_on_and_off_on_the_same_port(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """New connections go by the new setting; open ones go on as they began."""
    ours, theirs = contexts
    async with serving() as (server, _, address), wire(address) as plain:
        await plain.send(QUICK)
        assert (await plain.answer()).status == 200
        server.use_tls(ours)
        assert (await ask_encrypted(address, theirs)).startswith(b"HTTP/1.1 200 ")
        await plain.send(QUICK)
        assert (await plain.answer()).status == 200
        server.use_tls(None)
        assert (await ask(address, QUICK)).status == 200


async def test_plain_http_on_a_tls_port_is_hung_up_on(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], caplog: pytest.LogCaptureFixture
) -> None:
    """It is closed, with nothing in the log, and the next is served."""
    ours, theirs = contexts
    async with serving(ssl_context=ours) as (server, _, address):
        async with wire(address) as connection:
            await connection.send(QUICK)
            await connection.rest()
        await until(lambda: server.connections == 0)
        assert (await ask_encrypted(address, theirs)).startswith(b"HTTP/1.1 200 ")
    assert not [record for record in caplog.records if record.levelno >= 30]


async def test_a_stop_ends_what_is_not_yet_open(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """A handshake under way does not keep the server from stopping."""
    async with serving(ssl_context=contexts[0]) as (server, _, address):
        async with wire(address) as connection:
            await until(lambda: server.connections == 1)
            async with asyncio.timeout(PATIENCE_SECS):
                await server.stop()
            assert await connection.rest() == b""
        assert server.connections == 0
