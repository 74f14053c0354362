"""`python -m tests.faults.held DIRECTORY FLAG...`: the exporter, held before every commit.

Each commit makes a file `reached` in the directory and waits until there is a file `go_on`.
"""

import os
import sys
import time
from pathlib import Path

from exporter.app import Exporter
from exporter.cli import serve
from exporter.cli.lifetime import Load, Service
from exporter.clock import Clock
from exporter.config import Config
from tests.e2e.processes import eventually
from tests.faults.serving import Served, Site, module

REACHED = "reached"
GO_ON = "go_on"


class Hold:
    """Keeps the journal's thread where it is about to commit."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, name: str) -> None:
        """Tell that it is there, and wait."""
        if name == "before_commit":
            (self._directory / REACHED).touch()
            while not (self._directory / GO_ON).exists():
                time.sleep(0.01)


def start_held(site: Site, *flags: str) -> Served:
    """Start an exporter whose commits are held."""
    (site.directory / REACHED).unlink(missing_ok=True)
    (site.directory / GO_ON).unlink(missing_ok=True)
    return site.start(*flags, program=module("tests.faults.held", str(site.directory)))


def await_commit(site: Site) -> None:
    """Wait until a commit is held."""
    eventually(lambda: (site.directory / REACHED).exists() or None, "a commit")


def let_go(site: Site) -> None:
    """Let this commit and all that follow go on."""
    (site.directory / GO_ON).touch()


def main() -> None:
    """Serve, with every commit held."""
    directory, *flags = sys.argv[1:]

    def build(config: Config, *, clock: Clock, load: Load) -> Service:
        return Exporter(config, clock=clock, load=load, failpoint=Hold(Path(directory)))

    sys.exit(serve.run(flags, os.environ, service_factory=build))


if __name__ == "__main__":
    main()
