"""What a client is made from, what it fills in, and what it does where it is not enabled."""

import datetime as dt
import gc
import threading
import time
from collections.abc import Mapping
from typing import Any, cast

import pytest

from exporter.client import Telemetry
from tests.client.scripted import Scripted, answer
from tests.e2e.processes import eventually

FLUSH_SECS = 60.0
THREAD_NAME = "agent-exporter-client"


def threads() -> set[threading.Thread]:
    """Return the threads of all clients there are."""
    return {thread for thread in threading.enumerate() if thread.name == THREAD_NAME}


def test_events_arrive_as_they_were_told(server: Scripted) -> None:
    """Each way to tell an event gives the event that the API has for it."""
    resets_at = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    with Telemetry(server.url, agent="a", session_id="s") as telemetry:
        assert telemetry.log("warn", "db", "slow", level="high", rows=3)
        assert telemetry.log("info", "db", "fine")
        assert telemetry.queue_depth("jobs", 4)
        assert telemetry.quota("5h", 0.5, provider="anthropic", limited=True, resets_at=resets_at)
        assert telemetry.event({"type": "tool_call", "tool": "bash", "agent": "b", "error": None})
    (push,) = server.pushes
    assert push.line == "POST /api/v1/events HTTP/1.1"
    assert push.headers["content-type"] == "application/json"
    assert len(push.key) == 32
    assert "authorization" not in push.headers
    common = {"agent": "a", "session_id": "s"}
    events = push.events
    instants = [
        event.pop("ended_at" if event["type"] == "tool_call" else "timestamp") for event in events
    ]
    assert all(time.time() - FLUSH_SECS < instant <= time.time() for instant in instants)
    assert events == [
        common
        | {
            "type": "log",
            "level": "warn",
            "source": "db",
            "message": "slow",
            "context": {"level": "high", "rows": 3},
        },
        common | {"type": "log", "level": "info", "source": "db", "message": "fine"},
        common | {"type": "queue_depth", "queue": "jobs", "depth": 4},
        common
        | {
            "type": "quota",
            "window": "5h",
            "used_ratio": 0.5,
            "provider": "anthropic",
            "limited": True,
            "resets_at": resets_at.timestamp(),
        },
        common | {"type": "tool_call", "tool": "bash", "agent": "b"},
    ]


@pytest.mark.parametrize(
    ("event", "instant"),
    [
        ({"type": "completion", "model": "m"}, "completed_at"),
        ({"type": "request_started", "request_id": "r"}, "started_at"),
        ({"type": "request_ended", "request_id": "r"}, "ended_at"),
        ({"type": "tool_call", "tool": "t"}, "ended_at"),
        ({"type": "log"}, "timestamp"),
        ({"type": "activity", "kind": "commit"}, "timestamp"),
    ],
)
def test_an_event_is_of_when_it_was_told(
    server: Scripted, event: dict[str, Any], instant: str
) -> None:
    """The instant is filled in where it is absent, by its name in this type, and kept else."""
    given = dict(event)
    with Telemetry(server.url) as telemetry:
        telemetry.event(event)
        telemetry.event({**event, instant: 1.5})
        assert event == given
    first, second = server.events
    assert abs(first[instant] - time.time()) < FLUSH_SECS
    assert second[instant] == 1.5


def test_an_event_that_is_changed_later_was_copied(server: Scripted) -> None:
    """What a program does to its event after it was told does not change what was told."""
    event = {"type": "log", "message": "told"}
    with Telemetry(server.url) as telemetry:
        telemetry.event(event)
        event["message"] = "changed"
    assert server.events[0]["message"] == "told"


@pytest.mark.parametrize("event", [{}, {"type": []}, None, 1, "log", [("type",)]])
def test_what_is_no_event_is_dropped(server: Scripted, event: object) -> None:
    """It is counted, and raises nothing."""
    with Telemetry(server.url) as telemetry:
        assert not telemetry.event(cast("Mapping[str, Any]", event))
        assert telemetry.dropped == 1


@pytest.mark.parametrize("timeout_secs", ["soon", float("inf"), float("nan"), -1])
def test_a_time_that_is_none_raises_nothing(server: Scripted, timeout_secs: float) -> None:
    """`flush` and `close` return, whatever they are given."""
    telemetry = Telemetry(server.url)
    telemetry.queue_depth("jobs", 1)
    telemetry.flush(timeout_secs)
    telemetry.close(timeout_secs)
    telemetry.close(FLUSH_SECS)


def test_after_its_close_a_client_takes_no_more(server: Scripted) -> None:
    """What is told then is dropped and counted; to close again does no harm."""
    before = threads()
    telemetry = Telemetry(server.url)
    telemetry.queue_depth("jobs", 1)
    assert telemetry.close(FLUSH_SECS)
    assert not telemetry.queue_depth("jobs", 2)
    assert telemetry.dropped == 1
    assert telemetry.close(FLUSH_SECS)
    assert telemetry.flush(FLUSH_SECS)
    assert [event["depth"] for event in server.events if "depth" in event] == [1]
    eventually(lambda: threads() <= before or None, "the end of the thread")


def test_a_client_that_never_told_anything_has_no_thread(server: Scripted) -> None:
    """The thread starts at the first event."""
    before = threads()
    with Telemetry(server.url) as telemetry:
        assert telemetry.flush()
        assert threads() <= before
        telemetry.queue_depth("jobs", 1)
        assert len(threads() - before) == 1


def test_a_client_that_nobody_has_any_more_sends_what_waits_and_ends(server: Scripted) -> None:
    """A client that is collected leaves no thread behind, and loses nothing."""
    before = threads()
    telemetry = Telemetry(server.url, flush_secs=3600.0)
    telemetry.queue_depth("jobs", 1)
    del telemetry
    gc.collect()
    eventually(lambda: threads() <= before or None, "the end of the thread")
    assert len(server.events) == 1


def test_a_block_keeps_its_client(server: Scripted) -> None:
    """A call that outlives the last name of its client is told all the same."""
    with Telemetry(server.url, flush_secs=0.0).completion("m"):
        gc.collect()
    eventually(lambda: server.events or None, "the call")


def test_a_flush_says_whether_all_was_taken(server: Scripted) -> None:
    """It is false while the exporter does not answer, and true once it has."""
    server.script.append(server.held(answer(200)))
    with Telemetry(server.url) as telemetry:
        telemetry.queue_depth("jobs", 1)
        assert not telemetry.flush(0.05)
        server.wait_for.set()
        assert telemetry.flush(FLUSH_SECS)
