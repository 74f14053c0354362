"""What somebody who watches asks: how things are now, how they went, and who is there."""

import math
from collections.abc import Generator
from typing import Final

from msgspec import Struct

from exporter.store.answers import HeardAgent, QueueReading, QuotaReading, ToolPerformance
from exporter.store.model_view import ModelView
from exporter.store.recent import RECENT_SECS, Recent, recent
from exporter.store.state import State
from exporter.store.timeline import Timeline, Timelines

POINTS_MAX: Final = 500
"""Into how many steps at most the course of the window is told, however many slots it has."""


class Glance(Struct, frozen=True):
    """How everything is, at one glance.

    `recent` is about the last `recent_secs`. `models` are those of the window and those limited
    now, `models_limited` the latter.
    """

    window_secs: float
    recent_secs: float
    recent: Recent
    requests_in_flight: int
    sessions_active: int
    models_limited: int
    models: int
    queue_depth: int


class Board:
    """Reads `state`; each read first moves slot time on to `now` (Unix seconds)."""

    def __init__(self, state: State, models: ModelView) -> None:
        self._state = state
        self._models = models
        self._timelines = Timelines(state.model_table, state.clock, window_secs=state.window_secs)

    def glance(self, now: float, *, began_at: float = -math.inf) -> Glance:
        """Return how everything is; counting began at `began_at`, Unix seconds."""
        state = self._state
        state.advance(now)
        models, limited = self._models.limited(now)
        secs = min(RECENT_SECS, state.window_secs)
        return Glance(
            window_secs=state.window_secs,
            recent_secs=secs,
            recent=recent(state.model_table, state.clock, secs=secs, now=now, began_at=began_at),
            requests_in_flight=state.request_table.count(now),
            sessions_active=sum(state.session_table.active(now).values()),
            models_limited=limited,
            models=models,
            queue_depth=state.queue_table.depth(now),
        )

    def timeline(
        self, *, now: float, limit: int, points_max: int
    ) -> Generator[None, None, Timeline]:
        """Return the course of the window, and of its `limit` busiest models; stops after each.

        There are at most `points_max` points, as many as slots at the most, none before the window.
        """
        state = self._state
        state.advance(now)
        points_max = min(points_max, state.clock.slots, POINTS_MAX)
        return (yield from self._timelines.tell(limit=limit, points_max=points_max))

    @property
    def tools_total(self) -> int:
        """How many tools there were in the window, when it was last read."""
        return len(self._state.tool_table)

    def tools(self, *, now: float, limit: int) -> list[ToolPerformance]:
        """Return how the `limit` tools did that were called most often in the window."""
        self._state.advance(now)
        return self._state.tool_table.most_called(limit)

    def quotas(self, now: float) -> list[QuotaReading]:
        """Return how much of each allowance is used, as far as that was read lately."""
        return self._state.quota_table.each(now)

    def queues(self, now: float) -> list[QueueReading]:
        """Return how deep each queue is, as far as that was read lately."""
        return self._state.queue_table.each(now)

    def agents(self) -> list[HeardAgent]:
        """Return who pushed, the one heard last first."""
        return self._state.heard_agents.each()
