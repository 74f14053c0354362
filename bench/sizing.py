"""The sizing rule: what a user has to reckon with, from the curves of a run.

Memory grows in a straight line along each axis once there is enough to measure, so a rule is the
slope between the two largest points. Every figure is of this machine but for memory and bytes.
"""

from collections.abc import Sequence

from row import Curve, Findings, Row

EXPORTER = "agent-exporter"
HOUR_SECS = 3600
KILO, MEGA = 1e3, 1e6


def told(findings: Findings) -> str:
    """Return the rule as a table of Markdown; a figure that was not measured is left out."""
    lines = [*_memory(findings.curves), *_work(findings.rows)]
    return "\n".join(["| what | reckon with |", "|---|---|", *lines])


def _memory(curves: Sequence[Curve]) -> list[str]:
    slopes = {
        "1,000 lines of `/metrics`": ("series-memory", 1_000),
        "a model, in every slot of the window": ("models-memory", 1),
        "100 sessions, in 12 slots each": ("sessions-memory", 100),
    }
    lines = []
    for what, (plot, many) in slopes.items():
        slope = _slope(curves, plot)
        if slope is not None:
            lines.append(f"| memory: {what} | {_megabytes(slope * many)} |")
    return lines


def _slope(curves: Sequence[Curve], plot: str) -> float | None:
    """Return MB for one more of what the plot is about, or `None` where it was not measured."""
    for curve in curves:
        if (curve.plot, curve.name) == (plot, EXPORTER) and len(curve.x) > 1:
            return max(0.0, (curve.y[-1] - curve.y[-2]) / (curve.x[-1] - curve.x[-2]))
    return None


def _work(rows: Sequence[Row]) -> list[str]:
    lines = []
    idle = _value(rows, "memory, idle", "MB")
    if idle is not None:
        lines.append(f"| memory: before the first event | {idle:.0f} MB |")
    single = _value(rows, "1 event a push, JSON array", "CPU us/event")
    batched = _value(rows, "100 events a push, JSON array", "CPU us/event")
    for what, cost in (("each pushed alone", single), ("in pushes of 100", batched)):
        if cost is not None:
            events = f"{1e6 / cost:,.0f} events/s fill a core"
            lines.append(f"| processor: an event, {what} | {cost:.1f} us: {events} |")
    written = _value(rows, "written to the disk, snapshots included", "bytes/event")
    if written is not None:
        rate = f"{written * KILO / MEGA:.2f} MB/s at 1,000 events/s"
        lines.append(
            f"| disk: an event, with its share of snapshots | {written:,.0f} bytes: {rate} |"
        )
    return lines


def _value(rows: Sequence[Row], work: str, unit: str) -> float | None:
    found = [row.value for row in rows if (row.work, row.unit) == (work, unit)]
    return found[0] if found else None


def _megabytes(size: float) -> str:
    return f"{size:.1f} MB" if size >= 1 else f"{size * KILO:.0f} kB"
