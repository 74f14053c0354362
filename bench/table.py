"""Results as an aligned text table, or as one in Markdown."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import floor, log10

from row import Row

HEADER = ("what", "unit", "exporter", "baseline", "ratio", "target", "met", "beside", "note")
WORDS = (0, 1, 7, 8)
"""The columns that are words, and go to the left."""

DIGITS = 3
"""How many a figure has at least: more would be noise."""
MET = {True: "yes", False: "NO", None: ""}


def of_rows(rows: Sequence[Row]) -> str:
    """Lay rows out as one table, each section under its name."""
    lines: list[tuple[str, ...]] = []
    for section, group in groupby(rows, key=lambda row: row.section):
        lines.append((section.upper(), *[""] * (len(HEADER) - 1)))
        lines.extend(_cells(row) for row in group)
    return aligned(HEADER, lines)


def in_markdown(rows: Iterable[Row]) -> str:
    """Lay rows of one section out as a table of Markdown."""
    marks = ["---" if column in WORDS else "---:" for column in range(len(HEADER))]
    lines = [HEADER, tuple(marks), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        row.unit,
        figure(row.value),
        figure(row.baseline),
        ratio(row.ratio),
        row.target,
        MET[row.met],
        row.beside,
        row.note,
    )


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out under the header, words to the left and numbers to the right."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.ljust(width) if position in WORDS else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(placed).rstrip()

    rule = ["-" * width for width in widths]
    return "\n".join(line(cells) for cells in (header, rule, *rows))


def figure(value: float | None) -> str:
    """Write a figure with thousands apart, or a dash where there is none."""
    if value is None:
        return "-"
    before_the_point = floor(log10(abs(value))) + 1 if value else 1
    return f"{value:,.{min(max(DIGITS - before_the_point, 0), DIGITS)}f}"


def ratio(value: float | None) -> str:
    """Write how many times better than the baseline, or a dash where there is nothing to say."""
    if value is None:
        return "-"
    return f"{figure(value)}x"
