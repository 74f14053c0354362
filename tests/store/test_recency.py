"""The eviction queue against an ordered dict that moves what is used to its end."""

from collections import OrderedDict
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from exporter.store.recency import EvictionQueue

ROOM = 3


@dataclass
class Entry:
    """A stamped entry."""

    used: int


@given(st.lists(st.integers(-2, 6), min_size=20, max_size=100))
def test_the_least_recently_used_leaves_first(steps: list[int]) -> None:
    """Whatever is used, or taken away (below 0), the same keys stay as in an exact LRU."""
    queue: EvictionQueue[int] = EvictionQueue()
    entries: dict[int, Entry] = {}
    exact: OrderedDict[int, None] = OrderedDict()
    for used, key in enumerate(steps):
        if key < 0:
            entries.pop(-key, None)
            exact.pop(-key, None)
            continue
        if key not in entries and len(entries) == ROOM:
            del entries[queue.next(entries)]
            exact.popitem(last=False)
        entries[key] = Entry(used)
        exact[key] = None
        exact.move_to_end(key)
        assert entries.keys() == exact.keys()
