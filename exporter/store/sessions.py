"""What each session used over the window, and which sessions are at work.

A session is self-contained, so that evicting one is a single step: its slots hold a `Usage` for
each model. Nothing is kept added up; that is done when somebody asks.

Two bounds hold the memory: the number of sessions and the number of `Usage` objects in all of them
(`usages_max`), since a single session can fill as many as it has slots times models.
"""

import heapq
import sys
from collections import Counter
from typing import Final, Literal

from exporter.event.types import UNKNOWN, Completion, Event
from exporter.store.aggregate import Usage
from exporter.store.recency import EvictionQueue
from exporter.store.window import NEVER, SlotClock, SlotRow

SESSION_MODELS_MAX: Final = 100
OTHER: Final = "_other"
"""The model that usage is booked under once a session has `SESSION_MODELS_MAX` of them."""

Sort = Literal["cost", "tokens", "recent"]
Usages = dict[str, Usage]
"""Usage by model."""


class Session(SlotRow[Usages]):
    """One session: who works in it, when it was last heard of, and its usage.

    `last_event_at` is the newest instant (Unix seconds) of any event and `last_slot` the slot it is
    in. `open` is the newest slot that has usage, the one with the index `head`.
    """

    __slots__ = ("agent", "head", "last_event_at", "last_slot", "open", "used")

    def __init__(self) -> None:
        super().__init__()
        self.agent = UNKNOWN
        self.used = 0
        self.last_event_at = float("-inf")
        self.last_slot = NEVER
        self.head = NEVER
        self.open: Usages = {}

    @property
    def usages(self) -> int:
        """How many `Usage` objects the slots hold."""
        return sum(map(len, self.slots.values()))

    def slot(self, index: int) -> Usages:
        """Return the usages of the slot with that index, which is about to be written to."""
        if index not in self.slots:
            self.put(index, {})
        if index > self.head:
            self.head = index
            self.open = self.slots[index]
        return self.slots[index]

    def leave(self, floor: int) -> int:
        """Let go of the slots up to `floor`; return how many `Usage` objects that was."""
        gone = self.expire(floor)
        if self.head <= floor:
            self.head = NEVER
        return sum(map(len, gone))

    def booked_under(self, model: str) -> str:
        """Return the name to book a model under: its own, as long as there is room for it."""
        if self.usages < SESSION_MODELS_MAX:
            return model
        names = {name for slot in self.slots.values() for name in slot}
        return model if model in names or len(names) < SESSION_MODELS_MAX else OTHER

    def by_model(self) -> Usages:
        """Return the usage of the whole window, by model."""
        totals: Usages = {}
        for slot in self.slots.values():
            for model, usage in slot.items():
                if model not in totals:
                    totals[model] = Usage()
                totals[model].merge(usage)
        return totals

    def weight(self, sort: Sort) -> int:
        """Return what the session counts for in a list sorted like that."""
        if sort == "cost":
            return sum(usage.cost_nano for slot in self.slots.values() for usage in slot.values())
        if sort == "tokens":
            return sum(usage.tokens for slot in self.slots.values() for usage in slot.values())
        return 0


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
        self._sessions: dict[str, Session] = {}
        self._usages = 0
        self._of_none = Usage()
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
        if session is None:
            session = self._admit(session_id)
        session.used = used
        if event.agent != UNKNOWN:
            session.agent = event.agent
        if slot > session.last_slot:
            session.last_slot = slot
            session.last_event_at = at
        elif at > session.last_event_at:
            session.last_event_at = at
        return session

    def usage(self, event: Completion, at: float, slot: int, used: int) -> Usage:
        """Return where to book what a completion used, after touching its session."""
        session = self.touch(event, at, slot, used)
        if session is None:
            return self._of_none
        usages = session.open
        if slot != session.head:
            self._usages -= session.leave(self._clock.floor)
            usages = session.slot(slot)
        usage = usages.get(event.model)
        if usage is not None:
            return usage
        return self._new_usage(session, event.model, usages)

    def expire(self) -> None:
        """Forget the sessions that were last heard of before the window."""
        floor = self._clock.floor
        for session_id in [key for key, s in self._sessions.items() if s.last_slot <= floor]:
            self._usages -= self._sessions.pop(session_id).usages

    def by_model(self, session_id: str) -> Usages:
        """Return what a session used over the window, by model; an unknown session used nothing."""
        session = self._sessions.get(session_id)
        if session is None:
            return {}
        self._usages -= session.leave(self._clock.floor)
        return session.by_model()

    def top(self, sort: Sort, limit: int) -> list[str]:
        """Return the ids of the first `limit` sessions: dearest, largest or latest first."""
        ranks: dict[str, tuple[int, float]] = {}
        for session_id, session in self._sessions.items():
            self._usages -= session.leave(self._clock.floor)
            ranks[session_id] = (session.weight(sort), session.last_event_at)
        return heapq.nlargest(limit, ranks, key=ranks.__getitem__)

    def active(self, now: float) -> dict[str, int]:
        """Return how many sessions had an event in the last `active_secs`, by agent."""
        since = now - self.active_secs
        active = (s.agent for s in self._sessions.values() if s.last_event_at > since)
        return dict(Counter(active))

    def _admit(self, session_id: str) -> Session:
        if len(self._sessions) >= self.sessions_max:
            self._evict()
        session = self._sessions[session_id] = Session()
        return session

    def _new_usage(self, session: Session, model: str, usages: Usages) -> Usage:
        # A decoded name is a new object in every event: keep one of each.
        name = sys.intern(session.booked_under(model))
        usage = usages.get(name)
        if usage is None:
            usage = usages[name] = Usage()
            self._usages += 1
            while self._usages > self.usages_max and len(self._sessions) > 1:
                self._evict()
        return usage

    def _evict(self) -> None:
        self._usages -= self._sessions.pop(self._queue.next(self._sessions)).usages
        self.evictions += 1
