"""The servers that are compared, each a process of its own on a free loopback port."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import process

HOST = "127.0.0.1"
START_TIMEOUT_SECS = 60.0
STOP_TIMEOUT_SECS = 10.0
POLL_SECS = 0.005
OK = 200
COUNTED = b"agent_completions_total{"


class Contender(NamedTuple):
    """A server to measure: its command for a port, and the path that says when it is ready.

    `config` is the text of its configuration file, where it takes one.
    """

    name: str
    command: Callable[[int], list[str]]
    ready_path: str
    config: str = ""

    def with_config(self, text: str) -> "Contender":
        """Return the same server, configured so."""
        return self._replace(config=text)


class Server(NamedTuple):
    """A server that is up, and the directory that is its own to keep state in."""

    pid: int
    port: int
    storage: Path
    seconds_to_start: float

    @property
    def durable(self) -> bool:
        """Whether it has written anything to its directory."""
        return self.storage.exists() and any(self.storage.iterdir())

    @property
    def memory_mb(self) -> float:
        """Its resident size in MB, or 0 where the system does not tell."""
        return (process.memory_bytes(self.pid) or 0) / 1e6

    def cpu_seconds(self) -> float:
        """Return the processor time it has used. Raises `ServerError` where nobody tells."""
        seconds = process.cpu_seconds(self.pid)
        if seconds is None:
            raise ServerError("this system does not tell the processor time of a process")
        return seconds

    def kill(self) -> None:
        """End it at once, with no chance to tidy up."""
        os.kill(self.pid, signal.SIGKILL)


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
        tempfile.TemporaryDirectory(dir=storage_parent) as directory,
        serving(contender, core, Path(directory)) as server,
    ):
        yield server


@contextmanager
def serving(contender: Contender, core: int | None, directory: Path) -> Iterator[Server]:
    """Do the same with the state that is in a directory."""
    storage = directory / "data"
    with tempfile.TemporaryFile() as log:
        port = free_port()
        began = time.perf_counter()
        child = subprocess.Popen(
            contender.command(port),
            env={**os.environ, **_environment(contender, directory, storage)},
            cwd=directory,
            stdout=log,
            stderr=log,
        )
        try:
            if core is not None:
                process.pin(child.pid, core)
            _await_ready(contender, child, port, log)
            yield Server(child.pid, port, storage, time.perf_counter() - began)
        finally:
            _end(child)


def _environment(contender: Contender, directory: Path, storage: Path) -> Mapping[str, str]:
    settings = {"AGENT_EXPORTER_STORAGE_PATH": str(storage)}
    if contender.config:
        config = directory / "config.yml"
        config.write_text(contender.config, encoding="utf-8")
        settings["AGENT_EXPORTER_CONFIG_FILE"] = str(config)
    return settings


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the body of a 200 answer. Raises `ServerError` at any other, `OSError` at none."""
    with contextlib.closing(
        http.client.HTTPConnection(HOST, port, timeout=START_TIMEOUT_SECS)
    ) as connection:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != OK:
        raise ServerError(f"GET {path} was answered {answer.status}")
    return body


def events_counted(port: int) -> int:
    """Return how many completions a server exposes, whatever their labels."""
    samples = [line for line in get(port, "/metrics").splitlines() if line.startswith(COUNTED)]
    return round(sum(float(sample.rpartition(b"} ")[2].split()[0]) for sample in samples))


def check_counted(contender: Contender, port: int, pushed: int) -> None:
    """Raise `ServerError` where a server counted something else than it acknowledged."""
    counted = events_counted(port)
    if counted != pushed:
        raise ServerError(f"{contender.name} counted {counted} of {pushed} events")


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
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
