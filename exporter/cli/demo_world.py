"""What all that happens in the demo shares: chance, the time, and names that nobody else has."""

import math
from collections.abc import Generator, Sequence
from random import Random
from typing import Any, Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Event = dict[str, Any]

Steps = Generator[float | Event, None, R]
"""What somebody does: events that are told now, and seconds that pass before the next."""

DAY_SECS: Final = 24 * 60.0
"""A day takes 24 minutes, so that an hour is a minute."""

HOUR_SECS: Final = DAY_SECS / 24
SWELL: Final = 0.25


class World:
    """The world at an instant: `now`, Unix seconds, which only the traffic moves on.

    Ids are made from where the time began, so that two runs with the same seed have none in common.
    """

    def __init__(self, random: Random, began_at: float) -> None:
        self.random = random
        self.now = began_at
        self.began_at = began_at
        self._run = f"{int(began_at * 1000):x}"
        self._ids = 0

    def new_id(self, kind: str) -> str:
        """Return an id that was never given."""
        self._ids += 1
        return f"{kind}-{self._run}-{self._ids}"

    @property
    def daylight(self) -> float:
        """How far the day is: from -1 in the dead of night to 1 at noon; it begins at dawn."""
        return math.sin((self.now - self.began_at) / DAY_SECS * math.tau)

    @property
    def swell(self) -> float:
        """How much goes on, as a share of the mean."""
        return 1 + SWELL * self.daylight

    def chance(self, share: float) -> bool:
        """Return whether something happens that happens in this share of cases."""
        return self.random.random() < share

    def around(self, median: float, spread: float = 0.5) -> float:
        """Return an amount that is near its median mostly, and far above it at times."""
        return median * math.exp(self.random.gauss(0.0, spread))

    def between(self, least: float, most: float) -> float:
        """Return an amount from `least` to `most`."""
        return self.random.uniform(least, most)

    def one_of(self, choices: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """Return one of the choices."""
        return self.random.choices(choices, weights)[0]
