"""`python -m tests.kill.victim FAILPOINT NTH FLAG...`: the exporter, which kills itself there.

FAILPOINT is one of the journal's, or `none`; NTH says at which of its passings.
"""

import os
import signal
import sys

from exporter.app import Exporter
from exporter.cli import serve
from exporter.cli.lifetime import Load, Service
from exporter.clock import Clock
from exporter.config import Config


class Killer:
    """Ends the process, with nothing cleaned up, when a place is passed for the nth time."""

    def __init__(self, place: str, nth: int) -> None:
        self._place = place
        self._left = nth

    def __call__(self, name: str) -> None:
        """Count a passing."""
        if name == self._place:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Serve, with the journal's failpoints armed."""
    place, nth, *flags = sys.argv[1:]

    def build(config: Config, *, clock: Clock, load: Load) -> Service:
        return Exporter(config, clock=clock, load=load, failpoint=Killer(place, int(nth)))

    sys.exit(serve.run(flags, os.environ, service_factory=build))


if __name__ == "__main__":
    main()
