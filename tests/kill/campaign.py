"""The campaign: pushes and scrapes without end, while the exporter is killed and started again.

Clients push numbered batches and send each until it is acknowledged, over a fresh connection every
time. The exporter ends itself at a named place, or is killed at a random moment. A scraper polls
throughout. At the end the exporter is asked what it counted, and the clients know the answer.
"""

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.e2e.processes import eventually, free_port
from tests.kill.ledger import Ledger, made_up_batch
from tests.kill.scraper import Scraper, samples

PLACES = {"none": 1, "before_commit": 25, "after_commit": 25, "in_snapshot": 20, "in_prune": 3}
"""The named places, and at which of its passings at the latest the exporter ends itself there."""

CLIENTS = 3

CONFIG = """\
storage: {snapshot_secs: 1, snapshot_bytes: 65536}
"""


@dataclass
class Campaign:
    """What is going on; `seed` decides where and when the kills are, as far as we decide."""

    directory: Path
    seed: int
    sync: str = "normal"
    ledger: Ledger = field(default_factory=Ledger)
    scraper: Scraper = field(default_factory=Scraper)
    killed: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._next = 0
        self._errors: list[BaseException] = []
        self.url = f"http://127.0.0.1:{free_port()}"
        self._config = self.directory / "exporter.yml"
        self._config.write_text(CONFIG)

    def run(self, kills: int) -> None:
        """Kill the exporter so many times; then let the clients finish, and end it in peace."""
        clients = [threading.Thread(target=self._push_on, args=(n,)) for n in range(CLIENTS)]
        self.scraper.start()
        for client in clients:
            client.start()
        try:
            for number in range(kills):
                self._live_and_die(list(PLACES)[number % len(PLACES)])
            with self.alive():
                self._stop.set()
                for client in clients:
                    client.join()
                self.scraper.poll(self.url)
        finally:
            self._stop.set()
            self.scraper.stop.set()
        self.scraper.join()
        assert self._errors == []

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Run an exporter that nobody kills; it must end in peace."""
        process = self._start("none", 0)
        try:
            self._await_ready(process)
            self.scraper.url = self.url
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, self._log()
        finally:
            process.kill()
            process.wait()

    def _live_and_die(self, place: str) -> None:
        process = self._start(place, self._random.randint(1, PLACES[place]))
        self._await_ready(process)
        self.scraper.url = self.url
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self._random.uniform(0.05, 1.0) if place == "none" else 3.0)
        at = place if process.poll() is not None else "a random moment"
        process.kill()
        assert process.wait() == -signal.SIGKILL, self._log()
        self.killed[at] += 1

    def _start(self, place: str, nth: int) -> subprocess.Popen[bytes]:
        host = self.url.removeprefix("http://")
        with (self.directory / "exporter.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.kill.victim", place, str(nth)),
                    f"--config.file={self._config}",
                    f"--web.listen-address={host}",
                    f"--storage.path={self.directory / 'data'}",
                    f"--storage.sync={self.sync}",
                ],
                stdout=log,
                stderr=log,
            )

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it is ready, or dead already."""

        def ready_or_dead() -> bool | None:
            if process.poll() is not None:
                return True
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):  # noqa: S310 - http, ours
                    return True
            except OSError:
                return None

        eventually(ready_or_dead, "the exporter")

    def _push_on(self, client: int) -> None:
        numbers = random.Random(self.seed + client)  # noqa: S311 - no secret
        try:
            while not self._stop.is_set():
                with self._lock:
                    self._next += 1
                    number = self._next
                batch = made_up_batch(numbers, number)
                by_key = numbers.random() < 0.5
                body = (
                    [{k: v for k, v in e.items() if k != "id"} for e in batch] if by_key else batch
                )
                self._send_until_acknowledged(body, f"batch-{number}" if by_key else None)
                with self._lock:
                    self.ledger.acknowledge(batch)
        except BaseException as error:
            self._errors.append(error)
            raise

    def _send_until_acknowledged(self, batch: list[dict[str, Any]], key: str | None) -> None:
        deadline = time.monotonic() + 120
        while not self._send(batch, key):
            assert time.monotonic() < deadline, self._log()
            with self._lock:
                self.sent_again += 1
            time.sleep(0.02)

    def _send(self, batch: list[dict[str, Any]], key: str | None) -> bool:
        """Send a batch over a connection of its own; return whether it was acknowledged."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310 - http, ours
            f"{self.url}/api/v1/events", data=json.dumps(batch).encode(), headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
                reply = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise
            return False
        except (OSError, HTTPException, ValueError):
            return False
        assert reply["accepted"] + reply["duplicates"] == len(batch), reply
        return True

    def _log(self) -> str:
        return (self.directory / "exporter.log").read_text()[-5000:]

    def differences(self) -> dict[str, tuple[float, float]]:
        """Return where the exporter and the clients disagree: what each of them counted."""
        found = samples(self.url)
        return {
            str(sample): (found.get(sample, 0.0), count)
            for sample, count in self.ledger.expected.items()
            if found.get(sample, 0.0) != count
        }

    def figures(self) -> str:
        """Return what happened, in one line."""
        killed = ", ".join(f"{count} at {place}" for place, count in sorted(self.killed.items()))
        return (
            f"killed {self.killed.total()} times ({killed}); {self.ledger.batches} batches of "
            f"{self.ledger.events} events acknowledged, {self.sent_again} sendings in vain; "
            f"{self.scraper.scrapes} scrapes, {len(self.scraper.steps_back)} steps back"
        )
