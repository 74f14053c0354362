"""Requests as bytes, which no client library would send, and answers as they come."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

PATIENCE_SECS = 30

JSON = "Content-Type: application/json"
NDJSON = "Content-Type: application/x-ndjson"
GZIP = "Content-Encoding: gzip"
EVENT = b'{"type":"completion","model":"m"}'


@dataclass(frozen=True)
class Answer:
    """One answer; the names of `headers` are in small letters."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def code(self) -> str:
        """The code of the problem, which must be one."""
        assert self.headers["content-type"] == "application/problem+json"
        code: str = self.json()["code"]
        return code


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes; whoever hung up already is no error here."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def answer(self) -> Answer:
        """Return the next answer."""
        async with asyncio.timeout(PATIENCE_SECS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        version, status, *_ = first.split(" ")
        return Answer(version, int(status), headers, body)

    async def dribble(self, data: bytes, *, every_secs: float = 0.05) -> bytes:
        """Send a byte at a time until something comes back, or the end; return what came."""
        for byte in data:
            await self.send(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_secs):
                    return await self._read()
        raise AssertionError("all of it was taken")

    async def rest(self) -> bytes:
        """Return what comes until the connection is closed."""
        data = b""
        async with asyncio.timeout(PATIENCE_SECS):
            while piece := await self._read():
                data += piece
        return data

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(65_536)
        except ConnectionError:
            return b""


@contextlib.asynccontextmanager
async def wire(address: str) -> AsyncIterator[Wire]:
    """Connect to `host:port`."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def request(
    start: str, *headers: str, host: str | None = "localhost", body: bytes | None = None
) -> bytes:
    """Return a request: `start` is its method and target, a body brings its length."""
    lines = [f"{start} HTTP/1.1", *headers]
    if host is not None:
        lines.insert(1, f"Host: {host}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def a_push(*headers: str, body: bytes = EVENT, host: str = "localhost") -> bytes:
    """Return a push; its media type is among the headers, or JSON."""
    if not any(header.startswith("Content-Type:") for header in headers):
        headers = (JSON, *headers)
    return request("POST /api/v1/events", *headers, host=host, body=body)


async def ask(address: str, data: bytes) -> Answer:
    """Send bytes on a new connection and return the answer."""
    async with wire(address) as connection:
        await connection.send(data)
        return await connection.answer()


async def samples(address: str, *, without: Sequence[str] = ()) -> dict[str, float]:
    """Return every sample of `agent_…` by its text, but those that begin as one `without`."""
    answer = await ask(address, request("GET /metrics"))
    lines = [line for line in answer.body.decode().splitlines() if line.startswith("agent_")]
    parts = [line.rpartition(" ") for line in lines if not line.startswith(tuple(without))]
    return {name: float(value) for name, _, value in parts}


async def counted(address: str) -> dict[str, float]:
    """Return every sample that only a push changes."""
    return await samples(address, without=["agent_exporter_scrape_duration"])
