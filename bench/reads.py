"""What the JSON reads cost with many models, every slot of the window filled, and with more events.

The baseline is the exporter itself after nine times the same events on top: what a read costs goes
by models and slots, and not by events. No other server here can answer these. A push comes before
every read, lest a whole answer be kept from the last one: of one event, or, in rows of their own,
of an event of every model, so that nothing of the answer can be.
"""

from collections.abc import Iterator, Sequence
from statistics import median

import facts
import fill
import section
import server
from row import Curve, Findings, Row, Target, compared
from section import Plan, progress

NAME = "JSON reads"
ROUNDS = 3
MODELS = (10, 100, 1000)
SESSIONS = 2_000
REPEATS, REPEATS_QUICK = 9, 3
MORE_TIMES = 9
"""How often the same events are pushed again, for the baseline."""
READS = {
    "models": "/api/v1/models",
    "one model": "/api/v1/models/{model}",
    "overview": "/api/v1/overview",
    "timeline": "/api/v1/timeline?limit=50&points=120",
    "sessions by cost": "/api/v1/sessions?sort=cost",
    "snapshot": "/api/v1/snapshot",
}
SOON = Target(value_max=20.0)

Costs = dict[str, float]
"""Milliseconds of processor time that each read takes."""


def costs(running: server.Server, models: int, repeats: int, changed: int = 1) -> Costs:
    """Return what every read costs once so many models changed, the median of several."""
    known = facts.models(models)
    keys = [(fill.AGENTS[0], model) for model in known[:changed]]
    _, model = known[0]
    taken: dict[str, list[float]] = {name: [] for name in READS}
    for _ in range(repeats):
        for name, path in READS.items():
            fill.push(running.port, fill.one_of_each(keys, seed=2))
            before = running.cpu_seconds()
            server.get(running.port, path.format(model=model))
            taken[name].append((running.cpu_seconds() - before) * 1e3)
    return {name: median(times) for name, times in taken.items()}


class Round:
    """One fresh server: what reads cost, and what they cost after more events.

    Raises `server.ServerError` where it does not count what it was pushed.
    """

    def __init__(self, models: int, plan: Plan) -> None:
        bodies = fill.window_of(models, sessions=SESSIONS)
        times, repeats = (1, REPEATS_QUICK) if plan.quick else (MORE_TIMES, REPEATS)
        exporter = server.EXPORTER
        with server.running(exporter, plan.server_core, plan.storage_parent) as running:
            fill.push(running.port, bodies)
            self.few = costs(running, models, repeats)
            self.all_changed = costs(running, models, repeats, changed=models)
            for _ in range(times):
                fill.push(running.port, bodies)
            self.many = costs(running, models, repeats)
            self.events = models * (fill.SLOTS - 1)
            read = repeats * len(READS) * (2 + models)
            server.check_counted(exporter, running.port, self.events * (1 + times) + read)


def measure(plan: Plan) -> Findings:
    """Measure every size, round by round."""
    rows: list[Row] = []
    read_curves: dict[str, list[float]] = {name: [] for name in READS}
    wanted = [models for models in plan.some(MODELS) if plan.wants(f"{models:,} models")]
    for models in wanted:
        rounds = []
        for turn in range(1, plan.rounds(ROUNDS) + 1):
            rounds.append(Round(models, plan))
            progress(f"{NAME} {turn}/{plan.rounds(ROUNDS)}: {models:,} models")
        rows.extend(_rows(models, rounds, plan))
        for name in READS:
            read_curves[name].append(median(one.few[name] for one in rounds))
    return Findings(rows=rows, curves=list(_curves(wanted, read_curves)))


def _rows(models: int, rounds: Sequence[Round], plan: Plan) -> Iterator[Row]:
    times = 2 if plan.quick else 1 + MORE_TIMES
    for name in READS:
        yield compared(
            NAME,
            f"{models:,} models x {fill.SLOTS} slots: {name}",
            "CPU ms/read",
            [one.few[name] for one in rounds],
            [one.many[name] for one in rounds],
            beside=f"itself, {times} x the events",
            target=SOON,
            note=f"{rounds[0].events:,} events",
        )
    for name in READS:
        yield compared(
            NAME,
            f"{models:,} models x {fill.SLOTS} slots, every model changed: {name}",
            "CPU ms/read",
            [one.all_changed[name] for one in rounds],
            [one.few[name] for one in rounds],
            beside="itself, one model changed",
            target=SOON,
        )


def _curves(models: Sequence[int], reads: dict[str, list[float]]) -> Iterator[Curve]:
    for name, costs_ms in reads.items():
        yield Curve(
            plot="reads",
            name=name,
            x_label=f"models in {fill.SLOTS} slots each",
            y_label="CPU ms/read",
            x=[float(count) for count in models],
            y=costs_ms,
        )


if __name__ == "__main__":
    section.alone(measure, __doc__)
