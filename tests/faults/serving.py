"""The exporter as a process over one storage directory: started, asked, ended, started again."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.processes import COMMAND, eventually

ROOT = Path(__file__).parents[2]
PATIENCE_SECS = 60
STOP_SECS = 5
"""What a stop may take."""

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
JSON = {"Content-Type": "application/json"}

Event = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer; the names of `headers` are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body, which must be JSON."""
        return json.loads(self.body)


class Served:
    """An exporter that runs, or has run; its log goes to a file of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.address = ""

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text()

    def await_address(self) -> None:
        """Wait until it says where it serves."""

        def address() -> str | None:
            assert self.process.poll() is None, self.log
            found = re.search(r"msg=serving address=(\S+)", self.log)
            return found.group(1) if found else None

        self.address = eventually(address, "the exporter")

    def await_log(self, text: str) -> None:
        """Wait until it has said something."""
        eventually(lambda: text in self.log or None, f"{text!r} in the log")

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None
    ) -> Answer:
        """Return the answer to a request on a connection of its own."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_SECS)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """Return the JSON of a path, which must answer 200."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json()

    def push(self, *events: Event, key: str | None = None) -> Answer:
        """Push events once."""
        headers = {**JSON, **({"Idempotency-Key": key} if key else {})}
        return self.ask("POST", "/api/v1/events", headers, json.dumps(events).encode())

    def accept(self, *events: Event, key: str | None = None) -> dict[str, Any]:
        """Push events, which must be acknowledged; return the receipt."""
        answer = self.push(*events, key=key)
        assert answer.status == 200, (answer, self.log)
        receipt: dict[str, Any] = answer.json()
        return receipt

    def await_acceptance(self, *events: Event, key: str | None = None) -> dict[str, Any]:
        """Push events until they are acknowledged, as a client does that is told to come again."""

        def once() -> dict[str, Any] | None:
            answer = self.push(*events, key=key)
            assert answer.status in (200, 503), answer
            return answer.json() if answer.status == 200 else None

        return eventually(once, "an acknowledgement")

    @property
    def ready(self) -> bool:
        """Whether it says that it is."""
        return self.ask("GET", "/-/ready").status == 200

    def await_ready(self) -> None:
        """Wait until it says that it is ready."""
        eventually(lambda: self.ready or None, "readiness")

    def metrics(self) -> dict[str, float]:
        """Return every sample of a scrape by its text."""
        answer = self.ask("GET", "/metrics")
        assert answer.status == 200, answer
        lines = (line for line in answer.body.decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def await_metric(self, name: str) -> float:
        """Wait until there is a sample, and return its value."""
        return eventually(lambda: self.metrics().get(name), name)

    def completed(self) -> int:
        """Return how many completions are counted."""
        return sum(
            int(value)
            for name, value in self.metrics().items()
            if name.startswith("agent_completions_total{")
        )

    def epoch(self) -> tuple[str, float]:
        """Return the cause of the epoch and when it began."""
        (found,) = (
            (name, value)
            for name, value in self.metrics().items()
            if name.startswith("agent_exporter_epoch_start_timestamp_seconds{")
        )
        return found[0].partition('"')[2].partition('"')[0], found[1]

    def kill(self) -> None:
        """End it with nothing cleaned up."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECS)


class Site:
    """Where exporters are run, one after the other or two at a time, over the same storage.

    `config` is where the configuration file is, once there is one. `storage` may be changed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.storage = directory / "data"
        self.config = directory / "exporter.yml"
        self._served: list[Served] = []

    def start(self, *flags: str, program: tuple[str, ...] = (str(COMMAND), "serve")) -> Served:
        """Start an exporter on a free port and wait until it serves."""
        served = self.launch(*flags, program=program)
        served.await_address()
        return served

    def launch(self, *flags: str, program: tuple[str, ...] = (str(COMMAND), "serve")) -> Served:
        """Start an exporter, and wait for nothing."""
        arguments = list(program)
        if self.config.exists():
            arguments.append(f"--config.file={self.config}")
        given = {flag.partition("=")[0] for flag in flags}
        ours = (f"--storage.path={self.storage}", "--web.listen-address=127.0.0.1:0")
        arguments += [flag for flag in ours if flag.partition("=")[0] not in given]
        log = self.directory / f"exporter-{len(self._served)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*arguments, *flags], stdout=output, stderr=output, cwd=ROOT, env={}
            )
        served = Served(process, log)
        self._served.append(served)
        return served

    def run(self, *flags: str) -> tuple[int, str]:
        """Start an exporter that must end by itself; return its exit code and what it said."""
        served = self.launch(*flags)
        return served.process.wait(PATIENCE_SECS), served.log

    def end(self) -> None:
        """Leave nothing running."""
        for served in self._served:
            served.kill()


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the program that a module of the tests is."""
    return (sys.executable, "-m", name, *arguments)


def completion(**fields: object) -> Event:
    """Return a completion."""
    return {"type": "completion", "model": "p/m", "tokens": {"input": 1}, **fields}
