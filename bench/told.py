"""What a neighbour, a program that people push to today, was told of, and what it took."""

from typing import NamedTuple

EVENTS_PER_PUSH = 100


class Told(NamedTuple):
    """So many events, wall time and the program's processor time until it had them, in seconds."""

    events: int
    seconds: float
    cpu_seconds: float
