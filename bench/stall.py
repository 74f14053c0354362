"""How long a push takes while a scrape of 100,000 lines is going on, and while none is.

Pushes come at a steady rate on several connections, far below what either server can take, so that
what is measured is waiting and not work. A second process scrapes all the while, every series
changed before each. A push counts as met by a scrape where any moment of it fell into one.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import facts
import fill
import pace
import scrape
import section
import server
from row import Findings, Row, Target, compared
from scraper import Scrapes
from section import Plan, progress

NAME = "pushes beside scrapes"
ROUNDS = 3
LINES = 100_000
CONNECTIONS = 16
CONTENDERS = (server.EXPORTER, server.OBVIOUS)
STALL = Target(value_max=50.0)
FIGURES = {"p50": 0.5, "p99": 0.99, "longest": 1.0}


class Case(NamedTuple):
    """How much comes: pushes a second, of so many events each."""

    events: int
    per_second: float

    @property
    def work(self) -> str:
        """What the table calls it."""
        return f"push of {self.events} event{'s' if self.events > 1 else ''}"


CASES = (Case(1, 200.0), Case(100, 40.0))

Latencies = dict[tuple[Case, str], list[float]]
"""Milliseconds of the pushes, by case and by what went on beside."""
QUIET, BESIDE = "no scrape going on", f"a scrape of {LINES:,} lines going on"


def latencies(contender: server.Contender, cases: tuple[Case, ...], plan: Plan) -> Latencies:
    """Measure a fresh server.

    Raises `server.ServerError` where it counts something else, or where no push met a scrape.
    """
    found: Latencies = {}
    keys = fill.keys(LINES)
    pushed = len(keys)
    configured = contender.with_config(scrape.CONFIG)
    with server.running(configured, plan.server_core, plan.storage_parent) as running:
        fill.push(running.port, fill.one_of_each(keys))
        server.get(running.port, "/metrics")
        for case in cases:
            quiet = _paced(running, case, 1.0 if plan.quick else 3.0)
            found[case, QUIET] = [one.milliseconds for one in quiet]
            seconds = 3.0 if plan.quick else 6.0
            with _scraping(running, seconds) as scraping:
                beside = _paced(running, case, seconds)
                scrapes = _ended(scraping)
            met = [one.milliseconds for one in beside if _met(one, scrapes)]
            if not met:
                raise server.ServerError("no push met a scrape")
            found[case, BESIDE] = met
            pushed += (len(quiet) + len(beside)) * case.events + scrapes.events
        server.check_counted(contender, running.port, pushed)
    return found


def _paced(running: server.Server, case: Case, seconds: float) -> list[pace.Answer]:
    bodies = facts.bodies(events=case.events, form="array", ids=False, now=time.time())
    return pace.pushed(
        bodies,
        port=running.port,
        connections=CONNECTIONS,
        per_second=case.per_second,
        seconds=seconds,
    )


def _scraping(running: server.Server, seconds: float) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        str(Path(__file__).with_name("scraper.py")),
        f"--port={running.port}",
        f"--lines={LINES}",
        f"--seconds={seconds}",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _ended(scraping: subprocess.Popen[str]) -> Scrapes:
    said, _ = scraping.communicate()
    if scraping.returncode:
        raise server.ServerError("the scraper failed")
    return Scrapes(**json.loads(said))


def _met(push: pace.Answer, scrapes: Scrapes) -> bool:
    return any(push.due_at < ended and began < push.answered_at for began, ended in scrapes.spans)


def quantile(values: list[float], share: float) -> float:
    """Return the value that this share of them lies below; the largest for all."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(plan: Plan) -> Findings:
    """Measure both servers, round by round."""
    cases = tuple(case for case in CASES if plan.wants(case.work))
    measured: dict[server.Contender, list[Latencies]] = {one: [] for one in CONTENDERS}
    rounds = plan.rounds(ROUNDS)
    for turn in range(1, rounds + 1):
        for contender in CONTENDERS if cases else ():
            measured[contender].append(latencies(contender, cases, plan))
            progress(f"{NAME} {turn}/{rounds}: {contender.name}")
    rows = [
        row
        for case in cases
        for beside in (QUIET, BESIDE)
        for row in _rows(case, beside, measured[server.EXPORTER], measured[server.OBVIOUS])
    ]
    return Findings(rows=rows)


def _rows(
    case: Case, beside: str, exporter: list[Latencies], obvious: list[Latencies]
) -> Iterator[Row]:
    for figure, share in FIGURES.items():
        yield compared(
            NAME,
            f"{case.work}, {beside}",
            f"{figure} ms",
            [quantile(round_[case, beside], share) for round_ in exporter],
            [quantile(round_[case, beside], share) for round_ in obvious],
            beside=server.OBVIOUS.name,
            target=STALL if beside is BESIDE and figure != "p50" else None,
            note=f"{min(len(round_[case, beside]) for round_ in exporter)} pushes a round",
        )


if __name__ == "__main__":
    section.alone(measure, __doc__)
