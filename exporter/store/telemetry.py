"""The rolling store: events go in, and questions about the last hour are answered.

What is held, and how events enter, is `State`'s; here it is read. A read first moves slot time on
to `now` (Unix seconds), so that what has left the window is gone even if nothing was recorded
since.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, Unpack

from exporter.event.grouping import Grouping
from exporter.event.types import Event, Level
from exporter.store import snapshot, transfer
from exporter.store.answers import (
    Call,
    InFlight,
    ModelCalls,
    ModelPerformance,
    RingEvent,
    Snapshot,
    UsageSnapshot,
)
from exporter.store.board import Board
from exporter.store.bounds import Bounds
from exporter.store.limits import GaugeRow
from exporter.store.model_view import ModelView
from exporter.store.ranking import Sort
from exporter.store.requests import Pair
from exporter.store.session_view import SessionView
from exporter.store.state import State
from exporter.store.summary import Imported


class Apply(Protocol):
    """Takes events in, as of `now` in Unix seconds; see `State.apply`."""

    def __call__(
        self, events: Sequence[Event], now: float, grouping: Grouping | None = None
    ) -> None:
        """Take them in."""
        ...


class TelemetryStore:
    """What is known of models, sessions, requests and limits; its arguments are `State`'s.

    `board` answers whoever watches: the last minutes, the course of the window, tools, quotas.
    `apply` takes events in, with `now`: it is `State.apply` itself, to spare every batch a call.
    """

    apply: Apply

    def __init__(self, **bounds: Unpack[Bounds]) -> None:
        state = self._state = State(**bounds)
        self.apply = state.apply
        self.window_secs = state.window_secs
        self._models = ModelView(
            state.model_table, state.limit_table, window_secs=state.window_secs
        )
        self._sessions = SessionView(state.session_table, window_secs=state.window_secs)
        self.board = Board(state, self._models)

    def save(self) -> Iterator[tuple[str, bytes]]:
        """Yield all that is known, in parts with names, each made in a few milliseconds.

        Between two parts the store may be read, but no event may be applied. The parts of a name
        belong together in their order. Evictions and late events are counted by each process anew,
        and are not saved.
        """
        return snapshot.save(self._state)

    def restore(self, parts: Iterable[tuple[str, bytes]], *, totals: bool = True) -> None:
        """Become what was saved, into a store to which nothing has happened.

        From then on every answer is as if there had been no restart. Without `totals` the counts of
        the process's life (messages, errors, completions) begin at 0. What a smaller configuration
        has no room for goes, uncounted; slots of another length are filled by the instants of the
        old ones. Parts of unknown names are passed over.

        Raises `ValueError` where the parts are damaged; the store must not be used then.
        """
        snapshot.restore(self._state, parts, totals=totals)

    def summary(self, *, now: float, export_id: str) -> Iterator[bytes]:
        """Yield the JSON of what another store may take in, in pieces of a few milliseconds.

        `export_id` is to be told by nobody else: it keeps the same export from counting twice.
        """
        performances = self.model_performances(now=now)
        return transfer.write(self._state, performances, export_id=export_id, now=now)

    def absorb(self, imported: Imported, now: float) -> None:
        """Add what another store knew of models, sessions and limits, as of `now`.

        What comes from one clock with the same slots adds up as if all had been recorded here.
        Rings, requests, queues and the counts of the process's life stay as they are.
        """
        transfer.absorb(self._state, imported, now)

    @property
    def late_events(self) -> int:
        """How many events were older than the window, since the start."""
        return self._state.late_events

    @property
    def evictions(self) -> dict[str, int]:
        """How often something had to go for want of room, or of an end, since the start."""
        return {
            "model": self._state.model_table.evictions,
            "session": self._state.session_table.evictions,
            "request": self._state.request_table.evictions,
            "request_expired": self._state.request_table.expiries,
            "limit": self._state.limit_table.evictions,
            "queue": self._state.queue_table.evictions,
            "tool": self._state.tool_table.evictions,
            "quota": self._state.quota_table.evictions,
            "agent": self._state.heard_agents.evictions,
        }

    def begin_losses(self) -> None:
        """Count late events and evictions from 0 on: others have counted those up to here."""
        state = self._state
        state.late_events = 0
        state.model_table.evictions = state.session_table.evictions = 0
        state.request_table.evictions = state.request_table.expiries = 0
        state.limit_table.evictions = state.queue_table.evictions = 0
        state.tool_table.evictions = state.quota_table.evictions = 0
        state.heard_agents.evictions = 0

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
        self._state.advance(now)
        return self._models.one(model, provider, now, max_staleness_secs)

    def model_performances(
        self, *, now: float, max_staleness_secs: float | None = None
    ) -> list[ModelPerformance]:
        """Return how each (provider, model) did that has data in the window, or is limited."""
        self._state.advance(now)
        return self._models.every(now, max_staleness_secs)

    def gauge_rows(self, now: float) -> list[GaugeRow]:
        """Return (provider, model, limited, reset at) for every pair that had data or a limit.

        The reset is in Unix seconds, `None` where nothing is limited. A limit on a whole provider
        has a row of its own, with model "". Pairs without data or limit left are told as not
        limited, as many of them as are remembered.
        """
        self._state.advance(now)
        return self._models.limit_rows(now)

    def session_usage(self, session_id: str, *, now: float) -> UsageSnapshot:
        """Return what a session used over the window; an unknown session used nothing.

        Its usage leaves in steps of a twelfth of the window, none of it early.
        """
        self._state.advance(now)
        return self._sessions.usage(session_id, now)

    def sessions(self, *, now: float, sort: Sort = "cost", limit: int = 100) -> list[UsageSnapshot]:
        """Return the first sessions: the dearest, the largest or the latest first.

        A session without a completion in the window, but with some other event, used nothing.
        """
        self._state.advance(now)
        return self._sessions.first(sort, limit, now)

    @property
    def sessions_total(self) -> int:
        """How many sessions there were in the window, when it was last read."""
        return len(self._state.session_table)

    def sessions_active(self, now: float) -> dict[str, int]:
        """Return how many sessions had an event lately, by agent; 0 for agents seen before."""
        self._state.advance(now)
        return self._state.session_table.active(now)

    def in_flight(self, now: float, limit: int | None = None) -> list[InFlight]:
        """Return the requests in flight, at most `limit` of them, the oldest first."""
        return self._state.request_table.in_flight(now, limit)

    def in_flight_by(self, now: float) -> dict[Pair, int]:
        """Return how many are in flight by (agent, channel), with a 0 for pairs seen before."""
        return self._state.request_table.count_by(now)

    def queue_depth(self, now: float) -> int:
        """Return how many items wait in all queues together."""
        return self._state.queue_table.depth(now)

    def calls(self, limit: int | None = None) -> list[Call]:
        """Return up to `limit` recent completions, the newest first."""
        return self._state.call_ring.newest(limit)

    @property
    def last_seq(self) -> int:
        """The number of the newest event of the ring; 0 before the first."""
        return self._state.event_ring.last_seq

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
        return self._state.event_ring.newest(level=level, source=source, limit=limit, before=before)

    def events_after(self, seq: int) -> list[RingEvent]:
        """Return the events of the ring numbered above `seq`, the oldest first."""
        return self._state.event_ring.after(seq)

    def tools_seen(self) -> int:
        """Return how many tools were called by name since the start."""
        return len(self._state.tool_names)

    def channels_seen(self) -> list[str]:
        """Return the names of the channels that requests came through, sorted."""
        return self._state.channel_names.in_order()

    def snapshot(self, *, now: float, uptime_secs: float) -> Snapshot:
        """Return the process at a glance."""
        state = self._state
        latency_ms = state.latency_ms_sum / state.latencies if state.latencies else None
        failed = state.completions_failed / state.completions if state.completions else None
        return Snapshot(
            messages_processed=state.messages_processed,
            errors=state.errors,
            active_requests=state.request_table.count(now),
            uptime=uptime_secs,
            queue_depth=self.queue_depth(now),
            model_calls=ModelCalls(
                total=state.completions,
                avg_latency_ms=latency_ms,
                error_rate=failed,
                recent=self.calls(),
            ),
        )
