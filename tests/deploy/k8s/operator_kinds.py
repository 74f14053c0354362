"""The Prometheus Operator's kinds, as far as they are used here.

Their schemas do not come with Kubernetes. A field that is not listed is an error: the operator's
own definitions drop what they do not know, and the monitor or the rule then silently does less.
"""

from typing import Any, Literal

import msgspec


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """Takes the listed fields only."""


class _Metadata(_Strict):
    name: str
    labels: dict[str, str] = {}
    namespace: str | None = None


class _Requirement(_Strict):
    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str] = []


class _Selector(_Strict):
    matchLabels: dict[str, str] = {}  # noqa: N815 - the field's own name
    matchExpressions: list[_Requirement] = []  # noqa: N815 - as above


class _Relabeling(_Strict):
    targetLabel: str  # noqa: N815 - as above
    sourceLabels: list[str] = []  # noqa: N815 - as above
    separator: str = ";"
    replacement: str = "$1"


class _Endpoint(_Strict):
    port: str
    path: str
    interval: str
    scrapeTimeout: str  # noqa: N815 - as above
    relabelings: list[_Relabeling]


class _PodMonitorSpec(_Strict):
    selector: _Selector
    sampleLimit: int  # noqa: N815 - as above
    podMetricsEndpoints: list[_Endpoint]  # noqa: N815 - as above


class PodMonitor(_Strict):
    """Which pods are scraped, and how."""

    apiVersion: Literal["monitoring.coreos.com/v1"]  # noqa: N815 - as above
    kind: Literal["PodMonitor"]
    metadata: _Metadata
    spec: _PodMonitorSpec


class _Rule(_Strict):
    expr: str
    record: str | None = None
    alert: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    for_: str | None = msgspec.field(name="for", default=None)
    keep_firing_for: str | None = None


class _Group(_Strict):
    name: str
    rules: list[_Rule]
    interval: str | None = None
    limit: int | None = None


class _PrometheusRuleSpec(_Strict):
    groups: list[_Group]


class PrometheusRule(_Strict):
    """Recording rules and alerts."""

    apiVersion: Literal["monitoring.coreos.com/v1"]  # noqa: N815 - as above
    kind: Literal["PrometheusRule"]
    metadata: _Metadata
    spec: _PrometheusRuleSpec


KINDS: dict[str, type[PodMonitor | PrometheusRule]] = {
    "PodMonitor": PodMonitor,
    "PrometheusRule": PrometheusRule,
}


def require_valid(manifest: dict[str, Any]) -> None:
    """Raise `msgspec.ValidationError` where the operator would not take a manifest as it is."""
    msgspec.convert(manifest, KINDS[manifest["kind"]])
