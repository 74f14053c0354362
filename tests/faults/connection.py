"""A connection by hand: what is sent and when it ends is the test's to say."""

import json
import socket
import struct
from types import TracebackType
from typing import Self

from tests.faults.serving import PATIENCE_SECS, Event, Served


class Connection:
    """One connection to an exporter."""

    def __init__(self, served: Served) -> None:
        host, _, port = served.address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE_SECS)

    def __enter__(self) -> Self:
        """Return itself, to be closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self._socket.close()

    def send(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        """Send a request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
        lines += [f"Content-Length: {len(body)}"]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def push(self, *events: Event, key: str | None = None) -> None:
        """Send a push."""
        headers = ["Content-Type: application/json"]
        headers += [f"Idempotency-Key: {key}"] if key else []
        self.send("POST", "/api/v1/events", *headers, body=json.dumps(events).encode())

    def await_text(self, text: bytes) -> bytes:
        """Return what comes up to and with a text."""
        received = b""
        while text not in received:
            piece = self._socket.recv(65_536)
            assert piece, received
            received += piece
        return received

    def await_end(self) -> bytes:
        """Return what comes until the other side hangs up."""
        received = b""
        try:
            while piece := self._socket.recv(65_536):
                received += piece
        except ConnectionError:
            pass
        return received

    def reset(self) -> None:
        """Go away as a process does that is killed: without a goodbye."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
