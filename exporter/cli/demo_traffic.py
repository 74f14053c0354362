"""The traffic of the demo: a small simulation whose time is an argument, and only passes in it.

Everybody who does something - sessions, what tells the readings, the weather - is a generator of
what they tell and of how long they do nothing. The traffic keeps them by when they are due. It
holds the rate by how many sessions there are: one more begins while too little was told so far, and
one that has too many beside it ends after its request. So the rate is met on the average, as long
as a request or so, and not event by event. It swells and ebbs with the day.

No clock is read here, and nothing is sent: the same seed gives the same events.
"""

import heapq
import math
from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from exporter.cli.demo_cast import AGENTS, CHANNELS, Agent
from exporter.cli.demo_readings import Readings
from exporter.cli.demo_sessions import Session
from exporter.cli.demo_weather import Weather
from exporter.cli.demo_world import Event, Steps, World

EVENTS_PER_SEC_OF_SESSION: Final = 0.42
"""What a session tells, about; what it really tells is seen, and made up for."""

SETTLING_SECS: Final = 30.0
"""Over how long it is made up for."""

JOINING_SECS: Final = 15.0
"""At first, sessions are joined that are under way."""

CHECK_SECS: Final = (0.05, 10.0)
ROOM_FOR: Final = 4
"""How many events a session has room for as it begins: it tells two at once, and goes on."""

EXHAUSTED_SHARE: Final = 0.1

NIGHT_OWL: Final = "ci"


class Due(NamedTuple):
    """Who goes on when, in seconds from the beginning; the number keeps two of an instant apart."""

    at: float
    number: int
    steps: Steps[None]


class Traffic:
    """Made-up traffic of `rate` events a second, as it would be from `began_at` (Unix seconds) on.

    Use it once.
    """

    def __init__(self, random: Random, *, rate: float, began_at: float) -> None:
        self._world = World(random, began_at)
        self._weather = Weather(self._world)
        self._rate = rate
        self._due: list[Due] = []
        self._numbers = 0
        self._passed_secs = 0.0
        self._skipped_secs = 0.0
        self._told = 0
        self._expected = 0.0
        self._sessions = 0
        self._requests: dict[str, Event] = {}

    def events(self) -> Iterator[tuple[float, Event]]:
        """Yield for ever how many seconds pass, and what is told then.

        An event that names no instant is of when it is told.
        """
        for steps in (
            self._begin_sessions(),
            Readings(self._world, self._weather, rate=self._rate).steps(),
            self._weather.overloads(),
            self._weather.limits(),
        ):
            self._enter(steps, 0.0)
        told_at = 0.0
        while True:
            at, _, steps = heapq.heappop(self._due)
            self._pass(at)
            for step in steps:
                if isinstance(step, float):
                    self._enter(steps, step)
                    break
                self._told += 1
                yield at - told_at, step
                told_at = at

    def interrupted(self) -> Iterator[Event]:
        """Yield the ends of all requests in flight, which nobody works on any more."""
        for end in self._requests.values():
            yield end | {"success": False, "error": "interrupted"}
        self._requests.clear()

    def skip(self, secs: float) -> None:
        """Let time pass in which nobody does anything, as while a machine sleeps."""
        self._skipped_secs += secs
        self._world.now += secs

    def _enter(self, steps: Steps[None], wait_secs: float) -> None:
        self._numbers += 1
        heapq.heappush(self._due, Due(self._passed_secs + wait_secs, self._numbers, steps))

    def _pass(self, at: float) -> None:
        self._expected += (at - self._passed_secs) * self._rate * self._world.swell
        self._passed_secs = at
        self._world.now = self._world.began_at + at + self._skipped_secs

    @property
    def _sessions_wanted(self) -> float:
        owed = self._expected - self._told
        rate = self._rate * self._world.swell + owed / SETTLING_SECS
        return rate / EVENTS_PER_SEC_OF_SESSION

    def _begin_sessions(self) -> Steps[None]:
        """Begin sessions while there are too few, but no more than the rate has room for."""
        least, most = CHECK_SECS
        check_secs = max(least, min(most, ROOM_FOR / self._rate))
        while True:
            missing = math.ceil(self._sessions_wanted - self._sessions)
            for _ in range(min(missing, math.ceil(self._rate * check_secs / ROOM_FOR))):
                self._enter(self._session(), 0.0)
            yield check_secs

    def _session(self) -> Steps[None]:
        self._sessions += 1
        agent = self._world.one_of(AGENTS, [self._share(agent) for agent in AGENTS])
        yield from Session(
            self._world,
            self._weather,
            agent,
            self._channel(agent),
            joined=self._passed_secs < JOINING_SECS,
            requests=self._requests,
            leave=lambda: self._sessions > self._sessions_wanted,
        ).steps()
        self._sessions -= 1

    def _share(self, agent: Agent) -> float:
        return agent.share * (EXHAUSTED_SHARE if self._weather.is_exhausted(agent) else 1.0)

    def _channel(self, agent: Agent) -> str:
        """Return where a session comes from: from people by day, from machines by night."""
        light = self._world.daylight
        weights = [
            weight * (1 - 0.6 * light if channel == NIGHT_OWL else 1 + 0.3 * light)
            for channel, weight in zip(CHANNELS, agent.channels, strict=True)
        ]
        return self._world.one_of(CHANNELS, weights)
