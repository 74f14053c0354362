"""What each session used over the window, and which sessions are at work.

There may be two hundred times as many sessions as models, so their usage is kept in coarser slots:
`SESSION_SLOTS` or fewer make up the window, each of as many of the clock's as it takes. A slot
leaves when the last of these has left, so that what a session used leaves in steps of a twelfth of
the window, none of it early and none later than such a step.

Two bounds hold the memory: the number of sessions and the number of usages in all of them
(`usages_max`), since a single session can fill as many as it has slots times models.
"""

import heapq
from collections import Counter
from math import ceil
from typing import Final, Literal

from exporter.event.types import UNKNOWN, Completion, Event
from exporter.store.aggregate import SessionUsage, Spending, Usage
from exporter.store.recency import EvictionQueue
from exporter.store.seen import LatestKeys
from exporter.store.session import Session
from exporter.store.window import SlotClock

SESSION_SLOTS: Final = 12
"""Into how many slots at most the window is divided for the usage of a session."""

AGENTS_MAX: Final = 1_000
"""How many agents are remembered, to be told as 0 when none of their sessions is at work."""

Sort = Literal["cost", "tokens", "recent"]


class SessionTable:
    """At most `sessions_max` sessions; the least recently used leaves first.

    `evictions` counts those that had to go for want of room.
    """

    def __init__(
        self, clock: SlotClock, *, sessions_max: int, usages_max: int, active_secs: float
    ) -> None:
        self.sessions_max = sessions_max
        self.usages_max = usages_max
        self.active_secs = active_secs
        self.evictions = 0
        self._clock = clock
        self._stride = ceil(clock.slots / SESSION_SLOTS)
        self._sessions: dict[str, Session] = {}
        self._usages = 0
        self._recent: dict[str, Session] = {}
        self._agents: LatestKeys[str] = LatestKeys(keys_max=AGENTS_MAX)
        self._of_none = SessionUsage(Spending())
        self._queue: EvictionQueue[str] = EvictionQueue()

    def touch(self, event: Event, at: float, slot: int, used: int) -> Session | None:
        """Take in that a session was heard of at `at` (Unix seconds), in the slot with that index.

        `used` is the number of this use, larger than those of all uses before. Returns the session,
        new or known, or `None` for an event of none.
        """
        session_id = event.session_id
        if session_id is None:
            return None
        session = self._sessions.get(session_id)
        agent = event.agent
        if session is None:
            session = self._admit(session_id)
            self._agents.add(agent)
        session.used = used
        if not session.recent:
            session.recent = True
            self._recent[session_id] = session
        if agent not in (session.agent, UNKNOWN):
            session.agent = agent
            self._agents.add(agent)
        if slot > session.last_slot:
            session.last_slot = slot
            session.last_event_at = at
        elif at > session.last_event_at:
            session.last_event_at = at
        return session

    def usage(self, event: Completion, at: float, slot: int, used: int) -> SessionUsage:
        """Return where to book what a completion used, after touching its session."""
        session = self.touch(event, at, slot, used)
        if session is None:
            return self._of_none
        usages = session.open
        index = slot // self._stride
        if index != session.head:
            self._leave(session)
            usages = session.slot(index)
        usage = usages.get(event.model)
        if usage is not None:
            return usage
        before = session.usages
        usage = session.new_usage(event.model, usages)
        self._usages += session.usages - before
        while self._usages > self.usages_max and len(self._sessions) > 1:
            self._evict()
        return usage

    def expire(self) -> None:
        """Forget the sessions that were last heard of before the window."""
        floor = self._clock.floor
        for session_id in [key for key, s in self._sessions.items() if s.last_slot <= floor]:
            self._forget(session_id)

    def by_model(self, session_id: str) -> dict[str, Usage]:
        """Return what a session used over the window, by model; an unknown session used nothing."""
        session = self._sessions.get(session_id)
        if session is None:
            return {}
        self._leave(session)
        return session.by_model()

    def top(self, sort: Sort, limit: int) -> list[str]:
        """Return the ids of the first `limit` sessions: dearest, largest or latest first."""
        for session in self._sessions.values():
            self._leave(session)
        ranks = ((_weight(s, sort), s.last_event_at, key) for key, s in self._sessions.items())
        return [session_id for _, _, session_id in heapq.nlargest(limit, ranks)]

    def active(self, now: float) -> dict[str, int]:
        """Return how many sessions had an event in the last `active_secs`, by agent.

        An agent seen before is told as 0. What is walked is the sessions heard of since they were
        last found not to be at work, not all.
        """
        since = now - self.active_secs
        for key in [key for key, s in self._recent.items() if s.last_event_at <= since]:
            self._recent.pop(key).recent = False
        return dict.fromkeys(self._agents, 0) | Counter(s.agent for s in self._recent.values())

    def _admit(self, session_id: str) -> Session:
        if len(self._sessions) >= self.sessions_max:
            self._evict()
        session = self._sessions[session_id] = Session()
        return session

    def _leave(self, session: Session) -> None:
        before = session.usages
        session.leave((self._clock.floor + 1) // self._stride - 1)
        self._usages += session.usages - before

    def _evict(self) -> None:
        self._forget(self._queue.next(self._sessions))
        self.evictions += 1

    def _forget(self, session_id: str) -> None:
        self._usages -= self._sessions.pop(session_id).usages
        self._recent.pop(session_id, None)


def _weight(session: Session, sort: Sort) -> int:
    """Return what a session counts for in a list sorted like that."""
    if sort == "cost":
        return session.spending.cost_nano
    return session.spending.tokens if sort == "tokens" else 0
