"""The two renderings that are compared, each behind the same two calls.

Both hold the series of the completions they are given, and process and Python metrics besides, as
either server has them.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import facts
import msgspec
import prometheus_client
from obvious_server import Metrics
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.event.types import Completion
from exporter.metrics.budget import LabelBudgets
from exporter.metrics.catalogue import CATALOGUE
from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.recorder import Recorder
from exporter.metrics.registry import Registry

VALUES_MAX = 1_000_000
"""Room for every label value: what is measured is rendering, not folding."""

GAUGE_TTL_SECS = 900.0


class Subject(Protocol):
    """One side of the comparison. A rendering comes in the pieces between which it may pause."""

    name: str

    def record(self, completions: Sequence[facts.Fact]) -> None:
        """Count completions."""

    def pieces(self, *, openmetrics: bool) -> Iterator[bytes]:
        """Render what was counted."""


class Obvious:
    """The obvious server's registry."""

    name = "prometheus_client"

    def __init__(self) -> None:
        self._registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self._registry)
        prometheus_client.PlatformCollector(registry=self._registry)
        prometheus_client.GCCollector(registry=self._registry)
        self._metrics = Metrics(self._registry)

    def record(self, completions: Sequence[facts.Fact]) -> None:
        """Count completions."""
        for completion in completions:
            self._metrics.record(completion)

    def pieces(self, *, openmetrics: bool) -> Iterator[bytes]:
        """Render in one go; `_created` samples are in OpenMetrics only, as the exporter has it."""
        if openmetrics:
            prometheus_client.enable_created_metrics()  # type: ignore[no-untyped-call] # not typed there
            yield generate_openmetrics(self._registry)  # type: ignore[no-untyped-call] # as above
        else:
            prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # not typed there
            yield prometheus_client.generate_latest(self._registry)


class Exporter:
    """The exporter's tables, recorder and exposition, wired as the exporter wires them."""

    name = "agent-exporter"

    def __init__(self) -> None:
        open_labels = {name for family in CATALOGUE for name in family.open_labels}
        self._registry = Registry(
            LabelBudgets(dict.fromkeys(open_labels, VALUES_MAX)),
            label_sets_max=VALUES_MAX,
            gauge_ttl_secs=GAUGE_TTL_SECS,
            started_at=time.time(),
        )
        self._recorder = Recorder(self._registry)
        self._process = ProcessMetrics()

    def record(self, completions: Sequence[facts.Fact]) -> None:
        """Count completions, enriched with the one field that the series need."""
        events = [
            msgspec.convert(completion | {"success": "error" not in completion}, Completion)
            for completion in completions
        ]
        self._recorder.apply(events, time.time())

    def pieces(self, *, openmetrics: bool) -> Iterator[bytes]:
        """Render piece by piece."""
        form = Format.OPENMETRICS_1_0_0 if openmetrics else Format.TEXT_0_0_4
        for piece in render(self._registry, self._process, form, time.time()):
            yield piece.encode()
