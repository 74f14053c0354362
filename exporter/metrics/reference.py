"""The catalogue as a page for people: `docs/metrics.md`."""

from exporter.metrics.catalogue import CATALOGUE, Closed, Family
from exporter.metrics.text import number

_HEAD = """# Metrics

Generated from `exporter/metrics/catalogue.py` by `make docs`; do not edit.

Counters and histograms never expire. A gauge marked *expires* vanishes when no reading has come for
`metrics.gauge_ttl_secs`. Labels in *italics* take their values from what is pushed: each has a
budget (`metrics.label_values_max`), past which a value is written as `_other`.
Outcomes, error types, log levels, unpriced and mismatch counters start at 0 with the first event of
their labels; everything else appears when its first value is known: zero is emitted, unknown is
absent. So what was counted before the first scrape of an exporter (or, of a new model, before the
first scrape that has it) is in no `increase()` and no `rate()`, unless Prometheus
[ingests created timestamps](operations.md#what-increase-sees). In OpenMetrics, counters and
histograms carry `_created`, and `agent_completion_duration_seconds` carries exemplars (`trace_id`).
A quota's gauges vanish too once the allowance is renewed.
"""


def page() -> str:
    """Return the page, in Markdown."""
    agents = [family for family in CATALOGUE if not family.name.startswith("agent_exporter_")]
    own = [family for family in CATALOGUE if family.name.startswith("agent_exporter_")]
    return "\n".join(
        [
            _HEAD,
            "## Agents",
            "",
            *_table(agents),
            "",
            "## The exporter itself",
            "",
            *_table(own),
            "",
            "Besides these: `process_*` and `python_*`, as prometheus_client has them.",
            "",
            "## Buckets",
            "",
            *(_buckets(family) for family in CATALOGUE if family.buckets),
            "",
        ]
    )


def _table(families: list[Family]) -> list[str]:
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for family in families:
        labels = [f"*{name}*" for name in family.open_labels]
        labels += [_closed(label) for label in family.closed_labels]
        kind = f"{family.type}, expires" if family.expiring else family.type
        rows.append(f"| `{family.sample_name}` | {kind} | {', '.join(labels)} | {family.help} |")
    return rows


def _closed(label: Closed) -> str:
    return f"{label.name} ({', '.join(label.values)})" if label.values else label.name


def _buckets(family: Family) -> str:
    bounds = ", ".join(number(bound).removesuffix(".0") for bound in family.buckets)
    return f"- `{family.name}`: {bounds}"
