"""How fast pushes are taken: `agent-exporter serve` beside the obvious server.

Every measurement has a fresh server with an empty store on one core and the load generator on
another. The servers take turns, the baseline right before each case, for several rounds. After each
measurement the server's own `agent_completions_total` must equal the events acknowledged, and the
exporter must have written to its directory: every figure of it here is a durable one. The obvious
server knows no OTLP: it gets the same facts as a JSON array.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import facts
import process
import section
import server
from load import Result
from row import Findings, Row, Target, compared
from section import Plan, progress

NAME = "pushes"
ROUNDS = 5
CONNECTIONS = 8
BUSY_RATIO_MAX = 0.85
"""A generator busier than this may have been what was measured."""
SIZES, SIZES_QUICK = (1, 10, 100, 1000), (1, 100)
FORMS: dict[str, facts.Form] = {
    "JSON array": "array",
    "NDJSON": "ndjson",
    "OTLP JSON": "otlp-json",
    "OTLP protobuf": "otlp-protobuf",
}


class Load(NamedTuple):
    """What a server is put under: a body's shape, and whether every event has an id of its own."""

    events: int
    form: facts.Form
    ids: bool = False


class Case(NamedTuple):
    """One row but for its unit: a server under a load, and what it should come to."""

    work: str
    load: Load
    contender: server.Contender = server.EXPORTER
    target: Target | None = None

    @property
    def baseline(self) -> Load:
        """The load of the obvious server that tells the same facts."""
        known = self.load.form if self.load.form in {"array", "ndjson"} else "array"
        return self.load._replace(form=known)


class Measurement(NamedTuple):
    """One server under one load: rates on the wall clock, cost in processor time."""

    events_per_second: float
    cpu_us_per_event: float
    memory_peak_mb: float
    load_busy_ratio: float


def cases(plan: Plan) -> Iterator[Case]:
    """Yield every shape of push, with what is asked of some."""
    targets = {
        (1, "array"): Target(ratio_min=1.0),
        (100, "array"): Target(ratio_min=5.0),
        (100, "otlp-json"): Target(ratio_min=2.0),
        (100, "otlp-protobuf"): Target(ratio_min=2.0),
    }
    for events in SIZES_QUICK if plan.quick else SIZES:
        for name, form in FORMS.items():
            yield Case(
                f"{events} events a push, {name}" if events > 1 else f"1 event a push, {name}",
                Load(events, form),
                target=targets.get((events, form)),
            )
    yield Case("1 event a push, JSON array, with ids", Load(1, "array", ids=True))
    yield Case("100 events a push, JSON array, with ids", Load(100, "array", ids=True))
    yield Case(
        "100 events a push, JSON array, sync=full",
        Load(100, "array"),
        server.SYNCED,
        Target(ratio_min=4.0),
    )


def measure_one(contender: server.Contender, load: Load, plan: Plan) -> Measurement:
    """Put a fresh server under load and check that it counted what it acknowledged.

    Raises `server.ServerError` where it failed a push, counted something else, or kept nothing.
    """
    with server.running(contender, plan.server_core, plan.storage_parent) as running:
        seen = _pushed(running, load, plan)
        peak = process.memory_peak_bytes(running.pid) or 0
        server.check_counted(contender, running.port, seen.requests_total * load.events)
        if contender is not server.OBVIOUS and not running.durable:
            raise server.ServerError(f"{contender.name} kept nothing")
    events = seen.requests * load.events
    if not events:
        raise server.ServerError(f"{contender.name} answered no push in {seen.seconds:.1f} s")
    return Measurement(
        events_per_second=events / seen.seconds,
        cpu_us_per_event=(seen.server_cpu_seconds or 0) * 1e6 / events,
        memory_peak_mb=peak / 1e6,
        load_busy_ratio=seen.busy_ratio,
    )


def _pushed(running: server.Server, load: Load, plan: Plan) -> Result:
    command = [
        sys.executable,
        str(Path(__file__).with_name("load.py")),
        f"--port={running.port}",
        f"--server-pid={running.pid}",
        f"--events={load.events}",
        f"--form={load.form}",
        f"--connections={CONNECTIONS}",
        "--warm-up-secs=0.3",
        f"--seconds={0.5 if plan.quick else 1.2}",
        *(["--ids"] if load.ids else []),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise server.ServerError(ended.stderr.strip())
    return Result(**json.loads(ended.stdout))


Pair = tuple[Measurement, Measurement]
"""A server under a load, and the baseline right before it."""


def measure(plan: Plan) -> Findings:
    """Run every round, each case right after its baseline, so that drift falls on both alike."""
    wanted = [case for case in cases(plan) if plan.wants(case.work)]
    measured: dict[Case, list[Pair]] = {case: [] for case in wanted}
    rounds = plan.rounds(ROUNDS)
    for turn in range(1, rounds + 1):
        for case, pairs in measured.items():
            baseline = measure_one(server.OBVIOUS, case.baseline, plan)
            ours = measure_one(case.contender, case.load, plan)
            pairs.append((ours, baseline))
            rate = ours.events_per_second
            progress(f"{NAME} {turn}/{rounds}: {case.work}: {rate:,.0f} events/s")
    return Findings(rows=[row for case, pairs in measured.items() for row in _rows(case, pairs)])


def _rows(case: Case, pairs: Sequence[Pair]) -> Iterator[Row]:
    """Yield events a second, and the processor time of one, each beside the obvious server's."""
    results, baseline = zip(*pairs, strict=True)
    busy = max(one.load_busy_ratio for one in results)
    note = f"load generator {busy:.0%} busy" if busy > BUSY_RATIO_MAX else ""
    otlp = "the baseline gets JSON" if case.baseline != case.load else ""
    yield compared(
        NAME,
        case.work,
        "events/s",
        [one.events_per_second for one in results],
        [one.events_per_second for one in baseline],
        beside=server.OBVIOUS.name,
        more_is_better=True,
        target=case.target,
        note="; ".join(filter(None, (otlp, note))),
    )
    yield compared(
        NAME,
        case.work,
        "CPU us/event",
        [one.cpu_us_per_event for one in results],
        [one.cpu_us_per_event for one in baseline],
        beside=server.OBVIOUS.name,
        note=otlp,
    )


if __name__ == "__main__":
    section.alone(measure, __doc__)
