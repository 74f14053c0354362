"""How fast a scrape is rendered: `exporter.metrics` beside `prometheus_client.generate_latest`.

Both hold the series of the same completions, in this process, and process and Python metrics
besides. All changed: every (agent, provider, model) has completed once more since the last
rendering. Figures are processor time, so a busy machine hardly disturbs them. The longest piece is
what one uninterrupted stretch of rendering holds up: the exporter yields between pieces,
prometheus_client does all in one.
"""

import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import facts
import fill
import section
from row import Findings, Row, Target, compared
from section import Plan, progress
from subjects import Exporter, Obvious, Subject

GZIP_LEVELS = (1, 9)
"""The exporter's, and what Python's gzip takes unless it is told."""
LARGE_LINES = 50_000
NAME = "rendering, in process"
CHEAP = Target(value_max=0.5)


class Size(NamedTuple):
    """How many lines, and how often they are rendered."""

    lines: int
    repeats: int


SIZES = (Size(1_000, 15), Size(10_000, 7), Size(100_000, 3))


class Rendering(NamedTuple):
    """One rendering: its text, the time of all of it and of its longest piece."""

    text: bytes
    seconds: float
    pause_seconds: float

    @property
    def lines(self) -> int:
        """How many samples there are, comments not counted."""
        return sum(not line.startswith(b"#") for line in self.text.splitlines())


def rendering(subject: Subject, *, openmetrics: bool) -> Rendering:
    """Render once, with a look at the clock after each piece."""
    pieces = []
    started = at = time.process_time()
    pause = 0.0
    for piece in subject.pieces(openmetrics=openmetrics):
        pieces.append(piece)
        now = time.process_time()
        pause, at = max(pause, now - at), now
    text = b"".join(pieces)
    return Rendering(text, time.process_time() - started, pause)


class Scenario(NamedTuple):
    """One format, for one subject: the very first time, and then as often as asked."""

    first: Rendering
    cold: list[Rendering]
    warm: list[Rendering]

    @property
    def pause_ms(self) -> float:
        """The longest that anything of this held up."""
        return max(one.pause_seconds for one in (self.first, *self.cold)) * 1e3


def scenario(
    subject: Subject, supply: Callable[[], Sequence[facts.Fact]], repeats: int, *, openmetrics: bool
) -> Scenario:
    """Render for the first time; then change everything, render twice, and so on."""
    subject.record(supply())
    measured = Scenario(rendering(subject, openmetrics=openmetrics), [], [])
    for _ in range(repeats):
        subject.record(supply())
        measured.cold.append(rendering(subject, openmetrics=openmetrics))
        measured.warm.append(rendering(subject, openmetrics=openmetrics))
    return measured


def supply_for(lines: int) -> Callable[[], Sequence[facts.Fact]]:
    """Return what makes one more completion of each of as many keys as give that many lines."""
    source = facts.Facts()
    keys = fill.keys(lines)

    def completions() -> Sequence[facts.Fact]:
        now = time.time()
        return [source.completion_of(agent, model, now) for agent, model in keys]

    return completions


def us_per_line(renderings: Sequence[Rendering]) -> list[float]:
    """Return what a line cost, each time."""
    return [one.seconds * 1e6 / one.lines for one in renderings]


def rows_of(size: Size, repeats: int) -> Iterator[Row]:
    """Measure both subjects in both formats at one size."""
    for form in ("text", "OpenMetrics"):
        both = []
        for subject_class in (Exporter, Obvious):
            subject: Subject = subject_class()
            supply = supply_for(size.lines)
            both.append(scenario(subject, supply, repeats, openmetrics=form == "OpenMetrics"))
        yield from _rows(f"{size.lines:,} lines, {form}", *both)
    yield from gzip_rows(size)


def _rows(work: str, ours: Scenario, theirs: Scenario) -> Iterator[Row]:
    large = ours.cold[-1].lines > LARGE_LINES
    for state, mine, other in (
        ("first of all", [ours.first], [theirs.first]),
        ("all changed", ours.cold, theirs.cold),
        ("nothing changed", ours.warm, theirs.warm),
    ):
        yield compared(
            NAME,
            f"{work}, {state}",
            "CPU us/line",
            us_per_line(mine),
            us_per_line(other),
            beside=Obvious.name,
            target=CHEAP if large and state != "first of all" else None,
            note=f"{mine[-1].lines:,} lines",
        )
    yield compared(
        NAME,
        f"{work}, longest piece",
        "CPU ms",
        [ours.pause_ms],
        [theirs.pause_ms],
        beside=Obvious.name,
    )


def gzip_rows(size: Size) -> Iterator[Row]:
    """Measure what compressing the exporter's text costs on top, beside the highest level."""
    subject = Exporter()
    subject.record(supply_for(size.lines)())
    plain = rendering(subject, openmetrics=False)
    packed, cost_us = {}, {}
    for level in GZIP_LEVELS:
        started = time.process_time()
        packed[level] = len(gzip.compress(plain.text, level))
        cost_us[level] = (time.process_time() - started) * 1e6 / plain.lines
    ours, highest = GZIP_LEVELS
    yield compared(
        NAME,
        f"{size.lines:,} lines, gzip on top",
        "CPU us/line",
        [cost_us[ours]],
        [cost_us[highest]],
        beside=f"gzip level {highest}",
        note=" and ".join(f"{size / len(plain.text):.1%}" for size in packed.values()) + " is left",
    )


def measure(plan: Plan) -> Findings:
    """Measure every size."""
    rows: list[Row] = []
    for size in plan.some(SIZES):
        if plan.wants(f"{size.lines:,} lines"):
            progress(f"{NAME}: {size.lines:,} lines")
            rows.extend(rows_of(size, plan.rounds(size.repeats)))
    return Findings(rows=rows)


if __name__ == "__main__":
    section.alone(measure, __doc__)
