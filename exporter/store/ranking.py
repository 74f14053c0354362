"""Which sessions come first: the dearest, the largest or the latest."""

import heapq
from collections.abc import Mapping
from typing import Literal

from exporter.store.session import Session

Sort = Literal["cost", "tokens", "recent"]


def first(sessions: Mapping[str, Session], sort: Sort, limit: int) -> list[str]:
    """Return the ids of the first `limit` sessions; equals are told apart by time, then by id."""
    ranks = ((_weight(s, sort), s.last_event_at, key) for key, s in sessions.items())
    return [session_id for _, _, session_id in heapq.nlargest(limit, ranks)]


def _weight(session: Session, sort: Sort) -> int:
    """Return what a session counts for in a list sorted like that."""
    if sort == "cost":
        return session.spending.cost_nano
    return session.spending.tokens if sort == "tokens" else 0
