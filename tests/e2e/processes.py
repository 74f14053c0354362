"""The exporter and Prometheus as processes of their own, on free ports."""

import contextlib
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

PATIENCE_SECS = 60
COMMAND = Path(sys.executable).with_name("agent-exporter")

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str) -> T:
    """Return what `look` finds, asking until it finds something."""
    deadline = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


@contextlib.contextmanager
def process(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, its output in `log`; at the end SIGTERM, and it must end with 0."""
    with log.open("wb") as output:
        running = subprocess.Popen(arguments, stdout=output, stderr=output)
    try:
        yield running
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE_SECS) == 0, log.read_text()
    finally:
        running.kill()
        running.wait()


@contextlib.contextmanager
def exporter(directory: Path, *flags: str) -> Iterator[str]:
    """Run the installed command on a free port and yield its URL."""
    with exporter_process(directory, *flags) as (url, _):
        yield url


@contextlib.contextmanager
def exporter_process(directory: Path, *flags: str) -> Iterator[tuple[str, int]]:
    """Run the installed command on a free port and yield its URL and its process id."""
    log = directory / "exporter.log"
    arguments = [str(COMMAND), "serve", "--web.listen-address=127.0.0.1:0"]
    arguments += [f"--storage.path={directory / 'data'}", *flags]
    with process(arguments, log) as running:

        def address() -> str | None:
            assert running.poll() is None, log.read_text()
            found = re.search(r"msg=serving address=(\S+)", log.read_text())
            return found.group(1) if found else None

        yield f"http://{eventually(address, 'the exporter')}", running.pid


@contextlib.contextmanager
def prometheus(directory: Path, target: str) -> Iterator[str]:
    """Run a Prometheus that scrapes `target` every second, and yield its URL."""
    program = shutil.which("prometheus")
    assert program is not None
    host = urllib.parse.urlsplit(target).netloc
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        f"  - {{job_name: agents, static_configs: [{{targets: ['{host}']}}]}}\n"
    )
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    with process(arguments, directory / "prometheus.log"):
        yield f"http://{address}"


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def push(url: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Push events and return the reply."""
    request = urllib.request.Request(  # noqa: S310 - http, ours
        f"{url}/api/v1/events",
        data=json.dumps(events).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
        reply: dict[str, Any] = json.load(response)
        return reply


def pushed(connection: http.client.HTTPConnection, batch: bytes) -> None:
    """Push an encoded array over a connection that is kept; it must be answered 200."""
    connection.request("POST", "/api/v1/events", batch, {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body


def query(prometheus_url: str, promql: str) -> dict[Mapping[str, str], float] | None:
    """Return the instant vector of a query by its labels, or `None` while there is none."""
    address = f"{prometheus_url}/api/v1/query?{urllib.parse.urlencode({'query': promql})}"
    try:
        with urllib.request.urlopen(address) as response:  # noqa: S310 - http, ours
            result = json.load(response)["data"]["result"]
    except OSError:
        return None
    return {Labels(row["metric"]): float(row["value"][1]) for row in result} or None


class Labels(dict[str, str]):
    """A set of labels that can be a key."""

    def __hash__(self) -> int:  # type: ignore[override] # the point of it
        """Return the same for the same labels."""
        return hash(frozenset(self.items()))
