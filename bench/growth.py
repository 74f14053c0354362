"""Whether recording slows down as events come in: from none to five million, with memory beside.

50 models and 2,000 sessions, 100 events a push. The window has as many slots as ever, and is set to
four fifths of how long the run will take, after a short trial: it fills with four million events,
and then moves on. So five million in an hour or two are seen in a few minutes. Chunk by chunk the
obvious server gets a fifth of the events on its own, so that each point of a curve is of one
moment.

A shared machine may be half as fast again a minute later, so the first and the last chunk are no
pair. What events that came before cost is told by another: at the end a new exporter is started
beside the old one, meets every session once, and both are pushed the same in turns.
"""

import time
from collections.abc import Iterator
from itertools import cycle, islice
from statistics import median

import facts
import fill
import process
import section
import server
from row import Curve, Findings, Row, Target, compared
from section import Plan, progress

NAME = "five million events"
MODELS = 50
SESSIONS = 2_000
EVENTS = 5_000_000
EVENTS_QUICK = 200_000
CHUNKS = 20
BASELINE_SHARE = 5
WINDOW_SHARE = 0.8
TRIAL_SHARE = 100
"""One in so many events, and its share of the baseline's, tell how long the rest will take."""
ROUNDS = 9
TURNS = 10
"""Of a round, for each server."""
PUSHES_A_TURN = 50
"""60 ms: short beside how long a machine stays as fast as it is."""


class Pushes:
    """A push of every session in turn, for ever, each of the moment it is taken."""

    def __init__(self) -> None:
        made_at = time.time()
        source = facts.Facts(models=facts.models(MODELS), sessions=SESSIONS)
        pushes = source.push_of_each(fill.EVENTS_PER_PUSH, made_at)
        self._bodies = [facts.encoded(push) for push in pushes]
        self._then = facts.instant(made_at).encode()

    def __iter__(self) -> Iterator[bytes]:
        """Begin with the first session."""
        for body in cycle(self._bodies):
            yield body.replace(self._then, facts.instant(time.time()).encode())


