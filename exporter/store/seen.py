"""What was seen, up to a bound: the first names since the start, or the latest keys."""

from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")


class SeenNames:
    """At most `names_max` names; once that many are known, new ones are passed over."""

    def __init__(self, *, names_max: int) -> None:
        self.names_max = names_max
        self._names: set[str] = set()

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Take a name in."""
        if len(self._names) < self.names_max:
            self._names.add(name)

    def in_order(self) -> list[str]:
        """Return the names, sorted."""
        return sorted(self._names)


class LatestKeys(Generic[K]):
    """The latest `keys_max` keys; the one added longest ago leaves first.

    Whatever a gauge was told of once is kept here when it is gone, to be told as 0 from then on: a
    series that vanishes instead keeps its last value wherever it is drawn.
    """

    def __init__(self, *, keys_max: int) -> None:
        self.keys_max = keys_max
        self._keys: dict[K, None] = {}

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def add(self, key: K) -> None:
        """Take a key in as the latest."""
        self._keys.pop(key, None)
        self._keys[key] = None
        if len(self._keys) > self.keys_max:
            del self._keys[next(iter(self._keys))]

    def discard(self, key: K) -> None:
        """Forget a key, if it is there."""
        self._keys.pop(key, None)
