"""Which agents were heard, how much, and when last."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from exporter.event.grouping import Grouping
from exporter.event.types import Event
from exporter.store.answers import HeardAgent, instant
from exporter.store.parts import in_parts
from exporter.store.saved import SavedHeard


class HeardAgents:
    """At most `agents_max` agents that pushed; the one heard longest ago leaves first.

    `evictions` counts those that had to go.
    """

    def __init__(self, *, agents_max: int) -> None:
        self.agents_max = agents_max
        self.evictions = 0
        # How many events, the newest of their instants, and the last arrival.
        self._heard: OrderedDict[str, tuple[int, float, float]] = OrderedDict()

    def hear(self, events: Sequence[Event], now: float, grouping: Grouping | None = None) -> None:
        """Take in who told some events that arrived together at `now` (Unix seconds).

        `grouping` is the same events.
        """
        if grouping is not None and self._hear_groups(len(events), now, grouping):
            return
        agents = dict.fromkeys([event.agent for event in events])
        if len(agents) <= 1:
            for agent in agents:
                self._hear(agent, len(events), max([event.at for event in events]), now)
            return
        instants: dict[str, list[float]] = {agent: [] for agent in agents}
        for event in events:
            instants[event.agent].append(event.at)
        for agent, told in instants.items():
            self._hear(agent, len(told), max(told), now)

    def _hear_groups(self, events: int, now: float, grouping: Grouping) -> bool:
        """Take them in where one agent told all of them; return whether that is so."""
        groups, told = grouping.groups, grouping.told
        agents = {group.agent for group in groups}
        agents.update([event.agent for event in told])
        if len(agents) != 1:
            return False
        instants = [group.last_at for group in groups]
        instants += [event.at for event in told]
        self._hear(agents.pop(), events, max(instants), now)
        return True

    def each(self) -> list[HeardAgent]:
        """Return every agent, the one heard last first."""
        return [
            HeardAgent(agent, events, instant(newest_at), instant(heard_at))
            for agent, (events, newest_at, heard_at) in reversed(self._heard.items())
        ]

    def save(self) -> Iterator[list[SavedHeard]]:
        """Yield every agent, the one heard longest ago first."""
        heard = list(self._heard.items())
        return in_parts((SavedHeard(agent, *told) for agent, told in heard), lambda _: 1)

    def restore(self, form: SavedHeard) -> None:
        """Take in an agent that was saved, after all that were heard longer ago."""
        self._put(form.agent, form.events, form.last_event_at, form.last_heard_at)

    def _hear(self, agent: str, events: int, newest_at: float, now: float) -> None:
        newest_at = min(newest_at, now)
        before = self._heard.get(agent)
        if before is not None:
            events += before[0]
            # Beside what was told ahead of `now` nothing is older: the clock has stepped back.
            if newest_at < before[1] <= now:
                newest_at = before[1]
        self.evictions += self._put(agent, events, newest_at, now)

    def _put(self, agent: str, events: int, newest_at: float, heard_at: float) -> int:
        self._heard[agent] = (events, newest_at, heard_at)
        self._heard.move_to_end(agent)
        if len(self._heard) <= self.agents_max:
            return 0
        self._heard.popitem(last=False)
        return 1
