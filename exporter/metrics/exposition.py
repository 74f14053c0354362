"""The exposition: all families as text, in pieces small enough to let other work go on between.

The text is put together from what each series keeps (`exporter.metrics.lines`), and equals what
prometheus_client's encoders write for the same state, line for line; a property test holds that.
A rendering is not one instant: between two pieces a push may be committed, so two families may be a
push apart. Within a piece, and so within every histogram, all numbers belong together.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from exporter.metrics.catalogue import Family
from exporter.metrics.lines import lines
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.registry import Registry
from exporter.metrics.table import Table
from exporter.metrics.text import escaped, escaped_help

LINES_PER_PIECE = 1_000
"""About 0.4 ms of rendering where everything has changed, and 10 ms the very first time."""


class Format(Enum):
    """The formats that are spoken; the value is the media type with its version."""

    TEXT_0_0_4 = "text/plain; version=0.0.4"
    TEXT_1_0_0 = "text/plain; version=1.0.0"
    OPENMETRICS_1_0_0 = "application/openmetrics-text; version=1.0.0"


def render(registry: Registry, process: ProcessMetrics, form: Format, now: float) -> Iterator[str]:
    """Yield the exposition as of `now`, Unix seconds, piece by piece."""
    openmetrics = form is Format.OPENMETRICS_1_0_0
    registry.refresh(now)
    for table in registry.tables():
        yield from _family(table, openmetrics=openmetrics)
    yield process.render(openmetrics=openmetrics)
    if openmetrics:
        yield "# EOF\n"


def _family(table: Table[Any], *, openmetrics: bool) -> Iterator[str]:
    series = table.all()
    if not series:
        return
    family = table.family
    step = max(1, LINES_PER_PIECE // family.lines_per_label_set)
    header = _header(family, openmetrics=openmetrics)
    for start in range(0, len(series), step):
        piece = lines(series[start : start + step], family, openmetrics=openmetrics)
        yield header + "".join(piece)
        header = ""


def _header(family: Family, *, openmetrics: bool) -> str:
    if not openmetrics:
        name = family.sample_name
        return f"# HELP {name} {escaped_help(family.help)}\n# TYPE {name} {family.type}\n"
    unit = f"# UNIT {family.name} {family.unit}\n" if family.unit else ""
    head = f"# HELP {family.name} {escaped(family.help)}\n# TYPE {family.name} {family.type}\n"
    return head + unit
