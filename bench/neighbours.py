"""The two programs that people push to today, fed the same completions, where they are installed.

Either must expose the events it was told of at the end. Neither keeps anything across a restart.
"""

import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple

import ingest
import pushgateway
import section
import server
import statsd
from row import Findings, Row, compared
from section import Plan, progress
from told import EVENTS_PER_PUSH, Told

NAME = "neighbours"
ROUNDS = 3
PUSHES, PUSHES_QUICK = 1_500, 300


class Neighbour(NamedTuple):
    """A program that may be installed under one of some names, and how it is told of events."""

    name: str
    programs: tuple[str, ...]
    tell: Callable[[str, int, Plan], Told]
    note: str

    @property
    def program(self) -> str | None:
        """Where it is installed."""
        return next(filter(None, map(shutil.which, self.programs)), None)


NEIGHBOURS = (
    Neighbour(
        "statsd_exporter",
        ("prometheus-statsd-exporter", "statsd_exporter"),
        statsd.tell,
        "9 lines an event, over TCP; nothing is kept",
    ),
    Neighbour(
        "pushgateway",
        ("prometheus-pushgateway", "pushgateway"),
        pushgateway.tell,
        "a session's whole exposition a push; nothing is kept",
    ),
)


def measure(plan: Plan) -> Findings:
    """Measure each neighbour that is installed, the exporter before each of its rounds."""
    rows: list[Row] = []
    for neighbour in NEIGHBOURS:
        if plan.wants(neighbour.name):
            rows.extend(_rows(neighbour, plan))
    return Findings(rows=rows)


def _rows(neighbour: Neighbour, plan: Plan) -> Iterator[Row]:
    work = f"{EVENTS_PER_PUSH} events a push, beside {neighbour.name}"
    if neighbour.program is None:
        yield Row(section=NAME, work=work, unit="", note="not installed here: not measured")
        return
    ours: list[ingest.Measurement] = []
    theirs: list[Told] = []
    for turn in range(1, plan.rounds(ROUNDS) + 1):
        ours.append(
            ingest.measure_one(server.EXPORTER, ingest.Load(EVENTS_PER_PUSH, "array"), plan)
        )
        told = neighbour.tell(neighbour.program, PUSHES_QUICK if plan.quick else PUSHES, plan)
        theirs.append(told)
        progress(f"{NAME} {turn}: {neighbour.name}: {told.events / told.seconds:,.0f} events/s")
    yield compared(
        NAME,
        work,
        "events/s",
        [one.events_per_second for one in ours],
        [one.events / one.seconds for one in theirs],
        beside=neighbour.name,
        more_is_better=True,
        note=neighbour.note,
    )
    yield compared(
        NAME,
        work,
        "CPU us/event",
        [one.cpu_us_per_event for one in ours],
        [one.cpu_seconds * 1e6 / one.events for one in theirs],
        beside=neighbour.name,
        note=neighbour.note,
    )


if __name__ == "__main__":
    section.alone(measure, __doc__)
