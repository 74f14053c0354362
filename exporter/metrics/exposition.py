"""The exposition: all families as text, in pieces small enough to let other work go on between.

The text is put together from what each series keeps (`exporter.metrics.series`), and equals what
prometheus_client's encoders write for the same state, line for line; a property test holds that.
A rendering is not one instant: between two pieces a push may be committed, so two families may be a
push apart. Within a piece, and so within every histogram, all numbers belong together.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from exporter.metrics.process import ProcessMetrics
from exporter.metrics.registry import Registry
from exporter.metrics.table import Table
from exporter.metrics.text import escaped, escaped_help

LINES_PER_PIECE = 1_000
"""About 0.5 ms of rendering where everything has changed, and 10 ms the very first time."""


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
    if openmetrics:
        header = (
            f"# HELP {family.name} {escaped(family.help)}\n# TYPE {family.name} {family.type}\n"
        )
        if family.unit:
            header += f"# UNIT {family.name} {family.unit}\n"
        for start in range(0, len(series), step):
            yield header + "".join([one.openmetrics() for one in series[start : start + step]])
            header = ""
        return
    name = family.sample_name
    header = f"# HELP {name} {escaped_help(family.help)}\n# TYPE {name} {family.type}\n"
    for start in range(0, len(series), step):
        yield header + "".join([one.text() for one in series[start : start + step]])
        header = ""
