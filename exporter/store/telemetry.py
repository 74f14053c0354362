"""The rolling store: events go in, and questions about the last hour are answered.

The writing half is `Recorder`; this is the half that reads. A read first moves slot time on to
`now` (Unix seconds), so that what has left the window is gone even if nothing was recorded since.
"""

from exporter.event.types import Level
from exporter.store.answers import (
    Call,
    InFlight,
    ModelCalls,
    ModelPerformance,
    RingEvent,
    Snapshot,
    UsageSnapshot,
)
from exporter.store.limits import GaugeRow
from exporter.store.model_view import ModelView
from exporter.store.performance import usage_snapshot
from exporter.store.recorder import Recorder
from exporter.store.requests import Pair
from exporter.store.sessions import Sort


class TelemetryStore(Recorder):
    """What is known of models, sessions, requests and limits; its arguments are `Recorder`'s."""

    @property
    def evictions(self) -> dict[str, int]:
        """How often something had to go for want of room, or of an end, since the start."""
        return {
            "model": self.model_table.evictions,
            "session": self.session_table.evictions,
            "request": self.request_table.evictions,
            "request_expired": self.request_table.expiries,
            "limit": self.limit_table.evictions,
            "queue": self.queue_table.evictions,
        }

    def model_performance(
        self,
        model: str,
        *,
        now: float,
        provider: str | None = None,
        max_staleness_secs: float | None = None,
    ) -> ModelPerformance:
        """Return how a model did; without a provider, all that offer it are added up.

        An unknown model has an empty answer. `stale` means that there was no event within
        `max_staleness_secs`, by default the window. A limit at any of the providers counts.
        """
        self.advance(now)
        return self._models.one(model, provider, now, max_staleness_secs)

    def model_performances(
        self, *, now: float, max_staleness_secs: float | None = None
    ) -> list[ModelPerformance]:
        """Return how each (provider, model) did that has data in the window, or is limited."""
        self.advance(now)
        return self._models.every(now, max_staleness_secs)

    def gauge_rows(self, now: float) -> list[GaugeRow]:
        """Return (provider, model, limited, reset at) for every pair with data or ever limited.

        The reset is in Unix seconds, `None` where nothing is limited. A limit on a whole provider
        has a row of its own, with model "".
        """
        self.advance(now)
        return self._models.limit_rows(now)

    def session_usage(self, session_id: str, *, now: float) -> UsageSnapshot:
        """Return what a session used over the window; an unknown session used nothing."""
        self.advance(now)
        return self._usage(session_id, now)

    def sessions(self, *, now: float, sort: Sort = "cost", limit: int = 100) -> list[UsageSnapshot]:
        """Return the first sessions: the dearest, the largest or the latest first.

        A session without a completion in the window, but with some other event, used nothing.
        """
        self.advance(now)
        return [self._usage(session_id, now) for session_id in self.session_table.top(sort, limit)]

    def sessions_active(self, now: float) -> dict[str, int]:
        """Return how many sessions had an event lately, by agent."""
        self.advance(now)
        return self.session_table.active(now)

    def in_flight(self, now: float) -> list[InFlight]:
        """Return the requests in flight, the oldest first."""
        return self.request_table.in_flight(now)

    def in_flight_by(self, now: float) -> dict[Pair, int]:
        """Return how many are in flight by (agent, channel), with a 0 for pairs seen before."""
        return self.request_table.count_by(now)

    def queue_depth(self, now: float) -> int:
        """Return how many items wait in all queues together."""
        return self.queue_table.depth(now)

    def calls(self, limit: int | None = None) -> list[Call]:
        """Return up to `limit` recent completions, the newest first."""
        return self.call_ring.newest(limit)

    def events(
        self,
        *,
        level: Level | None = None,
        source: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[list[RingEvent], int | None]:
        """Return up to `limit` events of the ring, the newest first, and the next page's `before`.

        Only those of exactly that level and source, where one is given, and only those numbered
        below `before`. There is no next page where the second part is `None`.
        """
        return self.event_ring.newest(level=level, source=source, limit=limit, before=before)

    def events_after(self, seq: int) -> list[RingEvent]:
        """Return the events of the ring numbered above `seq`, the oldest first."""
        return self.event_ring.after(seq)

    def tools_seen(self) -> int:
        """Return how many tools were called by name since the start."""
        return len(self.tool_names)

    def channels_seen(self) -> list[str]:
        """Return the names of the channels that requests came through, sorted."""
        return self.channel_names.in_order()

    def snapshot(self, *, now: float, uptime_secs: float) -> Snapshot:
        """Return the process at a glance."""
        answered, failed = self.completions, self.completions_failed
        return Snapshot(
            messages_processed=self.messages_processed,
            errors=self.errors,
            active_requests=self.request_table.count(now),
            uptime=uptime_secs,
            queue_depth=self.queue_depth(now),
            model_calls=ModelCalls(
                total=answered,
                avg_latency_ms=(self.latency_ms_sum / self.latencies if self.latencies else None),
                error_rate=failed / answered if answered else None,
                recent=self.calls(),
            ),
        )

    @property
    def _models(self) -> ModelView:
        return ModelView(self.model_table, self.limit_table, window_secs=self.window_secs)

    def _usage(self, session_id: str, now: float) -> UsageSnapshot:
        by_model = self.session_table.by_model(session_id)
        return usage_snapshot(session_id, by_model, window_secs=self.window_secs, now=now)
