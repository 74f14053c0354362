"""What has begun and has not ended: a line tells the beginning, a later one the end."""

from typing import Final

from exporter.event.types import MILLISECONDS_MAX

BEGUN_MAX: Final = 1_000
"""How many beginnings wait for their end. Beyond, the oldest is given up."""


class Begun:
    """Beginnings by key: the name of what began, and when."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[str, float]] = {}

    def begin(self, key: str, name: str, at: float) -> None:
        """Note what began at `at`, Unix seconds, in place of what began under that key before."""
        self._begun.pop(key, None)
        if len(self._begun) >= BEGUN_MAX:
            del self._begun[next(iter(self._begun))]
        self._begun[key] = name, at

    def end(self, key: str, at: float) -> tuple[str | None, float | None]:
        """Return the name of what ended at `at`, and its milliseconds; `None` is unknown."""
        name, since = self._begun.pop(key, (None, None))
        return name, None if since is None else elapsed_ms(since, at)


def elapsed_ms(since: float, until: float) -> float | None:
    """Return the milliseconds between two instants in Unix seconds; `None` if they cannot be."""
    elapsed = round((until - since) * 1_000, 3)
    return elapsed if 0 <= elapsed <= MILLISECONDS_MAX else None
