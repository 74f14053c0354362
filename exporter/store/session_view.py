"""Answers about sessions, from what they used in their slots.

Only the newest slot of a session is written to, but for what comes late. So what the others add up
to is kept as it is told, and an answer tells anew only the models that are in the newest: of 100
sessions with 60 models each, that takes 3 ms in place of 20.
"""

from typing import Final, NamedTuple

from exporter.store.aggregate import Usage
from exporter.store.answers import ModelUsage, UsageSnapshot, instant
from exporter.store.kept import Kept
from exporter.store.performance import model_usage
from exporter.store.ranking import Sort
from exporter.store.session import Session, UsageByModel, added_up
from exporter.store.sessions import SessionTable

KEPT_USAGES_MAX: Final = 10_200
"""How many usages of past slots are kept, 0.5 kB each: what 100 sessions have at the most."""


class Past(NamedTuple):
    """What was used in all slots but the newest: in those `before` it, and in any that are `after`.

    A slot is after it that came late. `told` is the former as it is told, `total` both added up.
    """

    before: UsageByModel
    after: UsageByModel
    told: dict[str, ModelUsage]
    total: Usage


class SessionView:
    """What is asked about sessions; `now` is in Unix seconds, and slot time is there already."""

    def __init__(self, sessions: SessionTable, *, window_secs: float) -> None:
        self._sessions = sessions
        self._window_secs = window_secs
        self._past: Kept[str, Past] = Kept(weight_max=KEPT_USAGES_MAX)

    def first(self, sort: Sort, limit: int, now: float) -> list[UsageSnapshot]:
        """Return what the first sessions used: the dearest, the largest or the latest."""
        return [self.usage(session_id, now) for session_id in self._sessions.top(sort, limit)]

    def usage(self, session_id: str, now: float) -> UsageSnapshot:
        """Return what a session used; one that is not known used nothing."""
        session = self._sessions.get(session_id)
        by_model: dict[str, ModelUsage] = {}
        total = Usage()
        if session is not None:
            before, after, told, past_total = self._past_of(session_id, session)
            by_model.update(told)
            total.merge(past_total)
            newest = session.newest()
            for usage in newest.values():
                total.merge(usage)
            for model, usage in added_up([newest, after]).items():
                parts = [before[model], usage] if model in before else [usage]
                by_model[model] = model_usage(_sum(parts))
        return UsageSnapshot(
            id=session_id,
            window_start=instant(now - self._window_secs),
            window_end=instant(now),
            by_model=by_model,
            totals=model_usage(total),
        )

    def _past_of(self, session_id: str, session: Session) -> Past:
        version = session.past_used, session.oldest
        past = self._past.get(session_id, version)
        if past is None:
            before, after = session.past_usages()
            told = {model: model_usage(usage) for model, usage in before.items()}
            total = _sum([*before.values(), *after.values()])
            past = Past(before, after, told, total)
            self._past.put(session_id, version, past, weight=1 + len(before) + len(after))
        return past


def _sum(usages: list[Usage]) -> Usage:
    total = Usage()
    for usage in usages:
        total.merge(usage)
    return total
