"""Completions taken together: those of one agent, session and model in a push.

Most pushes tell of many calls of few models. Whoever adds such events up one by one reads and
writes a dozen fields for each; here the fields of all of them are read once, and their sums are
added. An event of a push of a hundred costs the store and the series together an eighth less so.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from exporter.event.columns import CompletionColumns
from exporter.event.parting import Key, Parted
from exporter.event.types import Completion, CompletionDetail, Event, Quota, RequestEnded

EVENTS_MIN: Final = 8
"""Below so many events nobody looks for groups."""

EVENTS_PER_GROUP_MIN: Final = 4
"""With fewer in a group, on average, they are cheaper alone."""

_LIMITING: Final = (CompletionDetail, Quota)
"""What may say that a limit was met, beside a completion."""


class CompletionGroup(CompletionColumns):
    """Completions of one agent, session and model, in their order.

    `first_at` and `last_at` are the instants of the first and of the last to end, Unix seconds.
    """

    __slots__ = ("agent", "events", "first_at", "last_at", "model", "provider", "session_id")

    def __init__(self, events: Sequence[Completion]) -> None:
        super().__init__(events)
        first = events[0]
        instants = [event.at for event in events]
        self.agent = first.agent
        self.session_id = first.session_id
        self.provider = first.provider
        self.model = first.model
        self.events = events
        self.first_at = min(instants)
        self.last_at = max(instants)


class Grouping(NamedTuple):
    """Events: `groups` of the `completions` among them, and `told`: what is told one by one.

    That is the failures and what is no completion, in their order.
    """

    groups: list[CompletionGroup]
    completions: Sequence[Completion]
    told: list[Event]


def group(parted: Parted) -> Grouping | None:
    """Return events grouped; `None` where it would not pay, or where their order matters.

    It does where something may say that a limit was met, since what comes after a limit may lift
    it, and where one session is told of by two agents, since the last one has it.
    """
    events, others, alike = parted.events, parted.others, parted.alike
    completions = len(events) - len(others)
    if len(events) < EVENTS_MIN or completions < EVENTS_PER_GROUP_MIN * max(len(alike), 1):
        return None
    groups = [CompletionGroup(mates) for mates in alike.values()]
    told = _told(parted, [group for group in groups if group.failures])
    return Grouping(groups, parted.completions, told) if _commute(alike, told) else None


def _told(parted: Parted, failing: Sequence[CompletionGroup]) -> list[Event]:
    if not failing:
        return parted.others
    if not parted.others and len(failing) == 1:
        return list(failing[0].failures)
    return [
        event for event in parted.events if event.__class__ is not Completion or not event.success
    ]


def _commute(alike: Iterable[Key], told: Iterable[Event]) -> bool:
    agents_of: dict[str | None, str] = {}
    for agent, session_id, _, _ in alike:
        if agents_of.setdefault(session_id, agent) != agent and session_id is not None:
            return False
    for event in told:
        if event.__class__ in _LIMITING or (event.__class__ is Completion and event.limited):
            return False
        if event.__class__ is RequestEnded and event.session_id is None:
            return False  # It may have its session from its start.
        session = event.session_id
        if session is not None and agents_of.setdefault(session, event.agent) != event.agent:
            return False
    return True
