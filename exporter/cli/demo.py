"""`agent-exporter demo`: made-up traffic of several agents, to see the boards alive.

All of it goes through the push client, as that of any program of one's own would.
"""

import argparse
import logging
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random, SystemRandom
from typing import Final, TextIO

from exporter.cli.account import ERASE_LINE
from exporter.cli.demo_pace import Pause, paced, pausing
from exporter.cli.demo_traffic import Traffic
from exporter.cli.flags import FAILURE, PROGRAM, Parser, complain
from exporter.cli.healthcheck import DEFAULT_TIMEOUT_SECS, UnwellError, get_health, status_in
from exporter.cli.target import Target, add_target, find_target
from exporter.client import Telemetry

DEFAULT_RATE: Final = 5.0
RATE_MAX: Final = 1000.0
"""Beyond it there would be more requests in flight than an exporter keeps."""

SEED_MAX: Final = 1_000_000
QUEUE_EVENTS_MAX: Final = 16_384
CLOSE_SECS_MAX: Final = 5.0
SETTLE_SECS_MAX: Final = 1.0
STEP_SECS: Final = 1.0

DESCRIPTION = """\
Push made-up traffic of several agents, to see dashboards and alerts alive: requests from all kinds
of places, model calls and tools, what fails and what is limited, and every few minutes a provider
that is overloaded. A day takes 24 minutes, and so a window of five hours takes five.

Runs until Ctrl-C, and through outages of the exporter. What is made up is counted like anything
else: better not send it to an exporter whose numbers matter."""

EXAMPLES = (
    "agent-exporter demo",
    "agent-exporter demo --rate=100 --seconds=60",
    "agent-exporter demo --url=http://127.0.0.1:9100 --seed=7",
)


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Push until a signal, or for the seconds asked for; returns 1 where there is no exporter."""
    options, target = _understood(arguments, environ)
    with pausing() as pause:
        try:
            status_in(get_health(f"{target.url.rstrip('/')}/health", DEFAULT_TIMEOUT_SECS))
        except UnwellError as unwell:
            complain(f"demo: found no exporter there: {unwell}; start one, or name it with --url")
            return FAILURE
        seed = options.seed if options.seed is not None else SystemRandom().randrange(SEED_MAX)
        print(
            f"demo: sending {options.rate:g} events a second to {target.url}"
            f" (--seed={seed}); Ctrl-C ends it",
            flush=True,
        )
        random = Random(seed)  # noqa: S311 - it is to be the same again, and keeps no secret
        traffic = Traffic(random, rate=options.rate, began_at=time.time())
        print(f"demo: {_send(traffic, target, options.seconds, pause)}")
    return 0


def _understood(
    arguments: Sequence[str], environ: Mapping[str, str]
) -> tuple[argparse.Namespace, Target]:
    parser = Parser("demo", DESCRIPTION, examples=EXAMPLES)
    add_target(parser)
    parser.add_argument(
        "--rate",
        metavar="N",
        type=_rate,
        default=DEFAULT_RATE,
        help="events a second, on the average of a day; default %(default)g",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="what chance goes by: the same number makes the same traffic; default: any",
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=_seconds,
        default=math.inf,
        help="how long to go on; default: until it is stopped",
    )
    options = parser.parse(arguments)
    return options, find_target(parser, options, environ)


def _rate(text: str) -> float:
    rate = _number(text)
    if not 0 < rate <= RATE_MAX:
        raise argparse.ArgumentTypeError(f"expected events a second, above 0 and <= {RATE_MAX:g}")
    return rate


def _seconds(text: str) -> float:
    seconds = _number(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError("expected seconds, above 0")
    return seconds


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _send(traffic: Traffic, target: Target, seconds: float, pause: Pause) -> str:
    """Push until it is time to stop, and then the ends of what is in flight; returns the totals."""
    progress = Progress(sys.stderr, time.monotonic)
    telemetry = Telemetry(
        target.url, agent="demo", token=target.token, queue_events_max=QUEUE_EVENTS_MAX
    )
    for event in paced(traffic, clock=time.time, pause=pause, seconds=seconds):
        telemetry.event(event)
        progress.told(telemetry.dropped)
    for event in traffic.interrupted():
        telemetry.event(event)
        progress.told(telemetry.dropped)
    if not telemetry.close(CLOSE_SECS_MAX):
        # What could not be sent is counted a moment later.
        telemetry.flush(SETTLE_SECS_MAX)
    progress.erase()
    return progress.totals(telemetry.dropped)


class Progress:
    """Counts events, and shows how many on a terminal, at most once in `STEP_SECS`."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._due_at = clock() + STEP_SECS
        self._events = 0
        # What the client warns of must not stand in the same line.
        logging.basicConfig(
            format=f"{ERASE_LINE if self._terminal else ''}{PROGRAM}: %(message)s", stream=stream
        )

    def told(self, dropped: int) -> None:
        """Count an event; so many were dropped until now."""
        self._events += 1
        if self._terminal and self._clock() >= self._due_at:
            self._due_at = self._clock() + STEP_SECS
            print(f"{ERASE_LINE}{self.totals(dropped)}", end="", file=self._stream, flush=True)

    def totals(self, dropped: int) -> str:
        """Return how many events were sent, if so many were dropped."""
        return f"{self._events - dropped} events sent, {dropped} dropped"

    def erase(self) -> None:
        """Leave the terminal as it was."""
        if self._terminal:
            print(ERASE_LINE, end="", file=self._stream, flush=True)
