"""Results as an aligned text table: the first column to the left, numbers to the right."""

from collections.abc import Sequence


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Lay the rows out under the header; the first `left` columns are words."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.ljust(width) if position < left else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(placed).rstrip()

    rule = ["-" * width for width in widths]
    return "\n".join(line(cells) for cells in (header, rule, *rows))


def number(value: float | None, places: int = 0) -> str:
    """Write a figure with thousands apart, or a dash where there is none."""
    return "-" if value is None else f"{value:,.{places}f}"


def ratio(value: float | None) -> str:
    """Write how many times better than the baseline, or a dash where there is nothing to say."""
    return "-" if value is None else f"{value:.1f}x"
