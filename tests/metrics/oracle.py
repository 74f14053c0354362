"""The same state through prometheus_client: what our own rendering has to equal."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Gauge, Histogram

NOW = 1_795_219_200.0


class NoProcess(ProcessMetrics):
    """The process left out: its numbers differ from one reading to the next."""

    def render(self, *, openmetrics: bool) -> str:  # noqa: ARG002 - it is theirs
        """Return nothing."""
        return ""


class RegistryCollector(Collector):
    """A registry of ours as prometheus_client's objects, through its own public interface."""

    def __init__(self, registry: Registry, *, openmetrics: bool) -> None:
        self._registry = registry
        self._openmetrics = openmetrics

    def collect(self) -> Iterator[Metric]:
        """Yield every family that has series."""
        for table in self._registry.tables():
            family = table.family
            if len(table) == 0:
                continue
            metric = Metric(family.name, family.help, family.type, family.unit)
            for series in table.all():
                self._add(metric, dict(zip(family.labels, series.labels, strict=True)), series)
            yield metric

    def _add(
        self, metric: Metric, labels: dict[str, str], series: Counter | Gauge | Histogram
    ) -> None:
        if isinstance(series, Gauge):
            metric.add_sample(metric.name, labels, series.value)
            return
        if isinstance(series, Counter):
            metric.add_sample(f"{metric.name}_total", labels, series.value)
        else:
            self._add_histogram(metric, labels, series)
        if self._openmetrics:
            metric.add_sample(f"{metric.name}_created", labels, series.created)

    def _add_histogram(self, metric: Metric, labels: dict[str, str], series: Histogram) -> None:
        bounds = (*series.bounds, float("inf"))
        for index, count in enumerate(accumulate(series.counts)):
            kept = series.exemplars.get(index) if self._openmetrics else None
            exemplar = Exemplar({"trace_id": kept.trace_id}, kept.value, kept.at) if kept else None
            bound = floatToGoString(bounds[index])  # type: ignore[no-untyped-call] # theirs
            metric.add_sample(
                f"{metric.name}_bucket", {**labels, "le": bound}, count, exemplar=exemplar
            )
        metric.add_sample(f"{metric.name}_count", labels, sum(series.counts))
        metric.add_sample(f"{metric.name}_sum", labels, series.sum)


def by_prometheus_client(registry: Registry, *, openmetrics: bool) -> str:
    """Return the exposition of the registry as prometheus_client writes it."""
    collector = RegistryCollector(registry, openmetrics=openmetrics)
    if openmetrics:
        text: bytes = generate_openmetrics(collector)  # type: ignore[no-untyped-call] # theirs
        return text.decode()
    return generate_latest(collector).decode()


def by_us(registry: Registry, form: Format = Format.TEXT_0_0_4, now: float = NOW) -> str:
    """Return the exposition of the registry as we write it."""
    return "".join(render(registry, NoProcess(), form, now))
