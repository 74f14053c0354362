"""Listening sockets: bound here and kept here, so that what is accepted is ours to decide.

An event loop's own server would accept without a bound, and could take another TLS context only by
giving up its port for a moment.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

BACKLOG = 1_024

ACCEPTED_AT_ONCE = 32
"""How many connections are accepted before the loop turns to those that are open already."""

PAUSE_SECS = 1
"""How long nothing is accepted once the system has no more to give, such as open files."""

log = logging.getLogger(__name__)


class Listeners:
    """Listens on addresses and gives every accepted connection to `take`."""

    def __init__(self, take: Callable[[socket.socket], None]) -> None:
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._paused: dict[socket.socket, asyncio.TimerHandle] = {}

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The bound addresses, port 0 replaced by the port given."""
        names = [listening.getsockname() for listening in self._sockets]
        return [(str(name[0]), int(name[1])) for name in names]

    async def listen(self, host: str | None, port: int) -> None:
        """Listen on every address of a host, or of the machine. Raises `OSError`."""
        found = await self._loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        refused: OSError | None = None
        bound = 0
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                listening = _bound(family, kind, protocol, address)
            except OSError as error:
                if host is not None or error.errno not in _NO_SUCH_FAMILY:
                    raise
                refused = error
                continue
            bound += 1
            self._sockets.append(listening)
            self._loop.add_reader(listening, self._accept, listening)
        if refused is not None and not bound:
            raise refused

    def close(self) -> None:
        """Listen no more."""
        for timer in self._paused.values():
            timer.cancel()
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()
        self._sockets.clear()
        self._paused.clear()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listening, error)
                return
            self._take(client)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        reason = errno.errorcode.get(error.errno or 0, "unknown")
        log.warning("no connection can be accepted", extra={"fields": {"reason": reason}})
        self._loop.remove_reader(listening)
        self._paused[listening] = self._loop.call_later(PAUSE_SECS, self._go_on, listening)

    def _go_on(self, listening: socket.socket) -> None:
        del self._paused[listening]
        self._loop.add_reader(listening, self._accept, listening)


_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What a machine without IPv6 says of it, though it lists its addresses."""


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Or it would take the port of IPv4 too.
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.settimeout(0)
    except OSError as error:
        listening.close()
        reason = (error.strerror or "no reason given").lower()
        raise OSError(
            error.errno, f"cannot listen on {address[0]}:{address[1]}: {reason}"
        ) from None
    return listening
