"""Events into series: which families an event of each type counts in."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from exporter.event.grouping import Grouping
from exporter.event.types import (
    UNKNOWN,
    Activity,
    Completion,
    CompletionDetail,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.metrics import catalogue
from exporter.metrics.activity_series import ActivitySeries
from exporter.metrics.bundle import Bundles, OutcomeSeries
from exporter.metrics.completion_series import CompletionSeries
from exporter.metrics.registry import Registry
from exporter.metrics.series import Gauge
from exporter.metrics.table import Table

WAITING_MAX = 1_000
"""After how many events those that wait are folded: 2 ms for few models, 20 ms for as many."""


Records = dict[type[Event], Callable[[Any, float], None]]
"""Who counts an event, by its class."""


class Recorder:
    """Writes the series of `registry`. Events come enriched, in the order of their commit."""

    def __init__(self, registry: Registry) -> None:
        self._waiting = 0
        self._gauge_ttl_secs = registry.gauge_ttl_secs
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
        self._activities = ActivitySeries(registry)
        registry.before_refresh(self.fold)
        self._record_by_class: Records = {
            Completion: self._completion,
            CompletionDetail: self._completion_detail,
            RequestStarted: self._request_started,
            RequestEnded: self._request_ended,
            ToolCall: self._tool_call,
            Log: self._log,
            QueueDepth: self._queue_depth,
            Quota: self._quota,
            Activity: self._activities.record,
        }
        self._record_beside_groups = self._record_by_class | {Completion: _nothing}

    def apply(self, events: Sequence[Event], now: float, grouping: Grouping | None = None) -> None:
        """Count events; `now`, Unix seconds, is when the series they are the first of begin.

        `grouping` is the same events.
        """
        if grouping is None:
            self._apply(events, now, self._record_by_class)
            return
        for group in grouping.groups:
            labels = (group.agent, group.provider or UNKNOWN, group.model)
            self._completions.find(labels, now).record_group(group)
        self._apply(grouping.told, now, self._record_beside_groups)

    def _apply(self, events: Sequence[Event], now: float, records: Records) -> None:
        for event in events:
            records[event.__class__](event, now)
        self._waiting += len(events)
        if self._waiting >= WAITING_MAX:
            self.fold()

    def fold(self) -> None:
        """Bring every series up to date; whoever reads them does this first."""
        if self._waiting:
            for series in self._completions.all():
                series.fold()
            self._waiting = 0

    def _completion(self, event: Completion, now: float) -> None:
        labels = (event.agent, event.provider or UNKNOWN, event.model)
        self._completions.find(labels, now).waiting.append(event)

    def _completion_detail(self, event: CompletionDetail, now: float) -> None:
        labels = (event.agent, event.provider or UNKNOWN, event.model)
        self._completions.find(labels, now).record(event)

    def _request_started(self, event: RequestStarted, now: float) -> None:
        """Count nothing: requests in flight are read from the store, which pairs start and end."""

    def _request_ended(self, event: RequestEnded, now: float) -> None:
        self._requests.find((event.agent, event.channel or UNKNOWN), now).record(
            success=bool(event.success), duration_ms=event.duration_ms
        )

    def _tool_call(self, event: ToolCall, now: float) -> None:
        self._tools.find((event.agent, event.tool), now).record(
            success=bool(event.success), duration_ms=event.duration_ms
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
        found.value += 1

    def _queue_depth(self, event: QueueDepth, now: float) -> None:
        self._read(self._depths, (event.agent, event.queue), event.depth, event.at, now)

    def _quota(self, event: Quota, now: float) -> None:
        labels = (event.agent, event.provider or UNKNOWN, event.window)
        # Once it is renewed, what was read of an allowance says nothing more.
        ends_at = math.inf if event.resets_at is None else event.resets_at
        if event.used_ratio is not None:
            self._read(self._used, labels, event.used_ratio, event.at, now, ends_at=ends_at)
        if event.resets_at is not None:
            self._read(self._resets, labels, event.resets_at, event.at, now, ends_at=ends_at)

    def _read(
        self,
        table: Table[Gauge],
        labels: tuple[str, ...],
        value: float,
        at: float,
        now: float,
        *,
        ends_at: float = math.inf,
    ) -> None:
        """Take a reading; one that has expired already would only take room from others."""
        at = min(at, now)
        if now - at < self._gauge_ttl_secs and now < ends_at:
            table.get(labels, now, since=at).read(value, at, now, ends_at=ends_at)


def _nothing(_event: Completion, _now: float) -> None:
    """Count nothing: it was counted with its group."""
