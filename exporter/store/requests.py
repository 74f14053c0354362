"""Requests in flight, from their start to their end.

A lost end must leak nothing, so starts are bounded in number and in age, and in both the oldest
start goes first. Events come late and out of order, so the oldest is not the first that came: a
heap holds the order. What ended is taken out of the table at once and of the heap when it comes to
the top, or when most of the heap is such.
"""

import heapq
from typing import Final

from exporter.event.types import UNKNOWN, RequestEnded, RequestStarted
from exporter.store.answers import InFlight, instant

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
        self._starts: dict[str, RequestStarted] = {}
        self._oldest_first: list[tuple[float, str]] = []
        self._counts: dict[Pair, int] = {}
        self._idle: dict[Pair, None] = {}

    def start(self, event: RequestStarted, now: float) -> None:
        """Take a start in; the second one of the same id is the same request told again."""
        self.expire(now)
        if event.request_id in self._starts:
            return
        self._starts[event.request_id] = event
        heapq.heappush(self._oldest_first, (event.at, event.request_id))
        pair = (event.agent, event.channel)
        self._idle.pop(pair, None)
        self._counts[pair] = self._counts.get(pair, 0) + 1
        if len(self._starts) > self.requests_max:
            self._take(self._oldest())
            self.evictions += 1

    def end(self, event: RequestEnded, now: float) -> None:
        """Take a request out, and tell its end what only the start knew.

        That is `duration_ms` (never negative), `channel`, `agent` and `session_id`, each where the
        end does not say. Without a start the duration stays unknown.
        """
        self.expire(now)
        if event.request_id in self._starts:
            start = self._take(event.request_id)
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
        while self._starts:
            request_id = self._oldest()
            if self._starts[request_id].at > now - self.ttl_secs:
                return
            self._take(request_id)
            self.expiries += 1

    def in_flight(self, now: float) -> list[InFlight]:
        """Return what is in flight, the oldest first."""
        self.expire(now)
        return [
            InFlight(
                id=start.request_id,
                session_id=start.session_id,
                channel=start.channel,
                agent=start.agent,
                started_at=instant(start.at),
                duration_ms=max(0.0, (now - start.at) * 1000.0),
            )
            for start in sorted(self._starts.values(), key=lambda start: start.at)
        ]

    def count(self, now: float) -> int:
        """Return how many are in flight."""
        self.expire(now)
        return len(self._starts)

    def count_by(self, now: float) -> dict[Pair, int]:
        """Return how many are in flight by (agent, channel), with a 0 for pairs seen before."""
        self.expire(now)
        return dict.fromkeys(self._idle, 0) | self._counts

    def _oldest(self) -> str:
        """Return the id of the oldest start; there must be one."""
        while True:
            at, request_id = self._oldest_first[0]
            start = self._starts.get(request_id)
            if start is not None and start.at == at:
                return request_id
            heapq.heappop(self._oldest_first)

    def _take(self, request_id: str) -> RequestStarted:
        start = self._starts.pop(request_id)
        pair = (start.agent, start.channel)
        self._counts[pair] -= 1
        if not self._counts[pair]:
            del self._counts[pair]
            self._idle[pair] = None
            if len(self._idle) > IDLE_PAIRS_MAX:
                del self._idle[next(iter(self._idle))]
        if len(self._oldest_first) > 2 * len(self._starts) + _HEAP_SLACK:
            self._oldest_first = [(s.at, s.request_id) for s in self._starts.values()]
            heapq.heapify(self._oldest_first)
        return start
