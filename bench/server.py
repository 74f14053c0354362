"""The two servers that are compared, each a process of its own on a free loopback port."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import process

HOST = "127.0.0.1"
START_TIMEOUT_SECS = 15.0
STOP_TIMEOUT_SECS = 10.0
POLL_SECS = 0.02
OK = 200


STORAGE_VARIABLE = "AGENT_EXPORTER_STORAGE_PATH"


class Contender(NamedTuple):
    """A server to measure: its command for a port, and the path that says when it is ready."""

    name: str
    command: Callable[[int], list[str]]
    ready_path: str


class Server(NamedTuple):
    """A server that is up, and the directory that is its own to keep state in."""

    pid: int
    port: int
    storage: Path

    @property
    def durable(self) -> bool:
        """Whether it has written anything to its directory."""
        return any(self.storage.iterdir())


class ServerError(Exception):
    """A server did not start, or answered what it should not."""


def _obvious(port: int) -> list[str]:
    script = Path(__file__).with_name("obvious_server.py")
    return [sys.executable, str(script), f"--port={port}"]


def _exporter(port: int, *flags: str) -> list[str]:
    program = Path(sys.executable).with_name("agent-exporter")
    address = f"--web.listen-address={HOST}:{port}"
    return [str(program), "serve", address, "--log.level=error", *flags]


OBVIOUS = Contender("obvious server", _obvious, "/metrics")
EXPORTER = Contender("agent-exporter", _exporter, "/-/ready")
SYNCED = Contender("... sync=full", lambda port: _exporter(port, "--storage.sync=full"), "/-/ready")


@contextmanager
def running(contender: Contender, core: int | None, storage_parent: Path) -> Iterator[Server]:
    """Start a server with an empty store, yield it once it is ready, and end it.

    Raises `ServerError` with what it wrote to stderr where it does not become ready.
    """
    with (
        tempfile.TemporaryDirectory(dir=storage_parent) as storage,
        tempfile.TemporaryFile() as log,
    ):
        port = _free_port()
        child = subprocess.Popen(
            contender.command(port),
            env={**os.environ, STORAGE_VARIABLE: storage},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            if core is not None:
                process.pin(child.pid, core)
            _await_ready(contender, child, port, log)
            yield Server(child.pid, port, Path(storage))
        finally:
            _end(child)


def get(port: int, path: str) -> bytes:
    """Return the body of a 200 answer. Raises `ServerError` at any other, `OSError` at none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=START_TIMEOUT_SECS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != OK:
        raise ServerError(f"GET {path} was answered {answer.status}")
    return body


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port


def _await_ready(
    contender: Contender, child: subprocess.Popen[bytes], port: int, log: IO[bytes]
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            get(port, contender.ready_path)
        except (OSError, http.client.HTTPException, ServerError):
            time.sleep(POLL_SECS)
        else:
            return
    log.seek(0)
    said = log.read().decode(errors="replace").strip()
    raise ServerError(f"{contender.name} did not become ready: {said}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_TIMEOUT_SECS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
