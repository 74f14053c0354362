"""How fast pushes are taken: `agent-exporter serve` beside the obvious server.

Every measurement has a fresh server with an empty store on one core and the load generator on
another. The servers take turns, case by case, for several rounds, and the median stands: figures
drift on a shared machine, their ratio hardly does, and processor time less than wall time. After
each measurement the server's own `agent_completions_total` must equal the events acknowledged.
Durable is a server that wrote to the directory it was given.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import facts
import process
import server
import table
from load import Result

CONTENDERS = (server.OBVIOUS, server.EXPORTER, server.SYNCED)
COUNTED = b"agent_completions_total{"
BUSY_RATIO_MAX = 0.85
"""A generator busier than this may have been what was measured."""


class Case(NamedTuple):
    """One shape of push."""

    name: str
    events: int
    form: facts.Form = "array"
    ids: bool = False

    def form_for(self, contender: server.Contender) -> facts.Form:
        """Return what a contender is sent: one that knows no OTLP gets the same facts as JSON."""
        otlp = self.form in ("otlp-json", "otlp-protobuf")
        return "array" if otlp and contender is server.OBVIOUS else self.form


CASES = (
    Case("1", 1),
    Case("100", 100),
    Case("100, NDJSON", 100, form="ndjson"),
    Case("100, with ids", 100, ids=True),
    Case("100, OTLP JSON", 100, form="otlp-json"),
    Case("100, OTLP protobuf", 100, form="otlp-protobuf"),
    Case("1000", 1000),
)


class Plan(NamedTuple):
    """How long and where to measure."""

    rounds: int
    seconds: float
    warm_up_secs: float
    connections: int
    cores: process.Cores | None
    storage_parent: Path


class Measurement(NamedTuple):
    """One server under one case: rates on the wall clock, cost in processor time."""

    events_per_second: float
    requests_per_second: float
    cpu_us_per_event: float | None
    memory_peak_mb: float | None
    load_busy_ratio: float
    durable: bool


Measured = dict[tuple[Case, server.Contender], list[Measurement]]
"""Each server under each case, one measurement a round."""

HEADER = (
    "events a request",
    "server",
    "durable",
    "events/s",
    "requests/s",
    "CPU us/event",
    "peak MB",
    "events/s ratio",
    "CPU ratio",
    "load busy",
)


def measure(contender: server.Contender, case: Case, plan: Plan) -> Measurement:
    """Put a fresh server under load and check that it counted what it acknowledged.

    Raises `server.ServerError` where it failed a push or counted something else.
    """
    core = plan.cores.server if plan.cores else None
    with server.running(contender, core, plan.storage_parent) as running:
        seen = _load(running, case.events, case.form_for(contender), plan, ids=case.ids)
        peak = process.memory_peak_bytes(running.pid)
        durable = running.durable
        counted = _events_counted(server.get(running.port, "/metrics"))
    pushed = seen.requests_total * case.events
    if counted != pushed:
        raise server.ServerError(f"{contender.name} counted {counted} of {pushed} events")
    cpu = seen.server_cpu_seconds
    return Measurement(
        events_per_second=seen.requests * case.events / seen.seconds,
        requests_per_second=seen.requests / seen.seconds,
        cpu_us_per_event=cpu and cpu * 1e6 / (seen.requests * case.events),
        memory_peak_mb=peak and peak / 1e6,
        load_busy_ratio=seen.busy_ratio,
        durable=durable,
    )


def _load(
    running: server.Server, events: int, form: facts.Form, plan: Plan, *, ids: bool
) -> Result:
    command = [
        sys.executable,
        str(Path(__file__).with_name("load.py")),
        f"--port={running.port}",
        f"--server-pid={running.pid}",
        f"--events={events}",
        f"--form={form}",
        f"--connections={plan.connections}",
        f"--warm-up-secs={plan.warm_up_secs}",
        f"--seconds={plan.seconds}",
        *(["--ids"] if ids else []),
        *([f"--core={plan.cores.load}"] if plan.cores else []),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise server.ServerError(ended.stderr.strip())
    return Result(**json.loads(ended.stdout))


def _events_counted(exposition: bytes) -> int:
    samples = [line for line in exposition.splitlines() if line.startswith(COUNTED)]
    return round(sum(float(sample.rpartition(b"} ")[2].split()[0]) for sample in samples))


def measure_all(plan: Plan, cases: Iterable[Case]) -> Measured:
    """Run every round; the servers alternate, so that drift falls on both alike."""
    measured: Measured = {}
    for turn in range(1, plan.rounds + 1):
        for case in cases:
            for contender in CONTENDERS:
                result = measure(contender, case, plan)
                measured.setdefault((case, contender), []).append(result)
                print(
                    f"round {turn}/{plan.rounds}  {case.name:18} {contender.name:15}"
                    f" {result.events_per_second:>9,.0f} events/s",
                    file=sys.stderr,
                )
    return measured


def report(measured: Measured) -> str:
    """Lay the medians out, each beside the baseline's."""
    rows = [
        (case.name, contender.name, *_figures(results, measured[case, server.OBVIOUS]))
        for (case, contender), results in measured.items()
    ]
    return table.aligned(HEADER, rows, left=3)


def _figures(results: list[Measurement], baseline: list[Measurement]) -> tuple[str, ...]:
    """Write the medians; a ratio is the median of the rounds' ratios, each of its own moment."""
    pairs = list(zip(results, baseline, strict=True))
    busy_ratio = max(one.load_busy_ratio for one in results)
    return (
        "yes" if all(one.durable for one in results) else "no",
        table.number(_middle(one.events_per_second for one in results)),
        table.number(_middle(one.requests_per_second for one in results)),
        table.number(_middle(one.cpu_us_per_event for one in results), 2),
        table.number(_middle(one.memory_peak_mb for one in results)),
        table.ratio(_middle(one.events_per_second / base.events_per_second for one, base in pairs)),
        table.ratio(_middle(_cpu_ratio(one, base) for one, base in pairs)),
        f"{busy_ratio:.0%}{' (!)' if busy_ratio > BUSY_RATIO_MAX else ''}",
    )


def _cpu_ratio(one: Measurement, base: Measurement) -> float | None:
    if not one.cpu_us_per_event or not base.cpu_us_per_event:
        return None
    return base.cpu_us_per_event / one.cpu_us_per_event


def _middle(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return median(known) if known else None


def main() -> None:
    """Measure and print the table; about two minutes, or 20 seconds with `--quick`."""
    parser = argparse.ArgumentParser(description="Pushes a second, beside the obvious server.")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument(
        "--storage", type=Path, default=Path(tempfile.gettempdir()), help="where journals are kept"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name has this")
    options = parser.parse_args()
    cases = [case for case in CASES if options.only in case.name]
    plan = Plan(
        rounds=1 if options.quick else 5,
        seconds=0.7 if options.quick else 1.2,
        warm_up_secs=0.3,
        connections=options.connections,
        cores=process.split_cores(),
        storage_parent=options.storage,
    )
    pinned = "server and load on a core each" if plan.cores else "NOT pinned to cores"
    print(
        f"Python {platform.python_version()}, {pinned}, {plan.connections} connections,"
        f" median of {plan.rounds} x {plan.seconds} s\n",
        flush=True,
    )
    try:
        print(report(measure_all(plan, cases)))
    except server.ServerError as error:
        sys.exit(f"ingest: {error}")


if __name__ == "__main__":
    main()
