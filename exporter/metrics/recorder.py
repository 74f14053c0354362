"""Events into series: which families an event of each type counts in."""

from collections.abc import Callable, Sequence
from typing import Any

from exporter.event.types import (
    UNKNOWN,
    Completion,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.metrics import catalogue
from exporter.metrics.bundle import Bundles, OutcomeSeries
from exporter.metrics.completion_series import CompletionSeries
from exporter.metrics.registry import Registry

WAITING_MAX = 4_096
"""How many events may wait to be folded into series; folding so many takes about 4 ms."""


class Recorder:
    """Writes the series of `registry`. Events come enriched, in the order of their commit."""

    def __init__(self, registry: Registry) -> None:
        self._waiting = 0
        self._waiting_since = 0.0
        self._logs = registry.counters(catalogue.LOG_EVENTS)
        self._depths = registry.gauges(catalogue.QUEUE_DEPTH)
        self._used = registry.gauges(catalogue.QUOTA_USED)
        self._resets = registry.gauges(catalogue.QUOTA_RESET)
        self._completions = Bundles(
            registry.counters(catalogue.COMPLETIONS),
            lambda labels, now: CompletionSeries(registry, labels, now),
        )
        self._requests = Bundles(
            registry.counters(catalogue.REQUESTS),
            lambda labels, now: OutcomeSeries(
                registry, catalogue.REQUESTS, catalogue.REQUEST_DURATION, labels, now
            ),
        )
        self._tools = Bundles(
            registry.counters(catalogue.TOOL_CALLS),
            lambda labels, now: OutcomeSeries(
                registry, catalogue.TOOL_CALLS, catalogue.TOOL_DURATION, labels, now
            ),
        )
        registry.before_refresh(self.fold)
        self._record_by_class: dict[type[Event], Callable[[Any, float], None]] = {
            Completion: self._completion,
            RequestStarted: self._request_started,
            RequestEnded: self._request_ended,
            ToolCall: self._tool_call,
            Log: self._log,
            QueueDepth: self._queue_depth,
            Quota: self._quota,
        }

    def apply(self, events: Sequence[Event], now: float) -> None:
        """Count events; `now`, Unix seconds, is when the series they are the first of begin."""
        record_by_class = self._record_by_class
        for event in events:
            record_by_class[event.__class__](event, now)
        if not self._waiting:
            self._waiting_since = now
        self._waiting += len(events)
        if self._waiting >= WAITING_MAX:
            self.fold()

    def fold(self) -> None:
        """Bring every series up to date; whoever reads them does this first."""
        if self._waiting:
            for series in self._completions.all():
                series.fold(self._waiting_since)
            self._waiting = 0

    def _completion(self, event: Completion, now: float) -> None:
        labels = (event.agent, event.provider or UNKNOWN, event.model)
        self._completions.find(labels, now).waiting.append(event)

    def _request_started(self, event: RequestStarted, now: float) -> None:
        """Count nothing: requests in flight are read from the store, which pairs start and end."""

    def _request_ended(self, event: RequestEnded, now: float) -> None:
        self._requests.find((event.agent, event.channel or UNKNOWN), now).record(
            success=bool(event.success), duration_ms=event.duration_ms, now=now
        )

    def _tool_call(self, event: ToolCall, now: float) -> None:
        self._tools.find((event.agent, event.tool), now).record(
            success=bool(event.success), duration_ms=event.duration_ms, now=now
        )

    def _log(self, event: Log, now: float) -> None:
        labels = (event.agent, event.source, event.level)
        found = self._logs.find(labels)
        if found is None:
            # All levels at once, so that `rate()` sees the first error.
            placed = self._logs.get(labels, now).labels[:-1]
            for level in catalogue.LEVELS:
                self._logs.get((*placed, level), now)
            found = self._logs.get((*placed, event.level), now)
        found.value += 1.0

    def _queue_depth(self, event: QueueDepth, now: float) -> None:
        at = min(event.at, now)
        self._depths.get((event.agent, event.queue), at).read(event.depth, at)

    def _quota(self, event: Quota, now: float) -> None:
        at = min(event.at, now)
        labels = (event.agent, event.provider or UNKNOWN, event.window)
        self._used.get(labels, at).read(event.used_ratio, at)
        if event.resets_at is not None:
            self._resets.get(labels, at).read(event.resets_at, at)
