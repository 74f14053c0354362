"""An exporter as a process that can be killed and started again, at the same address."""

import contextlib
import http.client
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tests.e2e.processes import COMMAND, PATIENCE_SECS, eventually, free_port


class RestartableExporter:
    """An exporter with a journal of its own: `kill` is SIGKILL."""

    def __init__(self, directory: Path, log: IO[bytes]) -> None:
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self._log = log
        self._arguments = [str(COMMAND), "serve", f"--web.listen-address={address}"]
        self._arguments.append(f"--storage.path={directory / 'data'}")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes pushes."""
        self._process = subprocess.Popen(self._arguments, stdout=self._log, stderr=self._log)
        eventually(lambda: self.get("/-/ready"), "the exporter")

    def kill(self) -> None:
        """Kill it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE_SECS)

    def get(self, path: str) -> str | None:
        """Return what a path answers, or `None` while it answers nothing good."""
        try:
            with urllib.request.urlopen(self.url + path) as response:  # noqa: S310 - http, ours
                text: str = response.read().decode()
                return text
        except (OSError, http.client.HTTPException):
            return None

    def total(self, family: str) -> float:
        """Return the sum of the samples of a family."""
        lines = (self.get("/metrics") or "").splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(family))


@contextlib.contextmanager
def restartable_exporter(directory: Path) -> Iterator[RestartableExporter]:
    """Run an exporter on a free port, and kill it at the end."""
    with (directory / "exporter.log").open("wb") as log:
        exporter = RestartableExporter(directory, log)
        try:
            yield exporter
        finally:
            exporter.kill()
