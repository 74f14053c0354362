"""Events parted: completions by what they have in common, and all others.

Done once for the events of a piece, since what is to be told of a name need not be told of every
event that has it. Most completions are of the same agent, session and model as the one before them,
so that comparing with that comes before looking it up: strings that were just decoded have no hash
yet, and four of them take longer to hash than to compare. 0.2 us an event in place of 0.3.
"""

from collections.abc import Iterator, Sequence

from exporter.event.types import Completion, Event

Key = tuple[str, str | None, str | None, str]
"""Agent, session, provider and model."""


class Parted:
    """Events in their order, `alike` the completions among them by their key, and the `others`."""

    __slots__ = ("alike", "events", "others")

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.alike: dict[Key, list[Completion]] = {}
        self.others: list[Event] = []
        agent = session_id = provider = model = None
        mates: list[Completion] = []
        for event in events:
            if event.__class__ is not Completion:
                self.others.append(event)
            elif (
                event.model == model
                and event.session_id == session_id
                and event.provider == provider
                and event.agent == agent
            ):
                mates.append(event)
            else:
                key = agent, session_id, provider, model = (
                    event.agent,
                    event.session_id,
                    event.provider,
                    event.model,
                )
                mates = self.alike.setdefault(key, [])
                mates.append(event)

    @property
    def completions(self) -> Sequence[Completion]:
        """All completions, in their order."""
        if not self.others:
            return self.events  # type: ignore[return-value] # there is nothing else
        return [event for event in self.events if event.__class__ is Completion]

    def each_completion(self) -> Iterator[Completion]:
        """Yield all completions, in any order."""
        for mates in self.alike.values():
            yield from mates
