"""PromQL, made of the families of the catalogue.

Every selector has the board's `job` and `instance`, and those of `agent`, `provider` and `model`
that are labels of its family. A board looks at many exporters, so everything is aggregated.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from exporter.metrics import catalogue
from exporter.metrics.catalogue import CATALOGUE, Family

RATE_INTERVAL: Final = "$__rate_interval"
SHOWN: Final = "$__range"
"""All of the time that the board shows."""

REMEMBERED: Final = "7d"
"""For how long a target that cannot be scraped is known to be an exporter, as in the alerts."""

Part = Literal["", "bucket", "count", "sum"]

UP = Family("up", "gauge", "Whether the last scrape of a target succeeded.")
PROCESS_CPU = Family("process_cpu_seconds", "counter", "CPU time of the process.")
PROCESS_MEMORY = Family("process_resident_memory_bytes", "gauge", "Memory of the process.")
PROCESS_OPEN_FILES = Family("process_open_fds", "gauge", "Open files of the process.")
PROCESS_FILES_MAX = Family("process_max_fds", "gauge", "Files that it may have open.")
PROCESS_START = Family("process_start_time_seconds", "gauge", "When the process began.")

FOREIGN: Final = (
    *(UP, PROCESS_CPU, PROCESS_MEMORY, PROCESS_OPEN_FILES, PROCESS_FILES_MAX),
    PROCESS_START,
)
"""What boards ask for beside the catalogue: Prometheus's own, and prometheus_client's.

Every target has them, whatever it is, so they are narrowed to targets that are exporters.
"""

_FILTERS = ("agent", "provider", "model")
_OF_PROVIDERS = (catalogue.RATE_LIMITED, catalogue.RATE_LIMIT_RESET)
"""Families whose `model` may be empty: then they tell of all models of the provider."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a panel. `legend` names its series; a table has one row for each series."""

    expr: str
    legend: str = ""
    form: Literal["time_series", "table", "heatmap"] = "time_series"
    instant: bool = False
    exemplar: bool = False


def at_once(expr: str, legend: str = "") -> Query:
    """Return a query of this instant, which has no value where there was no traffic just now."""
    return Query(expr, legend, instant=True)


def column(expr: str) -> Query:
    """Return the query that fills one column of a table."""
    return Query(expr, form="table", instant=True)


def select(family: Family, *matchers: str, part: Part = "") -> str:
    """Return the selector of a family's series on this board; `part` is that of a histogram."""
    name = f"{family.sample_name}_{part}" if part else family.sample_name
    every = ['job=~"$job"', 'instance=~"$instance"']
    for label in _FILTERS:
        if label in family.labels:
            whole = "|" if label == "model" and family in _OF_PROVIDERS else ""
            every.append(f'{label}=~"${label}{whole}"')
    return f"{name}{{{', '.join([*every, *matchers])}}}"


def of_exporters(family: Family) -> str:
    """Return the values of a foreign family: its growth a second, if it is a counter.

    What a process tells of itself comes in one scrape with what says that it is an exporter. `up`
    is there when nothing else is, so for that it is enough to have been one lately.
    """
    told = select(family)
    values = f"rate({told}[{RATE_INTERVAL}])" if family.type == "counter" else told
    exporter = select(catalogue.BUILD_INFO)
    if family is UP:
        exporter = f"last_over_time({exporter}[{REMEMBERED}])"
    return f"({values} and on (job, instance) {exporter})"


def rate(family: Family, *matchers: str, by: str = "", part: Part = "") -> str:
    """Return how fast a counter grows, a second."""
    return total(f"rate({select(family, *matchers, part=part)}[{RATE_INTERVAL}])", by)


def growth(family: Family, *matchers: str, by: str = "", part: Part = "", over: str = SHOWN) -> str:
    """Return by how much a counter grew over a duration."""
    return total(f"increase({select(family, *matchers, part=part)}[{over}])", by)


def total(expr: str, by: str = "") -> str:
    """Return the sum."""
    return _aggregated("sum", expr, by)


def highest(expr: str, by: str = "") -> str:
    """Return the maximum: of what several exporters may tell alike, such as one allowance."""
    return _aggregated("max", expr, by)


def ratio(part: str, whole: str) -> str:
    """Return a quotient that is missing, and not NaN, where there is nothing to divide by."""
    return f"{part} / ({whole} > 0)"


def or_zero(expr: str) -> str:
    """Return an expression without labels that is 0 where nothing was ever counted."""
    return f"({expr} or vector(0))"


def quantile(share: float, family: Family, *, by: str = "", over: str = "") -> str:
    """Return a quantile of a histogram: of just now, or of the growth over a duration."""
    labels = f"{by}, le" if by else "le"
    if over:
        buckets = growth(family, by=labels, part="bucket", over=over)
    else:
        buckets = rate(family, by=labels, part="bucket")
    return f"histogram_quantile({share}, {buckets})"


def within(boundary: str, family: Family, *, by: str = "") -> str:
    """Return the share of observations up to a boundary of a bucket."""
    below = rate(family, f'le="{boundary}"', by=by, part="bucket")
    return ratio(below, rate(family, by=by, part="count"))


def names_in(exprs: list[str]) -> list[str]:
    """Return the families that expressions ask for, by the names that PromQL has for them."""
    known = [family.sample_name for family in (*CATALOGUE, *FOREIGN)]
    words = {word for expr in exprs for word in re.findall(r"[a-z][a-z0-9_]*(?={)", expr)}
    words |= {re.sub(r"_(bucket|count|sum)$", "", word) for word in words}
    return [name for name in known if name in words]


def _aggregated(how: str, expr: str, by: str) -> str:
    return f"{how} by ({by}) ({expr})" if by else f"{how}({expr})"