class Course:
    """One server on its way: events so far, the cost of each chunk's events, memory after it."""

    def __init__(self, contender: server.Contender, running: server.Server, pushes: Pushes) -> None:
        self.contender = contender
        self.running = running
        self.idle_mb = running.memory_mb
        self.events: list[float] = []
        self.cpu_us: list[float] = []
        self.memory_mb: list[float] = []
        self._bodies = iter(pushes)

    def go_on(self, events: int) -> None:
        """Push that many more, and note what it took."""
        before = self.running.cpu_seconds()
        fill.push(self.running.port, islice(self._bodies, events // fill.EVENTS_PER_PUSH))
        cpu_seconds = self.running.cpu_seconds() - before
        self.events.append(self.total + events)
        self.cpu_us.append(cpu_seconds * 1e6 / events)
        self.memory_mb.append(self.running.memory_mb)

    @property
    def total(self) -> int:
        """How many events it was pushed."""
        return round(self.events[-1]) if self.events else 0


def measure(plan: Plan) -> Findings:
    """Take both servers from none to all events, in turns.

    Raises `server.ServerError` where one does not count what it was pushed.
    """
    if not plan.wants(NAME):
        return Findings()
    events = EVENTS_QUICK if plan.quick else EVENTS
    pushes = Pushes()
    window_secs = max(
        1, round(WINDOW_SHARE * TRIAL_SHARE * _trial_secs(pushes, events // TRIAL_SHARE, plan))
    )
    config = f"store: {{window_secs: {window_secs}, slots: {fill.SLOTS}}}\n"
    progress(f"{NAME}: a window of {window_secs} s")
    chunk = events // CHUNKS
    exporter, obvious = server.EXPORTER.with_config(config), server.OBVIOUS
    with (
        server.running(exporter, plan.server_core, plan.storage_parent) as one,
        server.running(obvious, plan.server_core, plan.storage_parent) as other,
    ):
        ours, theirs = Course(exporter, one, pushes), Course(obvious, other, pushes)
        for number in range(1, CHUNKS + 1):
            ours.go_on(chunk)
            theirs.go_on(chunk // BASELINE_SHARE)
            progress(f"{NAME} {number}/{CHUNKS}: {ours.cpu_us[-1]:.1f} CPU us/event")
        written = (process.written_bytes(one.pid) or 0) / ours.total
        for course in (ours, theirs):
            server.check_counted(course.contender, course.running.port, course.total)
        kept = sum(file.stat().st_size for file in one.storage.rglob("*") if file.is_file())
        with server.running(exporter, plan.server_core, plan.storage_parent) as another:
            young = Course(exporter, another, pushes)
            young.go_on(SESSIONS * fill.EVENTS_PER_PUSH)
            of_old, of_young = in_turns(one, another, pushes, plan.rounds(ROUNDS))
    rows = [*_rows(ours, theirs), _age_row(ours, of_old, of_young), *_disk_rows(written, kept)]
    return Findings(rows=rows, curves=list(_curves(ours, theirs)))


def _trial_secs(pushes: Pushes, events: int, plan: Plan) -> float:
    """Return how long it takes to push so many events, and the baseline's share of them."""
    seconds = 0.0
    for contender, share in ((server.EXPORTER, 1), (server.OBVIOUS, BASELINE_SHARE)):
        with server.running(contender, plan.server_core, plan.storage_parent) as running:
            course = Course(contender, running, pushes)
            began = time.monotonic()
            course.go_on(max(fill.EVENTS_PER_PUSH, events // share))
            seconds += time.monotonic() - began
    return seconds


def in_turns(
    one: server.Server, other: server.Server, pushes: Pushes, rounds: int
) -> tuple[list[float], list[float]]:
    """Push the same to two servers in turns; return what an event of each round cost them, in us.

    All that a server did from one round to the next counts: its snapshots go on in the other's
    turn.
    """
    servers, bodies = (one, other), iter(pushes)
    costs: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        before = [running.cpu_seconds() for running in servers]
        for turn in range(TURNS):
            now = list(islice(bodies, PUSHES_A_TURN))
            for running in servers[:: -1 if turn % 2 else 1]:
                fill.push(running.port, now)
        for cost, running, then in zip(costs, servers, before, strict=True):
            events = TURNS * PUSHES_A_TURN * fill.EVENTS_PER_PUSH
            cost.append((running.cpu_seconds() - then) * 1e6 / events)
    return costs


def _age_row(ours: Course, of_old: list[float], of_young: list[float]) -> Row:
    few = SESSIONS * fill.EVENTS_PER_PUSH
    return compared(
        NAME,
        f"recording after {ours.total:,} events, beside one that has had {few:,}",
        "CPU us/event",
        of_old,
        of_young,
        beside="agent-exporter, just started",
        note="in turns, so that both are of one moment; snapshots included",
    )


def _rows(ours: Course, theirs: Course) -> Iterator[Row]:
    fifth = CHUNKS // 5
    for work, part in (("first fifth", slice(fifth)), ("last fifth", slice(-fifth, None))):
        yield compared(
            NAME,
            f"recording, {work} of {ours.total:,} events",
            "CPU us/event",
            [median(ours.cpu_us[part])],
            [median(theirs.cpu_us[part])],
            beside=server.OBVIOUS.name,
        )
    yield compared(
        NAME,
        "memory, idle",
        "MB",
        [ours.idle_mb],
        [theirs.idle_mb],
        beside=server.OBVIOUS.name,
        target=Target(value_max=80.0),
    )
    yield compared(
        NAME,
        f"memory after {ours.total:,} events, {MODELS} models, {SESSIONS:,} sessions",
        "MB",
        [max(ours.memory_mb)],
        [max(theirs.memory_mb)],
        beside=server.OBVIOUS.name,
        target=Target(value_max=200.0),
        note=f"the most there was; the baseline had {theirs.total:,} events",
    )


def _disk_rows(written: float, kept: int) -> Iterator[Row]:
    yield compared(NAME, "written to the disk, snapshots included", "bytes/event", [written])
    yield compared(NAME, "kept on the disk at the end", "MB", [kept / 1e6])


def _curves(ours: Course, theirs: Course) -> Iterator[Curve]:
    for course, name in ((ours, server.EXPORTER.name), (theirs, server.OBVIOUS.name)):
        for plot, label, y in (
            ("events-cpu", "CPU us/event", course.cpu_us),
            ("events-memory", "resident MB", course.memory_mb),
        ):
            yield Curve(
                plot=plot, name=name, x_label="events so far", y_label=label, x=course.events, y=y
            )


if __name__ == "__main__":
    section.alone(measure, __doc__)
