"""Requests in flight: from start to end, and what becomes of those that never end."""

import pytest

from exporter.event.types import RequestEnded, RequestStarted
from exporter.store.answers import InFlight, instant
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
    assert store.messages_processed == 1


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
    assert store.evictions["request_expired"] == 1
    end = request_ended(request_id="old", at=NOW + 60)
    store.apply([end], NOW + 60)
    assert end.duration_ms is None


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
