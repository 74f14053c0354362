"""How long a start takes: cold, and after a kill with a million events in the journal.

Cold is from starting the process to the first 200 of `/health`, or of `/metrics` for the obvious
server, which has nothing else and nothing to bring back. After a SIGKILL it is until pushes are
taken again; then the counters must say a million. Every such start has a copy of its own of what
the killed process left behind. With the settings as they come, a snapshot holds most of the
million; with snapshots put off, every event is replayed.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import facts
import fill
import section
import server
from row import Findings, Row, Target, compared
from section import Plan, progress

NAME = "start"
ROUNDS_COLD = 7
ROUNDS_KILLED = 3
EVENTS = 1_000_000
EVENTS_QUICK = 100_000
HEALTHY = server.EXPORTER._replace(ready_path="/health")
COLD, KILLED = Target(value_max=1.0), Target(value_max=3.0)
UNSNAPSHOTTED = "storage: {snapshot_secs: 86400, snapshot_bytes: 1073741824}\n"
SETTINGS = {"settings as they come": "", "no snapshot since the start": UNSNAPSHOTTED}


def measure(plan: Plan) -> Findings:
    """Measure all that is asked for.

    Raises `server.ServerError` where a start does not bring everything back.
    """
    rows: list[Row] = []
    if plan.wants("cold"):
        rows.append(_cold(plan))
    if plan.wants("after SIGKILL"):
        rows.extend(_killed(plan))
    return Findings(rows=rows)


def _cold(plan: Plan) -> Row:
    seconds: dict[server.Contender, list[float]] = {HEALTHY: [], server.OBVIOUS: []}
    for turn in range(plan.rounds(ROUNDS_COLD)):
        for contender, taken in seconds.items():
            with server.running(contender, plan.server_core, plan.storage_parent) as running:
                taken.append(running.seconds_to_start)
        progress(f"{NAME} {turn + 1}: cold {seconds[HEALTHY][-1]:.2f} s")
    return compared(
        NAME,
        "cold, to the first 200",
        "s",
        seconds[HEALTHY],
        seconds[server.OBVIOUS],
        beside=server.OBVIOUS.name,
        target=COLD,
    )


def _killed(plan: Plan) -> Iterator[Row]:
    events = EVENTS_QUICK if plan.quick else EVENTS
    for setting, config in SETTINGS.items():
        with tempfile.TemporaryDirectory(dir=plan.storage_parent) as directory:
            left = Path(directory) / "left"
            left.mkdir()
            contender = server.EXPORTER.with_config(config)
            journal_mb = _leave_behind(contender, left, events, plan)
            seconds = [
                _started_again(contender, left, events, plan)
                for _ in range(plan.rounds(ROUNDS_KILLED))
            ]
        progress(f"{NAME}: after a kill, {setting}: {seconds[-1]:.2f} s")
        yield compared(
            NAME,
            f"after SIGKILL with {events:,} events, {setting}",
            "s",
            seconds,
            # Who turns snapshots off has asked to replay everything.
            target=None if config else KILLED,
            note=f"{journal_mb:.0f} MB on the disk",
        )


def _leave_behind(contender: server.Contender, directory: Path, events: int, plan: Plan) -> float:
    """Have a server take events and be killed; return how many MB it left."""
    pushes = facts.bodies(events=fill.EVENTS_PER_PUSH, form="array", ids=False, now=time.time())
    with server.serving(contender, plan.server_core, directory) as running:
        fill.push(running.port, islice(pushes, events // fill.EVENTS_PER_PUSH))
        running.kill()
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 1e6


def _started_again(contender: server.Contender, left: Path, events: int, plan: Plan) -> float:
    """Return how long a server takes to be ready with a copy of what was left behind."""
    with tempfile.TemporaryDirectory(dir=left.parent) as directory:
        copy = Path(directory) / "copy"
        shutil.copytree(left, copy)
        with server.serving(contender, plan.server_core, copy) as running:
            server.check_counted(contender, running.port, events)
            return running.seconds_to_start


if __name__ == "__main__":
    section.alone(measure, __doc__)
