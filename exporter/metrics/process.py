"""The process and the Python behind it, as prometheus_client's own collectors tell them."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

_EOF = "# EOF\n"

_openmetrics: Callable[[CollectorRegistry], bytes] = generate_openmetrics


class ProcessMetrics:
    """`process_*` and `python_*`: a handful of series, so prometheus_client may render them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self, *, openmetrics: bool) -> str:
        """Return the families as text, without the end mark of OpenMetrics."""
        if openmetrics:
            return _openmetrics(self._registry).decode().removesuffix(_EOF)
        return generate_latest(self._registry).decode()
