"""Where a body is decoded: on the event loop if it is small throughout, else in a thread."""

import gzip
import threading

import aiohttp
import pytest

from exporter.decode.otlp import Decoded, Encoding
from exporter.web import otlp

BLANKS = {"small": 10_000, "large": 70_000}


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
