"""What becomes of many events: batches, the queue's bound, and the reports of drops."""

import logging
import threading

import pytest

from exporter.client import Telemetry
from tests.client.scripted import Scripted, answer, hang_up
from tests.e2e.processes import eventually

FLUSH_SECS = 60.0


def test_events_that_the_exporter_rejects_count_as_dropped(server: Scripted) -> None:
    """A batch that was taken in part is not repeated; what was not taken of it is counted."""
    server.script.append(answer(200, body=b'{"accepted": 1, "duplicates": 0, "rejected": 2}'))
    with Telemetry(server.url) as telemetry:
        for _ in range(3):
            telemetry.queue_depth("jobs", 1)
        assert not telemetry.flush(FLUSH_SECS)
    assert telemetry.dropped == 2


def test_a_report_that_does_not_arrive_is_told_later(server: Scripted) -> None:
    """What was dropped is told until somebody takes it, added up, and is not itself counted."""
    server.script += [answer(400)] * 3
    with Telemetry(server.url) as telemetry:
        for depth in range(4):
            telemetry.queue_depth("jobs", depth)
            telemetry.flush(FLUSH_SECS)
    assert [event.get("context") for event in server.pushes[-1].events] == [
        {"dropped": 3, "reason": "refused"},
        None,
    ]
    assert telemetry.dropped == 3


def test_a_full_queue_drops_the_newest_and_tells_it_later(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the exporter is slow, what finds no room is dropped, counted and told."""
    server.script.append(server.held(answer(200)))
    with caplog.at_level(logging.WARNING), Telemetry(server.url, queue_events_max=10) as telemetry:
        assert telemetry.queue_depth("jobs", 0)
        while not server.pushes:
            telemetry.flush(0.01)
        taken = [telemetry.queue_depth("jobs", depth) for depth in range(1, 31)]
        assert telemetry.dropped == taken.count(False) >= 20
        server.wait_for.set()
        assert telemetry.flush(FLUSH_SECS)
    report, *events = server.events[1:]
    assert report["context"] == {"dropped": telemetry.dropped, "reason": "queue_full"}
    assert [event["depth"] for event in events] == list(range(1, 31 - telemetry.dropped))
    assert [record.getMessage() for record in caplog.records] == [
        f"events were dropped: {telemetry.dropped} (queue_full)"
    ]


def test_one_connection_is_kept_and_replaced_when_it_is_gone(server: Scripted) -> None:
    """Batches go over one connection until it fails; then over another."""
    with Telemetry(server.url) as telemetry:
        for step in (answer(200), answer(200), hang_up, answer(200)):
            server.script.append(step)
            telemetry.queue_depth("jobs", 1)
            assert telemetry.flush(FLUSH_SECS)
    assert len(server.pushes) == 5
    assert server.connections == 2


def test_events_from_many_threads_arrive_once_each(server: Scripted) -> None:
    """However many threads tell events, each arrives, once, in batches no larger than asked for."""
    with Telemetry(server.url, batch_events_max=64, queue_events_max=100_000) as telemetry:
        threads = [
            threading.Thread(
                target=lambda start: [telemetry.queue_depth("q", start + n) for n in range(500)],
                args=[start],
            )
            for start in range(0, 4000, 500)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert telemetry.flush(FLUSH_SECS)
    assert sorted(event["depth"] for event in server.events) == list(range(4000))
    assert max(len(push.events) for push in server.pushes) <= 64


def test_a_batch_goes_out_full_or_after_its_time(server: Scripted) -> None:
    """Nobody has to flush: so many events are a batch, and fewer are after so long."""
    with Telemetry(server.url, batch_events_max=10, flush_secs=3600.0) as telemetry:
        for depth in range(10):
            telemetry.queue_depth("jobs", depth)
        eventually(lambda: server.pushes or None, "a full batch")
    with Telemetry(server.url, flush_secs=0.01) as telemetry:
        telemetry.queue_depth("jobs", 10)
        eventually(lambda: len(server.pushes) == 2 or None, "a batch that is not full")
    assert [event["depth"] for event in server.events] == list(range(11))
