"""One attempt to push: over a connection that is kept, within a time for all of it.

`http.client` gives a timeout to every read alone, so an exporter that sends a byte now and then
could hold an attempt for ever. `_InTime` stands between the socket and the reader for that reason,
and gives each read what is left of the time.
"""

import contextlib
import functools
import http.client
import io
import json
import os
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from exporter.client.address import Address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

REPLY_BYTES_MAX: Final = 1024 * 1024


class Answer(NamedTuple):
    """What the exporter said; `rejected` events of the batch it did not take."""

    status: int
    retry_after: str | None
    rejected: int


class Unanswered(Exception):  # noqa: N818 - it is what the push is
    """No answer came, or none that is HTTP. The batch may have counted."""


class Transport:
    """Pushes to one address. Proxies are passed by, and redirects are not followed."""

    def __init__(self, address: Address) -> None:
        self._path = address.path
        self._headers = {"Content-Type": "application/json", "User-Agent": "agent-exporter-client"}
        if address.token:
            self._headers["Authorization"] = f"Bearer {address.token}"
        self._connect: Callable[[], http.client.HTTPConnection]
        if address.tls:
            self._connect = functools.partial(
                http.client.HTTPSConnection,
                address.host,
                address.port,
                context=ssl.create_default_context(),
            )
        else:
            self._connect = functools.partial(
                http.client.HTTPConnection, address.host, address.port
            )
        self._connection: http.client.HTTPConnection | None = None

    def renew(self) -> None:
        """Leave the connection to the parent of a fork, as its child has to.

        The child's copy is closed below everything that has a lock, which the parent's thread may
        have held when its process was copied.
        """
        connection, self._connection = self._connection, None
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                os.close(sock.detach())

    def push(self, body: bytes, key: str, timeout_secs: float) -> Answer:
        """Push a batch under its key and return the answer. Raises `Unanswered`."""
        try:
            return self._push(body, key, time.monotonic() + timeout_secs)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            raise Unanswered from None

    def close(self) -> None:
        """Close the connection; the next push opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _push(self, body: bytes, key: str, until: float) -> Answer:
        connection = self._opened(_left_secs(until))
        connection.response_class = functools.partial(  # type: ignore[assignment] # called alike
            _Reply, until=until
        )
        connection.request("POST", self._path, body, {**self._headers, "Idempotency-Key": key})
        reply = connection.getresponse()
        text = reply.read(REPLY_BYTES_MAX)
        if not reply.isclosed():
            self.close()
        return Answer(reply.status, reply.headers.get("Retry-After"), _rejected(text))

    def _opened(self, timeout_secs: float) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.timeout = timeout_secs
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_secs)
        return self._connection


class _Reply(http.client.HTTPResponse):
    """A reply that must be read in time."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, *, until: float
    ) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp.close()
        self.fp = io.BufferedReader(_InTime(sock, until))


class _InTime(io.RawIOBase):
    """Reads from a socket until an instant of the monotonic clock."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._sock.settimeout(_left_secs(self._until))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left_secs(until: float) -> float:
    left_secs = until - time.monotonic()
    if left_secs <= 0:
        raise TimeoutError
    return left_secs


def _rejected(reply: bytes) -> int:
    """Return how many events of the batch were not taken, from a receipt."""
    try:
        receipt = json.loads(reply)
    except (ValueError, RecursionError):
        return 0
    rejected = receipt.get("rejected") if isinstance(receipt, dict) else 0
    return rejected if isinstance(rejected, int) and rejected > 0 else 0
