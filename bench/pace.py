"""Pushes at a steady rate, and how long each takes to be answered.

A push is timed from when it was due, and not from when it could be sent: where a server stalls, all
that were due meanwhile have waited for it. Leaving them out is the usual way to measure too little
(Gil Tene calls it coordinated omission). Each of a few connections has one push outstanding.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import connection


class Answer(NamedTuple):
    """One push: when it was due and when it was answered, on the monotonic clock, in seconds."""

    due_at: float
    answered_at: float

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.answered_at - self.due_at) * 1e3


class Pacer:
    """Hands pushes out when they are due, to whichever connection is free."""

    def __init__(self, source: Iterator[bytes], port: int) -> None:
        self.answers: list[Answer] = []
        self._source = source
        self._port = port
        self._free: deque[asyncio.StreamWriter] = deque()
        self._readers: dict[asyncio.StreamWriter, asyncio.StreamReader] = {}
        self._due: deque[float] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, *, connections: int, per_second: float, seconds: float) -> None:
        """Push at that rate for so long, and wait for the last answers.

        Raises `connection.LoadError` where one is not a 200.
        """
        for _ in range(connections):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._readers[writer] = reader
            self._free.append(writer)
        began = time.monotonic()
        for number in range(round(per_second * seconds)):
            due_at = began + number / per_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            self._due.append(due_at)
            self._start()
        while self._running:
            await asyncio.gather(*self._running)
        for writer in self._free:
            writer.close()

    def _start(self) -> None:
        """Send what is due on connections that are free."""
        while self._due and self._free:
            task = asyncio.create_task(self._push(self._free.popleft(), self._due.popleft()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _push(self, writer: asyncio.StreamWriter, due_at: float) -> None:
        writer.write(next(self._source))
        reader = self._readers[writer]
        head = await reader.readuntil(b"\r\n\r\n")
        length = connection.CONTENT_LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise connection.LoadError(head.decode(errors="replace"))
        await reader.readexactly(int(length[1]))
        self.answers.append(Answer(due_at, time.monotonic()))
        self._free.append(writer)
        self._start()


def pushed(
    bodies: Iterator[bytes], *, port: int, connections: int, per_second: float, seconds: float
) -> list[Answer]:
    """Push JSON arrays at a steady rate, and return when each was due and answered.

    Raises `connection.LoadError` where one was not answered 200.
    """
    pacer = Pacer(connection.requests(port, bodies, "array"), port)
    with asyncio.Runner(loop_factory=connection.new_event_loop) as runner:
        runner.run(
            pacer.run(connections=connections, per_second=per_second, seconds=seconds),
        )
    return pacer.answers
