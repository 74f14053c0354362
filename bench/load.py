"""The load generator: a few keep-alive connections, each with one push outstanding.

It runs as a process of its own, on a core of its own, and writes prebuilt bodies straight to the
transport, on uvloop where that is installed, so that it stays well ahead of the server it measures;
`busy_ratio` in its result says how near it came to being the bottleneck. The clock starts after a
warm-up and stops while the connections are still busy, so neither connecting nor draining is part
of the figures. Every answer is read to its end and must be a 200: the first that is not ends the
run.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple, cast

import facts
import process

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
ANSWER_TIMEOUT_SECS = 30.0
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class LoadError(Exception):
    """The server answered a push with something other than a 200, or not at all."""


@dataclass(frozen=True)
class Result:
    """What one run saw.

    `requests` and `seconds` are of the measured stretch; `requests_total` counts every push that
    was acknowledged, warm-up and drain included. `server_cpu_seconds` is `None` where the system
    does not tell. `busy_ratio` is the generator's own processor time over the wall time.
    """

    requests: int
    requests_total: int
    seconds: float
    server_cpu_seconds: float | None
    busy_ratio: float


def requests(port: int, bodies: Iterator[bytes], form: facts.Form) -> Iterator[bytes]:
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

    `ended` resolves when the connection is idle after `stop`, or else to why it could not go on.
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
        self.transport.write(next(self._source))

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
        if self._stopping:
            self.ended.set_result(None)
        else:
            self.transport.write(next(self._source))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the run, unless it is over."""
        self._fail(f"the server closed a connection: {exc}")

    def stop(self) -> None:
        """Send no further request."""
        self._stopping = True

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


class Reading(NamedTuple):
    """Where everything stands at one instant."""

    answered: int
    wall_seconds: float
    own_cpu_seconds: float
    server_cpu_seconds: float | None


async def run(
    source: Iterator[bytes],
    *,
    port: int,
    connections: int,
    warm_up_secs: float,
    seconds: float,
    server_pid: int | None,
) -> Result:
    """Push from `source` for `seconds` after the warm-up and return what was seen.

    Raises `LoadError` at the first answer that is not a 200, or where the last ones do not come.
    """
    pushing = [await _connect(source, port) for _ in range(connections)]
    before = await _read_after(warm_up_secs, pushing, server_pid)
    after = await _read_after(seconds, pushing, server_pid)
    await _drain(pushing)
    elapsed = after.wall_seconds - before.wall_seconds
    return Result(
        requests=after.answered - before.answered,
        requests_total=sum(connection.answered for connection in pushing),
        seconds=elapsed,
        server_cpu_seconds=_difference(before.server_cpu_seconds, after.server_cpu_seconds),
        busy_ratio=(after.own_cpu_seconds - before.own_cpu_seconds) / elapsed,
    )


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


async def _connect(source: Iterator[bytes], port: int) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(source, loop.create_future()), "127.0.0.1", port
    )
    return connection


async def _read_after(
    seconds: float, pushing: Sequence[Connection], server_pid: int | None
) -> Reading:
    """Let the connections push for a while, unless one of them fails."""
    ended = [connection.ended for connection in pushing]
    failed, _ = await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    _raise_first(failed)
    return Reading(
        answered=sum(connection.answered for connection in pushing),
        wall_seconds=time.perf_counter(),
        own_cpu_seconds=time.process_time(),
        server_cpu_seconds=None if server_pid is None else process.cpu_seconds(server_pid),
    )


async def _drain(pushing: Sequence[Connection]) -> None:
    """Take the answers that are still to come, send nothing more, and close."""
    for connection in pushing:
        connection.stop()
    ended = [connection.ended for connection in pushing]
    answered, late = await asyncio.wait(ended, timeout=ANSWER_TIMEOUT_SECS)
    for connection in pushing:
        connection.transport.close()
    if late:
        raise LoadError(f"{len(late)} pushes were never answered")
    _raise_first(answered)


def _raise_first(ended: Iterable[asyncio.Future[str | None]]) -> None:
    for one in ended:
        why = one.result()
        if why is not None:
            raise LoadError(why)


def main() -> None:
    """Run one load from the command line and print its result as JSON."""
    parser = argparse.ArgumentParser(description="Push completions as fast as they are taken.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--events", type=int, default=100, help="events a request")
    parser.add_argument("--form", choices=tuple(TARGETS), default="array")
    parser.add_argument("--ids", action="store_true", help="a fresh id in every event")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--warm-up-secs", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--server-pid", type=int, help="whose processor time to read")
    parser.add_argument("--core", type=int, help="the core to stay on")
    options = parser.parse_args()
    if options.core is not None:
        process.pin(os.getpid(), options.core)
    bodies = facts.bodies(
        events=options.events, form=options.form, ids=options.ids, now=time.time()
    )
    measured = run(
        requests(options.port, bodies, options.form),
        port=options.port,
        connections=options.connections,
        warm_up_secs=options.warm_up_secs,
        seconds=options.seconds,
        server_pid=options.server_pid,
    )
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            result = runner.run(measured)
    except (LoadError, OSError) as error:
        sys.exit(f"load: {error}")
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
