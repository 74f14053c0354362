"""Where a body is decoded: on the event loop if it is small throughout, else in a thread."""

import asyncio
import gzip
import socket
import threading

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.decode.otlp import Decoded, Encoding, decode_logs
from exporter.event.otel import LogRecord
from exporter.web import otlp
from tests.hostile.raw import request
from tests.hostile.serving import until
from tests.web.fast_path import inside

CHARSET = "Content-Type: application/json; charset=utf-8"
"""Keeps a request off the fast path."""

BLANKS = {"small": 10_000, "large": 140_000}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", BLANKS)
async def test_what_may_take_long_does_not_hold_the_loop(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, size: str, *, packed: bool
) -> None:
    """A few bytes on the wire may be megabytes once they are unpacked."""
    threads = []

    def decode(_body: bytes, _encoding: Encoding, *, records_max: int) -> Decoded[object]:
        threads.append(threading.current_thread())
        return Decoded([], 0)

    monkeypatch.setitem(otlp._DECODE, "logs", decode)  # noqa: SLF001 - to see where it runs
    body = b"{}" + b" " * BLANKS[size]
    headers = {"Content-Type": "application/json"}
    if packed:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    async with client.post("/v1/logs", data=body, headers=headers) as response:
        assert response.status == 200
    assert (threads == [threading.current_thread()]) == (size == "small")


@pytest.mark.parametrize("records", [otlp.RECORDS_AT_ONCE, otlp.RECORDS_AT_ONCE + 1])
async def test_many_short_records_do_not_hold_the_loop(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    """A body that is small may hold so many that a thread has to read them; all are read."""
    read: list[tuple[bool, int]] = []

    def decode(body: bytes, encoding: Encoding, *, records_max: int) -> Decoded[LogRecord]:
        decoded = decode_logs(body, encoding, records_max=records_max)
        read.append((threading.current_thread() is loop_thread, len(decoded.records)))
        return decoded

    loop_thread = threading.current_thread()
    monkeypatch.setitem(otlp._DECODE, "logs", decode)  # noqa: SLF001 - to see where it runs
    short = ",".join(["{}"] * records)
    body = f'{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{short}]}}]}}]}}'
    headers = {"Content-Type": "application/json"}
    async with client.post("/v1/logs", data=body, headers=headers) as response:
        assert response.status == 200
    assert read == [(records == otlp.RECORDS_AT_ONCE, records)]


async def test_others_get_a_turn_between_any_two_that_are_decoded(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come at once."""
    turns = 0
    decoded_in: list[int] = []
    loop = asyncio.get_running_loop()

    def count_turns() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(count_turns)

    def decode(_body: bytes, _encoding: Encoding, *, records_max: int) -> Decoded[object]:
        decoded_in.append(turns)
        return Decoded([], 0)

    monkeypatch.setitem(otlp._DECODE, "logs", decode)  # noqa: SLF001 - to see when it runs
    host, _, port = exporter.addresses[0].rpartition(":")
    clients = [socket.create_connection((host, int(port))) for _ in range(5)]
    await until(lambda: inside(exporter)[1].connections == len(clients))
    count_turns()
    for client in clients:
        # All are there at once, since the event loop does not run meanwhile.
        client.sendall(request("POST /v1/logs", CHARSET, body=b"{}"))
    await until(lambda: len(decoded_in) == len(clients))
    for client in clients:
        client.close()
    assert len(set(decoded_in)) == len(clients)
