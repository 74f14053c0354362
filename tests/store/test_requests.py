"""Requests in flight: from start to end, and what becomes of those that never end."""

from collections.abc import Iterable

import pytest

from exporter.event.types import RequestEnded, RequestStarted
from exporter.store.answers import InFlight, instant
from exporter.store.matching import ENDS_MAX
from exporter.store.requests import IDLE_PAIRS_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, request_ended, request_started

PAIR = ("claude-code", "cli")


def test_a_request_is_in_flight_until_it_ends() -> None:
    """It is shown with its age, the oldest first, and is gone with its end."""
    store = TelemetryStore()
    store.apply([request_started(session_id="s"), request_started(request_id="q", at=NOW - 5)], NOW)
    assert store.in_flight(NOW + 1) == [
        InFlight("q", None, "cli", "claude-code", instant(NOW - 5), 6000.0),
        InFlight("r", "s", "cli", "claude-code", instant(NOW), 1000.0),
    ]
    store.apply([request_ended(), request_ended(request_id="q")], NOW)
    assert store.in_flight(NOW) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (
            request_started(session_id="s"),
            request_ended(at=NOW + 2.5),
            ("claude-code", "cli", "s", 2500.0),
        ),
        (
            request_started(session_id="s"),
            request_ended(agent="codex", channel="web", session_id="t", duration_ms=7.0),
            ("codex", "web", "t", 7.0),
        ),
        (request_started(), request_ended(at=NOW - 60), ("claude-code", "cli", None, 0.0)),
        (request_started(request_id="other"), request_ended(), ("unknown", "unknown", None, None)),
    ],
    ids=["the start fills in", "the end knows better", "never negative", "no start"],
)
def test_an_end_is_completed_from_its_start(
    start: RequestStarted,
    end: RequestEnded,
    expected: tuple[str, str | None, str | None, float | None],
) -> None:
    """The end takes from its start what it does not say itself."""
    store = TelemetryStore()
    store.apply([start, end], NOW + 10)
    assert (end.agent, end.channel, end.session_id, end.duration_ms) == expected
    assert store.snapshot(now=NOW, uptime_secs=0.0).messages_processed == 1


def test_a_second_start_keeps_the_first() -> None:
    """A start told twice is one request, begun when it was first told."""
    store = TelemetryStore()
    store.apply([request_started(), request_started(at=NOW + 9, channel="web")], NOW + 10)
    (request,) = store.in_flight(NOW + 10)
    assert (request.channel, request.duration_ms) == ("cli", 10_000.0)
    assert store.in_flight_by(NOW) == {PAIR: 1}


def test_an_id_may_be_used_again() -> None:
    """An id that has ended starts a new request, which ages from its own start."""
    store = TelemetryStore(request_ttl_secs=100)
    store.apply([request_started(), request_ended()], NOW)
    store.apply([request_started(at=NOW + 90)], NOW + 90)
    assert [request.id for request in store.in_flight(NOW + 150)] == ["r"]
    assert store.evictions["request_expired"] == 0


def test_the_age_of_an_id_is_that_of_its_last_use() -> None:
    """An id used again does not leave for being old when it was used first."""
    store = TelemetryStore(requests_max=2)
    store.apply([request_started(at=NOW - 50), request_ended(), request_started()], NOW)
    others = [request_started(request_id="old", at=NOW - 10), request_started(request_id="new")]
    store.apply(others, NOW)
    assert [request.id for request in store.in_flight(NOW)] == ["r", "new"]


def test_a_request_without_an_end_expires() -> None:
    """After its time a request is forgotten, whatever the order it came in, and counted."""
    store = TelemetryStore(request_ttl_secs=100)
    store.apply([request_started(), request_started(request_id="old", at=NOW - 50)], NOW)
    assert [request.id for request in store.in_flight(NOW + 50)] == ["r"]
    assert store.in_flight_by(NOW + 50) == {PAIR: 1}
    assert store.in_flight_by(NOW + 100) == {PAIR: 0}
    end = request_ended(request_id="old", at=NOW + 60)
    store.apply([end], NOW + 60)
    assert end.duration_ms is None
    assert store.evictions["request_expired"] == 1


@pytest.mark.parametrize("read", [True, False])
def test_what_was_asked_does_not_show_in_an_end(*, read: bool) -> None:
    """Not even while the clock was hours ahead: labels and duration come from the start."""
    store, end = TelemetryStore(), request_ended(at=NOW + 5)
    store.apply([request_started(session_id="s"), request_started(request_id="q")], NOW)
    if read:
        ahead = NOW + 7 * 3600
        assert (store.in_flight(ahead), store.in_flight_by(ahead)) == ([], {PAIR: 0})
        assert store.snapshot(now=ahead, uptime_secs=0.0).active_requests == 0
    store.apply([end], NOW + 5)
    told = (end.agent, end.channel, end.session_id, end.duration_ms)
    assert told == ("claude-code", "cli", "s", 5000.0)
    assert store.in_flight_by(NOW + 5) == {PAIR: 1}
    assert store.evictions["request_expired"] == 0


