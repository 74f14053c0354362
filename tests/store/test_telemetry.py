"""The store as a whole: what it counts since the start, queues, and names seen."""

import pytest

from exporter.event.types import Event
from exporter.store.state import State
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    limit_hit,
    log,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tool_call,
)


@pytest.mark.parametrize(
    ("event", "errors", "messages"),
    [
        (failure(), 1, 0),
        (limit_hit(), 1, 0),
        (tool_call(success=False), 1, 0),
        (request_ended(success=False), 1, 1),
        (log(level="error"), 1, 0),
        (log(level="warn"), 0, 0),
        (completion(), 0, 0),
        (request_started(), 0, 0),
        (request_ended(), 0, 1),
        (request_ended(success=None), 0, 1),
        (tool_call(), 0, 0),
    ],
)
def test_errors_and_messages_are_counted(event: Event, errors: int, messages: int) -> None:
    """Each failure is one error, and each request that ended one message."""
    store = TelemetryStore()
    store.apply([event], NOW)
    snapshot = store.snapshot(now=NOW, uptime_secs=0.0)
    assert (snapshot.errors, snapshot.messages_processed) == (errors, messages)


def test_the_snapshot_outlives_the_window() -> None:
    """What is counted since the start stays when the window has passed."""
    store = TelemetryStore()
    store.apply([completion(latency_ms=100.0), failure(at=NOW - 9999)], NOW)
    calls = store.snapshot(now=NOW + 9999, uptime_secs=9999.0).model_calls
    assert (calls.total, calls.avg_latency_ms, calls.error_rate) == (2, 100.0, 0.5)


def test_nothing_is_evicted_at_first() -> None:
    """Every kind of eviction is told, as 0."""
    assert TelemetryStore().evictions == dict.fromkeys(
        (
            *("model", "session", "request", "request_expired", "limit", "queue"),
            *("tool", "quota", "agent"),
        ),
        0,
    )


def test_losses_begin_anew() -> None:
    """What was late or found no room until then is not told any more; what comes after it is."""
    lossy = State(models_max=1, sessions_max=1, requests_max=1, request_ttl_secs=100)
    lossy.limit_table.limits_max = lossy.queue_table.keys_max = lossy.quota_table.keys_max = 1
    lossy.tool_table.windows_max = lossy.heard_agents.agents_max = 1
    store = TelemetryStore()
    store._state = lossy  # noqa: SLF001 - no argument bounds some of them
    events: list[Event] = [
        *(completion(model=f"m{n}", session_id=f"s{n}") for n in range(2)),
        *(limit_hit(model="m1", provider=f"p{n}") for n in range(2)),
        *(queue_depth(queue=f"q{n}") for n in range(2)),
        *(quota(window=f"w{n}") for n in range(2)),
        *(tool_call(tool=f"t{n}") for n in range(2)),
        *(request_started(request_id=f"r{n}") for n in range(2)),
        failure(model="m1", at=NOW - 9999),
    ]
    lossy.apply(events, NOW)
    lossy.apply([request_ended(at=NOW + 100, agent="another")], NOW + 100)
    assert min(store.evictions.values()) == store.late_events == 1
    store.begin_losses()
    assert (set(store.evictions.values()), store.late_events) == ({0}, 0)
    lossy.apply([failure(at=NOW - 9999)], NOW)
    assert store.late_events == 1


def test_queues_add_up() -> None:
    """The latest reading of each queue counts, by its own instant."""
    store = TelemetryStore()
    store.apply(
        [
            queue_depth(depth=5),
            queue_depth(depth=9, at=NOW - 1),
            queue_depth(depth=2, queue="outbox"),
            queue_depth(depth=1, agent="codex"),
        ],
        NOW,
    )
    assert store.queue_depth(NOW) == 8
    store.apply([queue_depth(depth=0)], NOW)
    assert store.queue_depth(NOW) == 3


def test_a_queue_is_forgotten() -> None:
    """A reading counts until it is too old."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([queue_depth(depth=5)], NOW)
    assert store.queue_depth(NOW + 899) == 5
    assert store.queue_depth(NOW + 900) == 0


def test_a_clock_that_jumps_does_not_make_queues_forgotten() -> None:
    """Whoever asks while it is ahead; what was read meanwhile gives way once it is back."""
    store = TelemetryStore(gauge_ttl_secs=900)
    ahead = NOW + 7 * 3600
    store.apply([queue_depth(depth=5), queue_depth(queue="outbox", depth=2)], NOW)
    assert store.queue_depth(ahead) == 0
    assert store.queue_depth(NOW) == 7
    store.apply([queue_depth(depth=9, at=ahead)], ahead)
    store.apply([queue_depth(depth=1)], NOW + 1)
    assert store.queue_depth(NOW + 1) == 3


def test_a_queue_too_old_to_be_told_is_no_loss() -> None:
    """One that is not told any more gives way uncounted."""
    store = TelemetryStore(gauge_ttl_secs=900)
    store.apply([queue_depth()], NOW)
    store.apply([queue_depth(queue=f"q{n}", at=NOW + 900) for n in range(1000)], NOW + 900)
    assert (store.queue_depth(NOW + 900), store.evictions["queue"]) == (1000, 0)


def test_queues_are_bounded() -> None:
    """The queue that was read longest ago is forgotten, and that is counted."""
    store = TelemetryStore()
    store.apply([queue_depth(queue=f"q{n}") for n in range(1001)], NOW)
    assert (store.queue_depth(NOW), store.evictions["queue"]) == (1000, 1)


def test_names_seen_are_told() -> None:
    """Tools are counted and channels listed, each once; an unknown channel is none."""
    store = TelemetryStore()
    store.apply(
        [
            tool_call(),
            tool_call(),
            tool_call(tool="edit"),
            request_started(channel="web"),
            request_ended(channel="cli"),
            request_started(request_id="q", channel="unknown"),
        ],
        NOW,
    )
    assert (store.tools_seen(), store.channels_seen()) == (2, ["cli", "web"])


def test_names_seen_are_bounded() -> None:
    """However many are named, only so many are remembered."""
    store = TelemetryStore()
    store.apply([tool_call(tool=f"t{n}") for n in range(600)], NOW)
    store.apply([request_started(channel=f"c{n}") for n in range(200)], NOW)
    assert (store.tools_seen(), len(store.channels_seen())) == (500, 100)


def test_an_event_dated_ahead_is_of_now() -> None:
    """What comes from a clock that is ahead counts in the window as if it happened now."""
    store = TelemetryStore()
    store.apply([completion(at=NOW + 500)], NOW)
    answer = store.model_performance("m", now=NOW)
    assert answer.successful_completions == 1
    assert answer.last_event_at == store.session_usage("s", now=NOW).window_end


@pytest.mark.parametrize("back_secs", [1, 300, 3599, 3600, 86_400])
def test_a_clock_that_steps_back_loses_nothing(back_secs: float) -> None:
    """Windows survive a step back, take up what happens then, and still end in time."""
    store = TelemetryStore()
    store.apply([completion(session_id="s")], NOW)
    now = NOW - back_secs
    store.apply([completion(session_id="s", at=now)], now)
    assert store.model_performance("m", now=now).successful_completions == 2
    assert store.session_usage("s", now=now).totals.message_count == 2
    assert store.model_performance("m", now=NOW + 7200).successful_completions == 0
