"""What the catalogue says of the metrics that expressions ask for."""

from deploy.grafana.generator.queries import FOREIGN
from exporter.metrics.catalogue import CATALOGUE, Family
from tests.deploy.prometheus.promql import Selector

OF_TARGETS = {"job", "instance"}
"""Labels that Prometheus adds to everything it scrapes."""

SAMPLES: dict[str, Family] = {
    name: family
    for family in (*CATALOGUE, *FOREIGN)
    for name in (
        [f"{family.name}_{part}" for part in ("bucket", "sum", "count")]
        if family.type == "histogram"
        else [family.sample_name]
    )
}
"""The families by the names of their samples."""


def unknown_labels(selector: Selector) -> set[str]:
    """Return the labels that a selector or what stands around it names, and its family has not."""
    family = SAMPLES[selector.metric]
    known = OF_TARGETS | set(family.labels) | ({"le"} if family.type == "histogram" else set())
    named = {label for label, _, _ in selector.matchers}
    for call in selector.calls:
        named |= set(call.by)
    return named - known


def unknown_values(selector: Selector) -> set[str]:
    """Return the values of closed labels that a selector asks for, and there are not."""
    family = SAMPLES[selector.metric]
    closed = {each.name: set(each.values) for each in family.closed_labels if each.values}
    if family.type == "histogram":
        closed["le"] = {str(bucket) for bucket in family.buckets} | {"+Inf"}
    return {
        value
        for label, _, pattern in selector.matchers
        if label in closed and not pattern.startswith("$")
        for value in pattern.split("|")
        if value not in closed[label]
    }
