"""Whether recording slows down as events come in: from none to five million, with memory beside.

50 models and 2,000 sessions, 100 events a push. The window has as many slots as ever, and is set to
four fifths of how long the run will take, after a short trial: it fills with four million events,
and then moves on. So five million in an hour or two are seen in a few minutes. Chunk by chunk the
obvious server gets a fifth of the events on its own, so that each point of a curve is of one
moment.
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
    rows = [*_rows(ours, theirs), *_disk_rows(written, kept)]
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
