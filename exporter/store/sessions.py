"""What each session used over the window, and which sessions are at work.

There may be two hundred times as many sessions as models, so their usage is kept in coarser slots:
twelve or fewer make up the window, each of as many of the clock's as it takes. A slot
leaves when the last of these has left, so that what a session used leaves in steps of a twelfth of
the window, none of it early and none later than such a step.

Two bounds hold the memory: the number of sessions and the number of usages in all of them
(`usages_max`), since a single session can fill as many as it has slots times models. A session lets
go of what left the window when it is next asked for or needs room; before one has to go for want of
room, all of them do. So what was asked in between does not show in any answer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from exporter.event.grouping import CompletionGroup
from exporter.event.types import UNKNOWN, Completion, Event
from exporter.store import ranking
from exporter.store.aggregate import SessionUsage, Spending, UsageSums
from exporter.store.parts import in_parts
from exporter.store.ranking import Sort
from exporter.store.recency import EvictionQueue
from exporter.store.saved import SavedClock, SavedSession
from exporter.store.seen import LatestKeys
from exporter.store.session import SESSION_MODELS_MAX, Session, stride
from exporter.store.summary import SessionState
from exporter.store.window import NEVER, SlotClock

AGENTS_MAX: Final = 1_000
"""How many agents are remembered, to be told as 0 when none of their sessions is at work."""


class SessionTable:
    """At most `sessions_max` sessions; the least recently used leaves first.

    `evictions` counts those that had to go for want of room. `agents` are those whose sessions are
    or were at work, the one heard of longest ago first.
    """

    def __init__(
        self, clock: SlotClock, *, sessions_max: int, usages_max: int, active_secs: float
    ) -> None:
        self.sessions_max = sessions_max
        self.usages_max = usages_max
        self.active_secs = active_secs
        self.agents: LatestKeys[str] = LatestKeys(keys_max=AGENTS_MAX)
        self.evictions = 0
        self._clock = clock
        self.stride = stride(clock.slots)
        self._sessions: dict[str, Session] = {}
        self._usages = 0
        self._swept = NEVER
        self._recent: dict[str, Session] = {}
        self._of_none = SessionUsage(Spending())
        self._queue: EvictionQueue[str] = EvictionQueue()

    def __len__(self) -> int:
        return len(self._sessions)

    def touch(
        self, event: Event | CompletionGroup, at: float, slot: int, used: int
    ) -> Session | None:
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
            self.agents.add(agent)
        session.used = used
        if not session.recent:
            session.recent = True
            self._recent[session_id] = session
        if agent not in (session.agent, UNKNOWN):
            session.agent = agent
            self.agents.add(agent)
        if slot > session.last_slot:
            session.last_slot = slot
            session.last_event_at = at
        elif at > session.last_event_at:
            session.last_event_at = at
        return session

    def usage(
        self, event: Completion | CompletionGroup, at: float, slot: int, used: int
    ) -> SessionUsage:
        """Return where to book what completions used, after touching their session."""
        session = self.touch(event, at, slot, used)
        if session is None:
            return self._of_none
        usages = session.open
        index = slot // self.stride
        if index != session.head:
            usages = session.slot(index)
        usage = usages.get(event.model)
        if usage is not None:
            return usage
        before = session.usages
        floor = (self._clock.floor + 1) // self.stride - 1
        if session.oldest <= floor:
            session.leave(floor)
        usage = session.new_usage(event.model, usages)
        self._usages += session.usages - before
        if self._usages > self.usages_max:
            self._make_room()
        return usage

    def expire(self) -> None:
        """Forget the sessions that were last heard of before the window."""
        floor = self._clock.floor
        for session_id in [key for key, s in self._sessions.items() if s.last_slot <= floor]:
            self._forget(session_id)

    def get(self, session_id: str) -> Session | None:
        """Return a session, with what is in the window; `None` for an unknown one."""
        session = self._sessions.get(session_id)
        if session is not None:
            self._leave(session)
        return session

    def top(self, sort: Sort, limit: int) -> list[str]:
        """Return the ids of the first `limit` sessions: dearest, largest or latest first."""
        floor = self._floor()
        for session in self._sessions.values():
            if session.oldest <= floor:
                self._leave(session)
        return ranking.first(self._sessions, sort, limit)

    def active(self, now: float) -> dict[str, int]:
        """Return how many sessions had an event in the last `active_secs`, by agent.

        An agent seen before is told as 0. What is walked is the sessions heard of since they were
        last found not to be at work, not all.
        """
        since = now - self.active_secs
        for key in [key for key, s in self._recent.items() if s.last_event_at <= since]:
            self._recent.pop(key).recent = False
        return dict.fromkeys(self.agents, 0) | Counter(s.agent for s in self._recent.values())

    def absorb(
        self,
        heard: SessionState,
        slots: Iterable[tuple[int, Mapping[str, UsageSums]]],
        *,
        slot: int,
        used: int,
    ) -> None:
        """Add what a session used elsewhere, last heard of in the clock's slot `slot`.

        `slots` are pairs of an index of ours and of what was used in it.
        """
        session = self._sessions.get(heard.id)
        if session is None:
            session = self._admit(heard.id)
        session.used = used
        session.recent = True
        self._recent[heard.id] = session
        session.hear(heard.agent, heard.last_event_at, slot)
        self.agents.add(session.agent)
        before = session.usages
        session.leave(self._floor())
        for index, by_model in slots:
            session.absorb(index, by_model)
        self._usages += session.usages - before
        if self._usages > self.usages_max:
            self._make_room()

    def each(self) -> Iterator[tuple[str, Session]]:
        """Yield every session with its id, the least recently used first.

        Others may come and go meanwhile; those that are yielded hold what is in the window.
        """
        for session_id in sorted(self._sessions, key=lambda key: self._sessions[key].used):
            session = self._sessions.get(session_id)
            if session is not None:
                self._leave(session)
                yield session_id, session

    def save(self) -> Iterator[list[SavedSession]]:
        """Yield all sessions, some at a time; what leaves meanwhile may be missing."""
        sessions = ((key, self._sessions.get(key)) for key in list(self._sessions))
        forms = (session.save(key) for key, session in sessions if session is not None)
        return in_parts(forms, lambda form: 2 + sum(map(len, form.slots.values())))

    def restore(self, form: SavedSession, made_by: SavedClock) -> None:
        """Take in a session that was saved under a clock, which ours goes on from."""
        if form.id in self._sessions:
            raise ValueError("a session is saved twice")
        session = self._sessions[form.id] = Session()
        session.restore(form)
        moves = not self._clock.divides_like(made_by)
        if moves:
            session.last_slot = self._clock.slot(made_by.middle(form.last_slot))
        width = stride(made_by.slots)
        for index, by_model in form.slots.items():
            ours = self.slot(made_by.middle(index, width=width)) if moves else index
            # `OTHER` may come before the last of those that were let in by name.
            session.absorb(ours, by_model, models_max=SESSION_MODELS_MAX + 1)
        if session.recent:
            self._recent[form.id] = session
        self._usages += session.usages

    def settle(self, agents: Iterable[str]) -> None:
        """Take in the agents, and let go of what was restored and has no place here."""
        for agent in agents:
            self.agents.add(agent)
        self.expire()
        while len(self._sessions) > self.sessions_max:
            self._evict()
        if self._usages > self.usages_max:
            self._make_room()
        self.evictions = 0

    def slot(self, at: float) -> int:
        """Return the index of our slot that the Unix second `at` falls into, at latest of now."""
        return min(self._clock.slot(at), self._clock.head) // self.stride

    def _admit(self, session_id: str) -> Session:
        if len(self._sessions) >= self.sessions_max:
            self._evict()
        session = self._sessions[session_id] = Session()
        return session

    def _leave(self, session: Session) -> None:
        before = session.usages
        session.leave(self._floor())
        self._usages += session.usages - before

    def _floor(self) -> int:
        """Return the index of the newest of our slots that has left the window."""
        return (self._clock.floor + 1) // self.stride - 1

    def _make_room(self) -> None:
        floor = self._floor()
        if self._swept != floor:
            self._swept = floor
            for session in self._sessions.values():
                self._leave(session)
        while self._usages > self.usages_max and len(self._sessions) > 1:
            self._evict()

    def _evict(self) -> None:
        self._forget(self._queue.next(self._sessions))
        self.evictions += 1

    def _forget(self, session_id: str) -> None:
        self._usages -= self._sessions.pop(session_id).usages
        self._recent.pop(session_id, None)
