"""A server on a real socket that answers pushes by a script, and notes what was pushed.

Each step of the script answers one push; once it is at its end, every push is taken.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECS = 60.0


@dataclass(frozen=True)
class Push:
    """One push as it came in; the names of its headers are in lower case."""

    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return self.headers["idempotency-key"]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events it holds."""
        events: list[dict[str, Any]] = json.loads(self.body)
        return events


Step = Callable[[socket.socket, Push], bool]
"""Answers a push; returns whether the connection is kept."""


def answer(status: int, *headers: str, body: bytes = b"{}") -> Step:
    """Answer with this status, these header lines and this body."""

    def step(connection: socket.socket, _push: Push) -> bool:
        lines = [f"HTTP/1.1 {status} It", f"Content-Length: {len(body)}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        return True

    return step


def raw(text: bytes) -> Step:
    """Answer with these bytes, and hang up."""

    def step(connection: socket.socket, _push: Push) -> bool:
        connection.sendall(text)
        return False

    return step


def hang_up(_connection: socket.socket, _push: Push) -> bool:
    """Close the connection without a word."""
    return False


def after(first: Callable[[Push], object], then: Step) -> Step:
    """Do something with the push, then answer it."""

    def step(connection: socket.socket, push: Push) -> bool:
        first(push)
        return then(connection, push)

    return step


@dataclass
class Scripted:
    """The server: its URL, its script, and what was pushed so far."""

    url: str = ""
    script: list[Step] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    wait_for: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that were pushed, in their order, those of a repeated push again."""
        return [event for push in self.pushes for event in push.events]

    def silence(self, _connection: socket.socket, _push: Push) -> bool:
        """Say nothing for as long as the server runs."""
        self.ended.wait(PATIENCE_SECS)
        return False

    def drip(self, connection: socket.socket, _push: Push) -> bool:
        """Send a byte of an endless header now and then for as long as the server runs."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not self.ended.wait(0.01):
            connection.sendall(b"x")
        return False

    def held(self, then: Step) -> Step:
        """Answer once `wait_for` is set."""
        return after(lambda _: self.wait_for.wait(PATIENCE_SECS), then)

    def serve(self, connection: socket.socket) -> None:
        """Answer the pushes of one connection."""
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            self.connections += 1
            while True:
                push = _read(stream)
                if push is None:
                    return
                self.pushes.append(push)
                step = self.script.pop(0) if self.script else answer(200)
                if not step(connection, push):
                    connection.shutdown(socket.SHUT_RDWR)
                    return


def _read(stream: Any) -> Push | None:  # noqa: ANN401 - what `makefile` returns
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Push(line, headers, stream.read(int(headers["content-length"])))


@contextlib.contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Run a server on a free port."""
    server = Scripted()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"

        def serve(connection: socket.socket) -> None:
            with contextlib.suppress(OSError):
                server.serve(tls.wrap_socket(connection, server_side=True) if tls else connection)

        def accept() -> None:
            while not server.ended.is_set():
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE_SECS)
                threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.wait_for.set()
            with contextlib.suppress(OSError), socket.create_connection(listener.getsockname()):
                accepting.join(PATIENCE_SECS)
