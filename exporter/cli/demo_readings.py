"""What the agents of the demo read off in turn: how deep their queues are, what is left to use."""

from itertools import cycle
from typing import Final

from exporter.cli.demo_cast import AGENTS, Agent
from exporter.cli.demo_weather import Allowance, Weather
from exporter.cli.demo_world import Event, Steps, World

SHARE: Final = 0.12
"""Which part of all events are readings."""

WAIT_SECS: Final = (0.02, 30.0)
FIRST_ROUND_SECS: Final = 0.1

DEPTH_MEAN: Final = 9.0
DEPTH_PULL: Final = 0.25


class Readings:
    """Reads everything off in turn: at first quickly, then as often as the rate has room for."""

    def __init__(self, world: World, weather: Weather, *, rate: float) -> None:
        self._world = world
        self._weather = weather
        least, most = WAIT_SECS
        self._wait_secs = max(least, min(most, 1 / (SHARE * rate)))
        self._depths: dict[str, float] = {}
        self._limited: set[tuple[str, str]] = set()

    def steps(self) -> Steps[None]:
        """Tell readings for ever."""
        sources = [(agent, queue, "") for agent in AGENTS for queue in agent.queues]
        sources += [(agent, "", window) for agent in AGENTS for window in agent.quotas]
        self._world.random.shuffle(sources)
        for round_index, (agent, queue, window) in enumerate(cycle(sources)):
            first = round_index < len(sources)
            yield min(self._wait_secs, FIRST_ROUND_SECS) if first else self._wait_secs
            yield self._depth(agent, queue) if queue else self._quota(agent, window)

    def _depth(self, agent: Agent, queue: str) -> Event:
        """Return a depth that wanders about its mean, which is of the hour and the weather."""
        jam = self._weather.slowdown(agent.models[0].provider)
        mean = DEPTH_MEAN * (1 + 0.6 * self._world.daylight) * jam
        depth = self._depths.get(queue, mean)
        depth += DEPTH_PULL * (mean - depth) + self._world.random.gauss(0, mean / 4)
        self._depths[queue] = max(0.0, depth)
        told = {"type": "queue_depth", "queue": queue, "depth": round(self._depths[queue])}
        return {"agent": agent.name} | told

    def _quota(self, agent: Agent, window: str) -> Event:
        allowances = self._weather.allowances(agent)
        allowance = next(each for each in allowances if each.window == window)
        ratio = allowance.used_ratio(self._world.now)
        event: Event = {
            "type": "quota",
            "agent": agent.name,
            "provider": allowance.provider,
            "window": window,
            "used_ratio": ratio,
            "resets_at": round(allowance.resets_at, 3),
        }
        return event | self._limit(allowance, limited=ratio >= 1)

    def _limit(self, allowance: Allowance, *, limited: bool) -> Event:
        """Return whether calls are refused, where they are or were until now."""
        key = (allowance.agent.name, allowance.window)
        if not limited and key not in self._limited:
            return {}
        (self._limited.add if limited else self._limited.discard)(key)
        return {"limited": limited}
