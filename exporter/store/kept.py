"""Answers, or parts of them, kept for the next who asks.

Each is kept with the version of what it was made of, and serves as long as that is asked for: so
nothing has to be told here when something is written, and what is kept never shows. It is neither
saved nor restored.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, of `weight_max` altogether; the one put in longest ago leaves first.

    A version must never come again for another value of the same key.
    """

    def __init__(self, *, weight_max: int) -> None:
        self.weight_max = weight_max
        self.weight = 0
        self._values: dict[K, tuple[Hashable, V, int]] = {}

    def get(self, key: K, version: Hashable) -> V | None:
        """Return the value of a key, if one of that version is kept."""
        kept = self._values.get(key)
        return kept[1] if kept is not None and kept[0] == version else None

    def put(self, key: K, version: Hashable, value: V, weight: int = 1) -> None:
        """Keep a value in place of the one before; one that is too heavy by itself is not kept."""
        self._drop(key)
        if weight > self.weight_max:
            return
        self._values[key] = version, value, weight
        self.weight += weight
        while self.weight > self.weight_max:
            self._drop(next(iter(self._values)))

    def _drop(self, key: K) -> None:
        gone = self._values.pop(key, None)
        if gone is not None:
            self.weight -= gone[2]
