"""The behaviour of the gateway's MetricsCollector, found again in the store."""

from exporter.event.types import Level
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    log,
    queue_depth,
    request_ended,
    request_started,
    tokens,
    told_context,
    tool_call,
)


def test_the_newest_200_calls_are_kept() -> None:
    """The ring of model calls forgets the oldest first."""
    store = TelemetryStore()
    store.apply([completion(latency_ms=float(n)) for n in range(250)], NOW)
    latencies = [call.latency_ms for call in store.calls()]
    assert latencies == [float(n) for n in reversed(range(50, 250))]


def test_the_newest_500_events_are_kept() -> None:
    """The ring of events forgets the oldest first, and shows the newest first."""
    store = TelemetryStore()
    store.apply([log(message=str(n)) for n in range(600)], NOW)
    events, _ = store.events(limit=500)
    assert [event.message for event in events] == [str(n) for n in reversed(range(100, 600))]


def test_events_are_filtered_by_level_and_limited() -> None:
    """A level and a limit may be asked for, apart or together."""
    store = TelemetryStore()
    levels: list[Level] = ["info", "warn", "error"]
    store.apply([log(level=levels[n % 3], message=str(n)) for n in range(9)], NOW)
    errors, _ = store.events(level="error")
    newest, _ = store.events(limit=2)
    newest_error, _ = store.events(level="error", limit=1)
    assert [event.message for event in errors] == ["8", "5", "2"]
    assert [event.message for event in newest] == ["8", "7"]
    assert [event.message for event in newest_error] == ["8"]


def test_requests_are_tracked_with_their_durations() -> None:
    """A request in flight shows since when, and is no longer there when it has ended."""
    store = TelemetryStore()
    store.apply([request_started(request_id="1", session_id="lane", channel="ws")], NOW)
    (request,) = store.in_flight(NOW + 1.5)
    assert (request.id, request.session_id, request.channel) == ("1", "lane", "ws")
    assert request.duration_ms == 1500.0
    store.apply([request_ended(request_id="1", at=NOW + 2)], NOW + 2)
    assert store.in_flight(NOW + 2) == []


def test_the_snapshot_has_its_shape() -> None:
    """Counters, gauges and the recent calls stand in one answer."""
    store = TelemetryStore()
    store.apply(
        [
            request_started(request_id="1"),
            request_started(request_id="2"),
            completion(latency_ms=100.0, tokens=tokens(10, 20)),
            completion(latency_ms=300.0),
            failure(latency_ms=9000.0),
            queue_depth(depth=4),
            request_ended(request_id="1"),
        ],
        NOW,
    )
    snapshot = store.snapshot(now=NOW, uptime_secs=12.5)
    assert (snapshot.messages_processed, snapshot.errors) == (1, 1)
    assert (snapshot.active_requests, snapshot.queue_depth, snapshot.uptime) == (1, 4, 12.5)
    calls = snapshot.model_calls
    assert (calls.total, calls.avg_latency_ms, calls.error_rate) == (3, 200.0, 1 / 3)
    assert [call.latency_ms for call in calls.recent] == [9000.0, 300.0, 100.0]


def test_an_empty_snapshot_knows_no_averages() -> None:
    """Counts are 0 and averages unknown before anything happened."""
    calls = TelemetryStore().snapshot(now=NOW, uptime_secs=0.0).model_calls
    assert (calls.total, calls.avg_latency_ms, calls.error_rate, calls.recent) == (
        0,
        None,
        None,
        [],
    )


def test_a_failed_tool_call_is_an_error_event() -> None:
    """It counts as an error, and the event ring tells which tool failed and in which session."""
    store = TelemetryStore()
    store.apply([tool_call(success=False, error="exit code 1", session_id="lane")], NOW)
    (event,), _ = store.events(level="error")
    assert (event.source, event.message) == ("bash", "exit code 1")
    assert told_context(event) == {
        "kind": "tool_call",
        "agent": "claude-code",
        "session_id": "lane",
    }
    assert store.snapshot(now=NOW, uptime_secs=0.0).errors == 1
