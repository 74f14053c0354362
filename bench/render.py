"""How fast a scrape is rendered: `exporter.metrics` beside `prometheus_client.generate_latest`.

Both hold the series of the same completions, in this process, and process and Python metrics
besides. Cold: every (agent, provider, model) has completed once more since the last rendering.
Warm: nothing has changed. Figures are processor time, so a busy machine hardly disturbs them. The
longest pause is what one uninterrupted piece of rendering holds up: the exporter yields between
pieces, prometheus_client does all in one.
"""

import argparse
import gzip
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from statistics import median
from typing import NamedTuple

import facts
import table
from subjects import Exporter, Obvious, Subject

LINES_PER_KEY = 56
"""About what one (agent, provider, model) exposes."""

AGENTS = [f"{agent}-{number}" for number in range(10) for agent in facts.AGENTS]
MODELS = [(provider, f"{name}-{size}") for provider, name in facts.MODELS for size in ("a", "b")]
GZIP_LEVELS = (1, 6)
GZIP_HEADER = ("gzip level", "lines", "us/line", "ms", "of the size")
HEADER = (
    "format",
    "by",
    "lines",
    "cold us/line",
    "warm us/line",
    "cold ratio",
    "warm ratio",
    "longest pause ms",
)


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
    """One format, for one subject, as often as asked."""

    cold: list[Rendering]
    warm: list[Rendering]


def scenario(
    subject: Subject, supply: Callable[[], Sequence[facts.Fact]], repeats: int, *, openmetrics: bool
) -> Scenario:
    """Change everything, render twice, and so on."""
    measured = Scenario([], [])
    for _ in range(repeats):
        subject.record(supply())
        measured.cold.append(rendering(subject, openmetrics=openmetrics))
        measured.warm.append(rendering(subject, openmetrics=openmetrics))
    return measured


def supply_for(lines: int) -> Callable[[], Sequence[facts.Fact]]:
    """Return what makes one more completion of each of as many keys as give that many lines."""
    source = facts.Facts()
    keys = list(islice(product(AGENTS, MODELS), max(1, lines // LINES_PER_KEY)))

    def completions() -> Sequence[facts.Fact]:
        now = time.time()
        return [source.completion_of(agent, model, now) for agent, model in keys]

    return completions


def us_per_line(renderings: Sequence[Rendering]) -> float:
    """Return the median cost of a line."""
    return median(one.seconds * 1e6 for one in renderings) / renderings[-1].lines


def rows_of(size: Size, repeats: int) -> Iterator[tuple[str, ...]]:
    """Measure both subjects in both formats at one size."""
    for openmetrics in (False, True):
        baseline: Scenario | None = None
        for subject_class in (Obvious, Exporter):
            subject: Subject = subject_class()
            supply = supply_for(size.lines)
            measured = scenario(subject, supply, repeats, openmetrics=openmetrics)
            baseline = baseline or measured
            form = "OpenMetrics" if openmetrics else "text"
            yield (form, subject.name, *_figures(measured, baseline))


def _figures(measured: Scenario, baseline: Scenario) -> tuple[str, ...]:
    cold, warm = us_per_line(measured.cold), us_per_line(measured.warm)
    pause_seconds = max(one.pause_seconds for one in measured.cold)
    return (
        table.number(measured.cold[-1].lines),
        table.number(cold, 2),
        table.number(warm, 2),
        table.ratio(us_per_line(baseline.cold) / cold),
        table.ratio(us_per_line(baseline.warm) / warm),
        table.number(pause_seconds * 1e3, 1),
    )


def gzip_rows(size: Size) -> Iterator[tuple[str, ...]]:
    """Measure what compressing the exporter's text costs on top."""
    subject = Exporter()
    subject.record(supply_for(size.lines)())
    plain = rendering(subject, openmetrics=False)
    for level in GZIP_LEVELS:
        started = time.process_time()
        packed = gzip.compress(plain.text, level)
        seconds = time.process_time() - started
        yield (
            str(level),
            table.number(plain.lines),
            table.number(seconds * 1e6 / plain.lines, 2),
            table.number(seconds * 1e3, 1),
            f"{len(packed) / len(plain.text):.1%}",
        )


def main() -> None:
    """Measure and print the tables; under a minute, or ten seconds with `--quick`."""
    parser = argparse.ArgumentParser(description="Rendering, beside prometheus_client.")
    parser.add_argument("--quick", action="store_true", help="render each once")
    quick = parser.parse_args().quick
    print(f"Python {platform.python_version()}, processor time\n", flush=True)
    rows: list[tuple[str, ...]] = []
    for size in SIZES:
        print(f"{size.lines:,} lines", file=sys.stderr)
        rows.extend(rows_of(size, 1 if quick else size.repeats))
    print(table.aligned(HEADER, rows, left=2))
    packed = [row for size in SIZES for row in gzip_rows(size)]
    print()
    print(table.aligned(GZIP_HEADER, packed))


if __name__ == "__main__":
    main()
