"""Connections that push, each with one request outstanding, written straight to the transport.

On uvloop where that is installed, and with bodies that are there already, so that whoever pushes
stays well ahead of the server. Every answer is read to its end and must be a 200: the first that is
not ends it all.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import facts

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop

EVENTS_PATH = "/api/v1/events"
LOGS_PATH = "/v1/logs"
TARGETS: dict[facts.Form, tuple[str, str]] = {
    "array": (EVENTS_PATH, "application/json"),
    "ndjson": (EVENTS_PATH, "application/x-ndjson"),
    "otlp-json": (LOGS_PATH, "application/json"),
    "otlp-protobuf": (LOGS_PATH, "application/x-protobuf"),
}
"""The route and the media type of each form."""
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class LoadError(Exception):
    """The server answered a push with something other than a 200, or not at all."""


def requests(port: int, bodies: Iterable[bytes], form: facts.Form) -> Iterator[bytes]:
    """Wrap each body in a POST to its route on loopback."""
    path, media_type = TARGETS[form]
    start = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: "
    ).encode()
    for body in bodies:
        yield b"%b%d\r\n\r\n%b" % (start, len(body), body)


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered.

    `ended` resolves when the connection is idle after `stop` or at the end of its source, or else
    to why it could not go on.
    """

    transport: asyncio.Transport

    def __init__(self, source: Iterator[bytes], ended: asyncio.Future[str | None]) -> None:
        self.answered = 0
        self.ended = ended
        self._source = source
        self._stopping = False
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take what came; once the answer is whole, send the next request."""
        self._buffer += data
        if self.ended.done() or not self._whole():
            return
        if not self._buffer.startswith(b"HTTP/1.1 200 "):
            self._fail(self._buffer.decode(errors="replace"))
            return
        self._buffer = b""
        self.answered += 1
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the run, unless it is over."""
        self._fail(f"the server closed a connection: {exc}")

    def stop(self) -> None:
        """Send no further request."""
        self._stopping = True

    def _send(self) -> None:
        request = None if self._stopping else next(self._source, None)
        if request is None:
            self.ended.set_result(None)
        else:
            self.transport.write(request)

    def _fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_result(why)

    def _whole(self) -> bool:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return False
        length = CONTENT_LENGTH.search(self._buffer, 0, head_end + 2)
        if length is None:
            self._fail("an answer without a Content-Length")
            return False
        return len(self._buffer) >= head_end + 4 + int(length[1])


async def connect(source: Iterator[bytes], port: int) -> Connection:
    """Open a connection, which begins to send at once."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(source, loop.create_future()), "127.0.0.1", port
    )
    return connection


async def deliver(source: Iterator[bytes], *, port: int, connections: int) -> int:
    """Send all of a source that ends, and return how many requests were answered 200.

    Raises `LoadError` at the first answer that is another.
    """
    pushing = [await connect(source, port) for _ in range(connections)]
    whys = await asyncio.gather(*(connection.ended for connection in pushing))
    for connection in pushing:
        connection.transport.close()
    for why in filter(None, whys):
        raise LoadError(why)
    return sum(connection.answered for connection in pushing)


def send_all(requests: Iterator[bytes], *, port: int, connections: int) -> int:
    """Send whole requests until there are no more, and return how many were answered 200.

    Raises `LoadError` at the first answer that is another.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(deliver(requests, port=port, connections=connections))
