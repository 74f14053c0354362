"""A Prometheus as a team has one: it scrapes exporters, itself, and what is down.

One of each for all tests. Windows are filled within seconds, since it scrapes every second.
"""

import contextlib
import shutil
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.grafana.boards import Json
from tests.deploy.grafana.scraped import BUSY, GONE, WELL, Scraped
from tests.e2e.processes import (
    COMMAND,
    eventually,
    exporter,
    free_port,
    process,
    push,
    query,
)

PATIENCE_SECS = 50

LIMITED: Json = {
    "type": "quota",
    "agent": "reviewer",
    "provider": "acme",
    "model": "acme-large",
    "window": "5h",
    "used_ratio": 1,
    "limited": True,
    "resets_at": 4_000_000_000,
}
"""A limit that is in force: in the demo the first comes after a minute."""


@pytest.fixture(scope="package")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Run an exporter with demo traffic, one where all is well, one that goes, and a Prometheus."""
    directory = tmp_path_factory.mktemp("boards")
    config = directory / "exporter.yml"
    config.write_text("storage: {snapshot_secs: 1}\n")
    with contextlib.ExitStack() as running:
        busy = running.enter_context(exporter(made(directory / "busy"), f"--config.file={config}"))
        well = running.enter_context(exporter(made(directory / "well")))
        with exporter(made(directory / "gone")) as gone:
            jobs = {BUSY: busy, WELL: well, GONE: gone}
            url = running.enter_context(prometheus(directory, jobs))
            running.enter_context(demo(busy, directory))
            assert push(busy, [LIMITED])["accepted"] == 1
            eventually(lambda: query(url, f'up{{job="{GONE}"}} == 1'), "a scrape")
        eventually(lambda: query(url, f'up{{job="{GONE}"}} == 0'), "a scrape that fails")
        yield Scraped(url, well, time.monotonic() + PATIENCE_SECS)


def made(directory: Path) -> Path:
    """Return a directory that is there."""
    directory.mkdir()
    return directory


@contextlib.contextmanager
def prometheus(directory: Path, jobs: dict[str, str]) -> Iterator[str]:
    """Run a Prometheus that scrapes a URL for each job, itself, and a database that is down.

    Itself twice: in a job of its own, and in one that it shares with an exporter.
    """
    program = shutil.which("prometheus")
    assert program is not None
    own = f"127.0.0.1:{free_port()}"
    hosts = {name: [urllib.parse.urlsplit(url).netloc] for name, url in jobs.items()}
    hosts[WELL].append(own)
    hosts |= {"prometheus": [own], "database": [f"127.0.0.1:{free_port()}"]}
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        + "".join(
            f"  - {{job_name: {name}, static_configs: [{{targets: {targets}}}]}}\n"
            for name, targets in hosts.items()
        )
    )
    arguments = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address={own}",
    ]
    with process(arguments, directory / "prometheus.log"):
        yield f"http://{own}"


def demo(url: str, directory: Path) -> subprocess.Popen[bytes]:
    """Send made-up traffic until the context ends."""
    arguments = [str(COMMAND), "demo", f"--url={url}", "--rate=150", "--seed=11"]
    with (directory / "demo.log").open("wb") as log:
        return Demo(arguments, stdout=log, stderr=log)


class Demo(subprocess.Popen[bytes]):
    """A process that is ended with its context."""

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.terminate()
        self.wait(PATIENCE_SECS)
