"""`python bench/plots.py FILE`: draws the curves of a run as the pictures of docs/performance.md.

One picture for each plot of the findings, on white, so that they can be read on a dark page too.
Needs matplotlib, which nothing else here does (requirements/bench.in).
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import row
from matplotlib.figure import Figure
from row import Curve

PICTURES = Path(__file__).parents[1] / "docs" / "images" / "performance"
SIZE_INCHES = (6.4, 3.2)
WIDE_RATIO = 50
"""Where the largest x is so many times the least, steps are multiples and the axis logarithmic."""

TITLES = {
    "events-cpu": "Recording, as events come in",
    "events-memory": "Memory, as events come in",
    "series-cpu": "Recording, by series",
    "series-memory": "Memory, by series",
    "models-cpu": "Recording, by models",
    "models-memory": "Memory, by models",
    "sessions-cpu": "Recording, by sessions",
    "sessions-memory": "Memory, by sessions",
    "reads": "JSON reads, by models",
}
COLOURS = ("#0b6e99", "#c2571a", "#4d7c0f", "#7e22ce", "#be123c", "#525252")
"""Dark enough to stand out on white, and told apart by their lightness too."""
MARKERS = "osD^vP"


def draw(plot: str, curves: Sequence[Curve]) -> Figure:
    """Draw the curves of one plot; zero is on the y axis, so that flat looks flat."""
    figure = Figure(figsize=SIZE_INCHES, layout="constrained", facecolor="white")
    axes = figure.subplots()
    for curve, colour, marker in zip(curves, COLOURS, MARKERS, strict=False):
        axes.plot(curve.x, curve.y, color=colour, marker=marker, markersize=4, label=curve.name)
    first = curves[0]
    wide = first.x[-1] >= WIDE_RATIO * first.x[0]
    if wide:
        axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(bottom=0)
    axes.set_title(TITLES.get(plot, plot), loc="left", fontsize=11)
    axes.set_xlabel(first.x_label)
    axes.set_ylabel(first.y_label)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        axes.legend(frameon=False, fontsize=9)
    return figure


def main() -> None:
    """Draw every plot of a file of findings."""
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/performance.md.")
    parser.add_argument("file", type=Path, help="what `bench/all.py --json FILE` wrote")
    parser.add_argument("--to", type=Path, default=PICTURES, metavar="DIRECTORY")
    options = parser.parse_args()
    # The same figures give the same file: no ids of chance, and no date.
    mpl.rcParams["svg.hashsalt"] = "agent-exporter"
    plots: dict[str, list[Curve]] = defaultdict(list)
    for curve in row.load(options.file).curves:
        plots[curve.plot].append(curve)
    options.to.mkdir(parents=True, exist_ok=True)
    for plot, curves in plots.items():
        path = options.to / f"{plot}.svg"
        draw(plot, curves).savefig(path, metadata={"Date": None})
        print(path)


if __name__ == "__main__":
    main()
