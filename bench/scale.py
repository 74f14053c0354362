"""How cost grows: with series, with models and with sessions, one axis at a time.

At each point a fresh server is filled with so many of them, the events spread over the whole
window, and then gets a stretch of live traffic among them, whose processor time is taken. Memory is
what it holds then above what it held when idle. The obvious server is beside it where it knows the
axis.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from statistics import median
from typing import NamedTuple

import facts
import fill
import scrape
import section
import server
from row import Curve, Findings, Row, compared
from section import Plan, progress

NAME = "how cost grows"
ROUNDS = 2
LIVE_EVENTS, LIVE_EVENTS_QUICK = 40_000, 10_000
SESSION_SLOTS = 12
"""Of the window's slots, in how many a session does something."""


class Point(NamedTuple):
    """One server, filled: microseconds an event of live traffic, and memory."""

    cpu_us: float
    memory_mb: float


UNITS = {"cpu_us": "CPU us/event", "memory_mb": "MB above idle"}
"""The figures of a point, and what they are told in."""


class Axis(NamedTuple):
    """What grows, and at which sizes; the pushes that fill a server with so many, and live traffic.

    `contenders` are those that know of it.
    """

    what: str
    x_label: str
    sizes: tuple[int, ...]
    fill: Callable[[int], list[bytes]]
    live: Callable[[int], Iterator[bytes]]
    contenders: tuple[server.Contender, ...]


def _series(lines: int) -> list[bytes]:
    return list(fill.one_of_each(fill.keys(lines)))


def _live_series(lines: int) -> Iterator[bytes]:
    source, now = facts.Facts(), time.time()
    completions = (source.completion_of(*key, now) for key in cycle(fill.keys(lines)))
    return facts.batches(completions, fill.EVENTS_PER_PUSH)


def _live_models(models: int) -> Iterator[bytes]:
    return _live(facts.Facts(models=facts.models(models)))


def _sessions(sessions: int) -> list[bytes]:
    """Return pushes of every session in some slots of the window, the oldest slot first."""
    source, ending_at = facts.Facts(sessions=sessions), time.time()
    slot_secs = fill.WINDOW_SECS / fill.SLOTS
    completions = (
        completion
        for age in range(SESSION_SLOTS - 1, -1, -1)
        for push in source.push_of_each(1, ending_at - age * slot_secs)
        for completion in push
    )
    return list(facts.batches(completions, fill.EVENTS_PER_PUSH))


def _live_sessions(sessions: int) -> Iterator[bytes]:
    return _live(facts.Facts(sessions=sessions))


def _live(source: facts.Facts) -> Iterator[bytes]:
    now = time.time()
    while True:
        yield facts.encoded(source.push(fill.EVENTS_PER_PUSH, now))


BOTH = (server.EXPORTER, server.OBVIOUS)
AXES = (
    Axis(
        "series",
        "lines of a scrape",
        (1_000, 10_000, 30_000, 100_000),
        _series,
        _live_series,
        BOTH,
    ),
    Axis(
        "models",
        f"models in {fill.SLOTS} slots each",
        (1, 10, 100, 1_000),
        fill.window_of,
        _live_models,
        BOTH,
    ),
    Axis(
        "sessions",
        f"sessions in {SESSION_SLOTS} slots each",
        (10, 100, 1_000, 10_000),
        _sessions,
        _live_sessions,
        (server.EXPORTER,),
    ),
)


def point(axis: Axis, size: int, contender: server.Contender, plan: Plan) -> Point:
    """Fill a fresh server and measure it.

    Raises `server.ServerError` where it does not count what it was pushed.
    """
    filling = axis.fill(size)
    events = LIVE_EVENTS_QUICK if plan.quick else LIVE_EVENTS
    live = list(islice(axis.live(size), events // fill.EVENTS_PER_PUSH))
    configured = contender.with_config(scrape.CONFIG)
    with server.running(configured, plan.server_core, plan.storage_parent) as running:
        idle_mb = running.memory_mb
        fill.push(running.port, filling)
        server.get(running.port, "/metrics")
        before = running.cpu_seconds()
        fill.push(running.port, live)
        cpu_seconds = running.cpu_seconds() - before
        memory_mb = running.memory_mb - idle_mb
        filled = sum(body.count(b'"type":"completion"') for body in filling)
        server.check_counted(contender, running.port, filled + events)
    return Point(cpu_seconds * 1e6 / events, memory_mb)


def measure(plan: Plan) -> Findings:
    """Measure every axis, round by round."""
    rows: list[Row] = []
    curves: list[Curve] = []
    for axis in AXES:
        if not plan.wants(axis.what):
            continue
        sizes = axis.sizes[:2] if plan.quick else axis.sizes
        measured = _measured(axis, sizes, plan)
        rows.extend(_rows(axis, sizes, measured))
        curves.extend(_curves(axis, sizes, measured))
    return Findings(rows=rows, curves=curves)


Measured = dict[tuple[server.Contender, int], list[Point]]
"""Each server at each size, one point a round."""


def _measured(axis: Axis, sizes: Sequence[int], plan: Plan) -> Measured:
    measured: Measured = {(one, size): [] for one in axis.contenders for size in sizes}
    for turn in range(1, plan.rounds(ROUNDS) + 1):
        for size in sizes:
            for contender in axis.contenders:
                measured[contender, size].append(point(axis, size, contender, plan))
        progress(f"{NAME} {turn}/{plan.rounds(ROUNDS)}: {axis.what}")
    return measured


def _rows(axis: Axis, sizes: Sequence[int], measured: Measured) -> Iterator[Row]:
    for size in sizes:
        ours = measured[server.EXPORTER, size]
        theirs = measured.get((server.OBVIOUS, size), [])
        for figure, unit in UNITS.items():
            yield compared(
                NAME,
                f"{size:,} {axis.x_label}",
                unit,
                [getattr(one, figure) for one in ours],
                [getattr(one, figure) for one in theirs],
                beside=server.OBVIOUS.name,
            )


def _curves(axis: Axis, sizes: Sequence[int], measured: Measured) -> Iterator[Curve]:
    for contender in axis.contenders:
        rounds = [measured[contender, size] for size in sizes]
        for figure, unit in UNITS.items():
            yield Curve(
                plot=f"{axis.what}-{figure.partition('_')[0]}",
                name=contender.name,
                x_label=axis.x_label,
                y_label=unit,
                x=[float(size) for size in sizes],
                y=[median(getattr(one, figure) for one in points) for points in rounds],
            )


if __name__ == "__main__":
    section.alone(measure, __doc__)