def test_the_oldest_start_leaves_first() -> None:
    """With no room left the request that began first goes, and that is counted."""
    store = TelemetryStore(requests_max=2)
    starts = {"b": NOW, "a": NOW - 9, "c": NOW}
    store.apply([request_started(request_id=key, at=at) for key, at in starts.items()], NOW)
    assert [request.id for request in store.in_flight(NOW)] == ["b", "c"]
    assert store.evictions["request"] == 1


def test_a_pair_seen_before_is_told_as_zero() -> None:
    """Requests are counted by agent and channel, and a pair stays when its last request ends."""
    store = TelemetryStore()
    store.apply([request_started(), request_started(request_id="q", channel="web")], NOW)
    store.apply([request_ended()], NOW)
    assert store.in_flight_by(NOW) == {PAIR: 0, ("claude-code", "web"): 1}


def test_idle_pairs_are_bounded() -> None:
    """However many channels are named, only so many zeros are told."""
    store = TelemetryStore()
    for n in range(IDLE_PAIRS_MAX + 10):
        store.apply([request_started(channel=f"channel-{n}"), request_ended()], NOW)
    assert len(store.in_flight_by(NOW)) == IDLE_PAIRS_MAX


def test_many_requests_come_and_go() -> None:
    """Thousands of starts and ends out of order leave exactly those that did not end."""
    store = TelemetryStore()
    for n in range(3000):
        store.apply([request_started(request_id=f"r{n}", at=NOW - n % 7)], NOW)
        if n % 10:
            store.apply([request_ended(request_id=f"r{n}")], NOW)
    assert len(store.in_flight(NOW)) == 300
    assert store.in_flight_by(NOW) == {PAIR: 300}


def test_agents_may_use_the_same_id() -> None:
    """Requests of two agents under one id are two, and each is ended by its own agent."""
    store = TelemetryStore()
    store.apply([request_started(agent=agent, channel=agent) for agent in "ab"], NOW)
    assert len(store.in_flight(NOW)) == 2
    end = request_ended(agent="a")
    store.apply([end, request_ended(agent="c")], NOW)
    assert end.channel == "a"
    assert [request.agent for request in store.in_flight(NOW)] == ["b"]


@pytest.mark.parametrize(
    ("starts", "ends", "left"),
    [
        ("a", ["unknown"], []),
        ("ab", ["unknown"], ["a"]),
        ("ba", ["unknown", "unknown"], []),
        (["a", "unknown", "b"], ["unknown"], ["a", "b"]),
        (["unknown"], ["a"], []),
        (["unknown", "a"], ["a"], ["unknown"]),
        (["unknown", "a"], ["a", "b"], []),
        ("a", ["b"], ["a"]),
    ],
)
def test_who_does_not_name_an_agent_is_matched(
    starts: Iterable[str], ends: list[str], left: list[str]
) -> None:
    """An end of nobody ends the latest request of that id; what nobody began, anybody ends."""
    store = TelemetryStore()
    store.apply([request_started(agent=agent) for agent in starts], NOW)
    store.apply([request_ended(agent=agent) for agent in ends], NOW)
    assert sorted(request.agent for request in store.in_flight(NOW)) == sorted(left)


@pytest.mark.parametrize(
    ("end_agent", "start_agent", "in_flight"),
    [("a", "a", 0), ("unknown", "a", 0), ("a", "unknown", 0), ("a", "b", 1)],
)
@pytest.mark.parametrize("after_secs", [-5.0, 5.0])
def test_a_start_that_comes_after_its_end(
    end_agent: str, start_agent: str, in_flight: int, after_secs: float
) -> None:
    """It is not in flight, wherever it is dated, and its pair is not told of."""
    store = TelemetryStore()
    store.apply([request_ended(agent=end_agent)], NOW)
    store.apply([request_started(agent=start_agent, at=NOW + after_secs)], NOW + 9)
    assert len(store.in_flight(NOW + 9)) == in_flight
    assert len(store.in_flight_by(NOW + 9)) == in_flight


def test_an_end_explains_one_start_dated_after_it() -> None:
    """The next start under the id is a new request; one dated before the end never is."""
    store = TelemetryStore()
    store.apply([request_ended()], NOW)
    late = request_started(at=NOW - 1)
    store.apply([late, late, late], NOW)
    assert store.in_flight(NOW) == []
    store.apply([request_started(at=NOW + 1)], NOW + 1)
    assert len(store.in_flight(NOW + 1)) == 1


def test_an_id_used_over_and_over_is_told_wrong_once() -> None:
    """Where the start of one turn was lost, the next turn is missed and the one after is not."""
    store = TelemetryStore()
    seen = []
    for turn in range(4):
        now = NOW + turn
        if turn:
            store.apply([request_started(at=now)], now)
        seen.append(len(store.in_flight(now)))
        store.apply([request_ended(agent="claude-code", at=now + 0.5)], now + 0.5)
    assert seen == [0, 0, 1, 1]


def test_ends_without_a_start_are_bounded() -> None:
    """Only the last of them are remembered."""
    store = TelemetryStore()
    ids = [f"r{n}" for n in range(ENDS_MAX + 1)]
    store.apply([request_ended(request_id=one) for one in ids], NOW)
    store.apply([request_started(request_id=one) for one in ids], NOW)
    assert [request.id for request in store.in_flight(NOW)] == ["r0"]
