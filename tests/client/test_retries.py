"""Which answers are tried again, with what, and what becomes of the events otherwise."""

import logging
import socket
from collections.abc import Callable

import pytest

from exporter.client import Telemetry
from exporter.client.address import parsed
from exporter.client.backoff import Patience
from exporter.client.sender import Sender
from exporter.client.transport import Transport
from tests.client.scripted import Scripted, Step, answer, hang_up, raw

FLUSH_SECS = 60.0
NO_HTTP = raw(b"SSH-2.0-OpenSSH\r\n")


def sender(
    url: str,
    patience: Patience,
    *,
    jitter: Callable[[], float] = lambda: 0.0,
    clock: Callable[[], float] | None = None,
) -> Sender:
    """Return a sender with patience of our own."""
    transport = Transport(parsed(url, None))
    options = {} if clock is None else {"clock": clock}
    return Sender(
        transport,
        events_max=100,
        batch_events_max=100,
        flush_secs=3600.0,
        defaults={},
        patience=patience,
        jitter=jitter,
        **options,
    )


@pytest.mark.parametrize(
    "failure",
    [
        answer(408),
        answer(429),
        answer(429, "Retry-After: 0"),
        answer(429, "Retry-After: soon"),
        answer(500),
        answer(503),
        answer(599),
        hang_up,
        NO_HTTP,
    ],
)
def test_a_failed_push_is_repeated_under_its_key(server: Scripted, failure: Step) -> None:
    """What may succeed later is pushed again, byte by byte, under the same key, until it does."""
    server.script += [failure, failure]
    with Telemetry(server.url) as telemetry:
        assert telemetry.log("info", "test", "hello")
        assert telemetry.flush(FLUSH_SECS)
    assert len(server.pushes) == 3
    assert len({(push.key, push.body) for push in server.pushes}) == 1
    assert telemetry.dropped == 0


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 409, 413, 415, 422])
def test_any_other_answer_drops_the_batch(
    server: Scripted, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot succeed is pushed once, counted, warned about once, and told with a later batch.

    Redirects are not followed.
    """
    server.script += [answer(status, f"Location: {server.url}/elsewhere")] * 2
    with caplog.at_level(logging.WARNING), Telemetry(server.url) as telemetry:
        for message in ("first", "second"):
            telemetry.log("info", "test", message)
            assert not telemetry.flush(FLUSH_SECS)
        assert telemetry.dropped == 2
        telemetry.log("info", "test", "third")
        assert telemetry.flush(FLUSH_SECS)
    assert [event["message"] for event in server.pushes[-1].events] == [
        "2 events were dropped",
        "third",
    ]
    report = server.pushes[-1].events[0]
    assert report["level"] == "warn"
    assert report["source"] == "agent-exporter-client"
    assert report["context"] == {"dropped": 2, "reason": "refused"}
    assert len({push.key for push in server.pushes}) == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"events were dropped: 1 (refused, answered {status})"
    ]


@pytest.mark.parametrize(
    "reply",
    [
        answer(200, body=b""),
        answer(204, body=b""),
        answer(200, body=b"ok"),
        answer(200, body=b"[]"),
        answer(200, body=b'{"rejected": "2"}'),
        answer(200, body=b'{"rejected": -1}'),
        answer(200, body=b"[" * 5000),
        answer(200, body=b"\xff"),
        answer(200, body=b" " * 2_000_000),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    ],
)
def test_a_reply_that_says_nothing_is_good_enough(server: Scripted, reply: Step) -> None:
    """What matters is the status: a reply that is no receipt drops nothing."""
    server.script.append(reply)
    with Telemetry(server.url) as telemetry:
        for depth in (1, 2):
            telemetry.queue_depth("jobs", depth)
            assert telemetry.flush(FLUSH_SECS)
    assert telemetry.dropped == 0
    assert len(server.pushes) == 2


def test_an_exporter_that_comes_late_gets_what_was_told_before() -> None:
    """Events told while nobody listens arrive once somebody does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    telemetry = Telemetry(f"http://127.0.0.1:{port}", flush_secs=0.0)
    telemetry.log("info", "test", "hello")
    assert not telemetry.flush(0.05)
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(FLUSH_SECS)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(65536).startswith(b"POST /api/v1/events HTTP/1.1\r\n")
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            assert telemetry.close(FLUSH_SECS)


@pytest.mark.parametrize("how", ["silence", "drip"])
def test_an_exporter_that_does_not_get_done_is_given_up(server: Scripted, how: str) -> None:
    """An attempt has a time for all of it, though bytes keep coming; then it is repeated."""
    server.script.append(getattr(server, how))
    pushing = sender(server.url, Patience(attempt=0.05))
    pushing.outbox.put({"type": "log"})
    assert pushing.close(FLUSH_SECS)
    assert len({push.key for push in server.pushes}) == 1
    assert len(server.pushes) == 2


def test_a_batch_is_given_up_after_its_time(server: Scripted) -> None:
    """Once its time is over a batch is dropped, and the next one is tried."""
    now = [0.0]

    def a_minute_passes(connection: socket.socket, _push: object) -> bool:
        now[0] += 60.0
        return hang_up(connection, server.pushes[-1])

    server.script += [hang_up, hang_up, a_minute_passes]
    pushing = sender(server.url, Patience(), clock=lambda: now[0])
    pushing.outbox.put({"type": "log", "message": "first"})
    assert not pushing.flush(FLUSH_SECS)
    assert len(server.pushes) == 3
    pushing.outbox.put({"type": "log", "message": "second"})
    assert pushing.close(FLUSH_SECS)
    report, event = server.pushes[-1].events
    assert report["context"] == {"dropped": 1, "reason": "unsent"}
    assert event["message"] == "second"


def test_what_the_exporter_asks_for_is_waited_for(server: Scripted) -> None:
    """A flush cuts pauses short, but not one that a `Retry-After` asked for."""
    server.script.append(answer(429, "Retry-After: 3600"))
    with Telemetry(server.url) as telemetry:
        telemetry.queue_depth("jobs", 1)
        assert not telemetry.flush(0.2)
        assert not telemetry.flush(0.2)
        assert len(server.pushes) == 1
        assert not telemetry.close(0.0)
    assert telemetry.dropped == 1


def test_what_is_asked_for_is_bounded(server: Scripted) -> None:
    """However long the exporter asks for, no more than so much is waited."""
    server.script.append(answer(503, "Retry-After: 3600"))
    pushing = sender(server.url, Patience(told=0.05))
    pushing.outbox.put({"type": "log"})
    assert pushing.close(FLUSH_SECS)
    assert len(server.pushes) == 2


def test_the_thread_survives_what_should_not_happen(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own costs its batch, which is counted, and no other."""
    pushing = sender(server.url, Patience())
    push, faults = Transport.push, [MemoryError()]

    def faulty(self: Transport, body: bytes, key: str, timeout_secs: float) -> object:
        if faults:
            raise faults.pop()
        return push(self, body, key, timeout_secs)

    monkeypatch.setattr(Transport, "push", faulty)
    pushing.outbox.put({"type": "log"})
    assert not pushing.flush(FLUSH_SECS)
    pushing.outbox.put({"type": "log"})
    assert pushing.close(FLUSH_SECS)
    assert pushing.drops.total == 1
    assert server.events[0]["context"] == {"dropped": 1, "reason": "fault"}
