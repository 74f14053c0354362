"""The connections that are open, and who has to go when there is no room for another.

A connection counts from the moment it is accepted, so one that never ends its TLS handshake counts
too. At the cap the connection that has been without a request for longest makes room; where every
one is busy, the new one is told to come again.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import cast

import msgspec
from aiohttp import web

from exporter.web.connection import Connection, FastPath
from exporter.web.headers import EVERY_ANSWER
from exporter.web.problem import PROBLEM_JSON, Problem

CLOSE_SECS = 1
"""How long TLS may take to say goodbye, and how long one who was turned away may take to read."""

RECEIVED_BYTES = 64 * 1024
"""What the kernel is asked to hold of what a client sends: an event loop takes in all of it at
once, from everybody who sends, before anybody is asked whether it is wanted."""

TURNED_AWAY_MAX = 32
"""How many at a time are told why they are turned away; the rest are just closed."""


class Connections:
    """Opens connections for aiohttp's `server`, `connections_max` at most at a time.

    `refused` counts those that were turned away.
    """

    def __init__(
        self,
        server: web.Server,
        *,
        connections_max: int,
        header_secs: float,
        fast_path: FastPath | None = None,
    ) -> None:
        self._server = server
        self._connections_max = connections_max
        self._header_secs = header_secs
        self._fast_path = fast_path
        self._loop = asyncio.get_running_loop()
        # In the order in which their last request began; without one, in which they came.
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._turned_away: set[TurnedAway] = set()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._open)

    def take(self, client: socket.socket, ssl_context: ssl.SSLContext | None) -> None:
        """Serve a client that was just accepted, or turn it away."""
        client.settimeout(0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
        if len(self._open) >= self._connections_max and not self.close_idle():
            self.refused += 1
            self._turn_away(client, encrypted=ssl_context is not None)
            return
        connection = Connection(
            self._server,
            loop=self._loop,
            header_secs=self._header_secs,
            began=self._move_to_end,
            lost=self._forget,
            fast_path=self._fast_path,
        )
        opening = self._loop.create_task(self._begin(connection, client, ssl_context))
        self._open[connection] = opening

    def close_idle(self) -> bool:
        """Close the connection that has been idle for longest; return whether there was one."""
        for connection, opening in self._open.items():
            if connection.idle:
                del self._open[connection]
                opening.cancel()
                connection.drop()
                return True
        return False

    async def stop(self) -> None:
        """Let go of those that are not yet open and those that were turned away."""
        opening = [task for task in self._open.values() if not task.done()]
        for task in opening:
            task.cancel()
        for turned_away in tuple(self._turned_away):
            turned_away.drop()
        if opening:
            await asyncio.wait(opening)

    async def _begin(
        self, connection: Connection, client: socket.socket, ssl_context: ssl.SSLContext | None
    ) -> None:
        encrypted = ssl_context is not None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                client,
                ssl=ssl_context,
                ssl_handshake_timeout=self._header_secs if encrypted else None,
                ssl_shutdown_timeout=CLOSE_SECS if encrypted else None,
            )
        except (OSError, asyncio.CancelledError):
            # No handshake, whoever broke it off; there is nobody to tell.
            client.close()
            self._forget(connection)

    def _move_to_end(self, connection: Connection) -> None:
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def _forget(self, connection: Connection) -> None:
        self._open.pop(connection, None)

    def _turn_away(self, client: socket.socket, *, encrypted: bool) -> None:
        if encrypted or len(self._turned_away) >= TURNED_AWAY_MAX:
            client.close()
            return
        turned_away = TurnedAway(self._turned_away)
        turned_away.task = self._loop.create_task(self._tell(turned_away, client))

    async def _tell(self, turned_away: "TurnedAway", client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: turned_away, client)


class TurnedAway(asyncio.Protocol):
    """Tells a client that there is no room, and reads on so that the client can read it.

    It is in `group` until its connection is closed.
    """

    def __init__(self, group: set["TurnedAway"]) -> None:
        self._group = group
        self._link: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None
        group.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell, and hang up soon."""
        self._link = cast("asyncio.Transport", transport)
        self._link.write(NO_ROOM)
        self._link.write_eof()
        asyncio.get_running_loop().call_later(CLOSE_SECS, self._link.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - any end will do
        """Give the place to another."""
        self._group.discard(self)

    def drop(self) -> None:
        """Hang up at once."""
        if self._link is not None:
            self._link.abort()


def _no_room() -> bytes:
    body = msgspec.json.encode(Problem("too many connections", 503, "too_many_connections"))
    headers = {
        **EVERY_ANSWER,
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Retry-After": "1",
        "Connection": "close",
    }
    lines = ["HTTP/1.1 503 Service Unavailable", *map(": ".join, headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


NO_ROOM = _no_room()
