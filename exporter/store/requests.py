"""Requests in flight, from their start to their end.

A lost end must leak nothing, so starts are bounded in number and in age, and in both the oldest
start goes first. Events come late and out of order, so the oldest is not the first that came: a
heap holds the order. What ended is taken out of the table at once and of the heap when it comes to
the top, or when most of the heap is such. Where an end overtakes its start, the start that comes
after it is passed over (`exporter.store.matching`).

Only a start or an end lets go of what grew old; a read passes over it. A read may come while the
clock is hours ahead, and who replays the events does not know of it: if it took anything out, an
end would find its start in one of the two lives and not in the other.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from exporter.event.types import UNKNOWN, RequestEnded, RequestStarted
from exporter.store.answers import InFlight, instant
from exporter.store.matching import ByRequest, LoneEnds, RequestKey
from exporter.store.parts import in_parts
from exporter.store.seen import LatestKeys

IDLE_PAIRS_MAX: Final = 1000
"""How many (agent, channel) pairs without a request are remembered, to be told as 0."""

_HEAP_SLACK: Final = 64

Pair = tuple[str, str]
"""Agent and channel."""


class RequestTable:
    """At most `requests_max` requests in flight, none older than `ttl_secs`.

    `evictions` counts the starts that had to go for want of room, `expiries` those that grew old.
    """

    def __init__(self, *, requests_max: int, ttl_secs: float) -> None:
        self.requests_max = requests_max
        self.ttl_secs = ttl_secs
        self.evictions = 0
        self.expiries = 0
        self._starts: ByRequest[RequestStarted] = ByRequest()
        self.lone_ends = LoneEnds()
        self._oldest_first: list[tuple[float, RequestKey]] = []
        self._counts: dict[Pair, int] = {}
        self._idle: LatestKeys[Pair] = LatestKeys(keys_max=IDLE_PAIRS_MAX)

    def start(self, event: RequestStarted, now: float) -> None:
        """Take a start in; the second one of the same request is the same told again."""
        self.expire(now)
        key = (event.agent, event.request_id)
        if self._starts.get(key) is not None or self.lone_ends.take(event):
            return
        self._put(key, event)
        if len(self._starts) > self.requests_max:
            self._take(self._oldest())
            self.evictions += 1

    def end(self, event: RequestEnded, now: float) -> None:
        """Take a request out, and tell its end what only the start knew.

        That is `duration_ms` (never negative), `channel`, `agent` and `session_id`, each where the
        end does not say. Without a start the duration stays unknown.
        """
        self.expire(now)
        key = self._starts.find(event.agent, event.request_id)
        if key is None:
            self.lone_ends.add(event)
        else:
            start = self._take(key)
            if event.duration_ms is None:
                event.duration_ms = max(0.0, (event.at - start.at) * 1000.0)
            if event.channel is None:
                event.channel = start.channel
            if event.agent == UNKNOWN:
                event.agent = start.agent
            if event.session_id is None:
                event.session_id = start.session_id
        if event.channel is None:
            event.channel = UNKNOWN

    def expire(self, now: float) -> None:
        """Forget the requests that began `ttl_secs` before `now` (Unix seconds), or earlier."""
        while self._has_old(now):
            self._take(self._oldest())
            self.expiries += 1

    def in_flight(self, now: float, limit: int | None = None) -> list[InFlight]:
        """Return what is in flight, at most `limit` of it, the oldest first."""
        return [
            InFlight(
                id=start.request_id,
                session_id=start.session_id,
                channel=start.channel,
                agent=start.agent,
                started_at=instant(start.at),
                duration_ms=max(0.0, (now - start.at) * 1000.0),
            )
            for start in sorted(self._young(now), key=lambda start: start.at)[:limit]
        ]

    def count(self, now: float) -> int:
        """Return how many are in flight."""
        return len(self._young(now)) if self._has_old(now) else len(self._starts)

    def count_by(self, now: float) -> dict[Pair, int]:
        """Return how many are in flight by (agent, channel), with a 0 for pairs seen before."""
        idle = dict.fromkeys(self._idle, 0)
        if not self._has_old(now):
            return idle | self._counts
        young = Counter((start.agent, start.channel) for start in self._young(now))
        return idle | dict.fromkeys(self._counts, 0) | young

    def save(self) -> Iterator[list[RequestStarted]]:
        """Yield the starts of what is in flight, in the order they came."""
        return in_parts(list(self._starts.values()), lambda _: 1)

    def idle(self) -> list[Pair]:
        """Return the pairs that are told as 0, the one that fell idle longest ago first."""
        return list(self._idle)

    def restore_idle(self, pairs: Iterable[Pair]) -> None:
        """Take in the pairs that were told as 0."""
        for pair in pairs:
            self._idle.add(pair)

    def restore(self, event: RequestStarted) -> None:
        """Take in a start that was saved, after all that came before it and all idle pairs."""
        key = (event.agent, event.request_id)
        if self._starts.get(key) is not None:
            raise ValueError("a request is saved twice")
        self._put(key, event)
        if len(self._starts) > self.requests_max:
            self._take(self._oldest())

    def _put(self, key: RequestKey, event: RequestStarted) -> None:
        self._starts.put(key, event)
        heapq.heappush(self._oldest_first, (event.at, key))
        pair = (event.agent, event.channel)
        self._idle.discard(pair)
        self._counts[pair] = self._counts.get(pair, 0) + 1

    def _has_old(self, now: float) -> bool:
        if not self._starts:
            return False
        self._oldest()
        return self._oldest_first[0][0] <= now - self.ttl_secs

    def _young(self, now: float) -> list[RequestStarted]:
        """Return the starts that are not too old, in the order they came."""
        since = now - self.ttl_secs
        return [start for start in self._starts.values() if start.at > since]

    def _oldest(self) -> RequestKey:
        """Return the key of the oldest start, now at the top of the heap; there must be one."""
        while True:
            at, key = self._oldest_first[0]
            start = self._starts.get(key)
            if start is not None and start.at == at:
                return key
            heapq.heappop(self._oldest_first)

    def _take(self, key: RequestKey) -> RequestStarted:
        start = self._starts.pop(key)
        pair = (start.agent, start.channel)
        self._counts[pair] -= 1
        if not self._counts[pair]:
            del self._counts[pair]
            self._idle.add(pair)
        if len(self._oldest_first) > 2 * len(self._starts) + _HEAP_SLACK:
            self._oldest_first = [(s.at, (s.agent, s.request_id)) for s in self._starts.values()]
            heapq.heapify(self._oldest_first)
        return start
