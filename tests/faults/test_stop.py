"""The stop: soon, whatever is going on, and with everything that was acknowledged kept."""

import contextlib
import signal
import threading

import pytest

from tests.e2e.processes import eventually, free_port
from tests.faults.connection import Connection
from tests.faults.held import await_commit, let_go, start_held
from tests.faults.serving import Served, Site, completion


@pytest.mark.hostile(29)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_soon_with_streams_and_idle_connections_open(
    site: Site, number: signal.Signals
) -> None:
    """Whoever follows the stream is let go of, whoever says nothing too; it exits 0."""
    served = site.start()
    with Connection(served) as stream, Connection(served), Connection(served) as half:
        stream.send("GET", "/api/v1/stream")
        stream.await_text(b"retry:")
        half.send("POST", "/api/v1/events", "Content-Type: application/json", "X: y")
        assert served.stop(number) == 0, served.log
        stream.await_end()
    assert served.log.rstrip().endswith("msg=stopped")
    assert "Traceback" not in served.log


@pytest.mark.hostile(29)
def test_pushes_in_flight_are_answered_or_not_counted(site: Site) -> None:
    """After a stop in the midst of many pushes, all acknowledged ones are there, none twice."""
    served = site.start()
    acknowledged: list[str] = []

    def push_on(client: int) -> None:
        number = 0
        while True:
            key = f"{client}-{number}"
            try:
                answer = served.push(completion(), key=key)
            except OSError:
                return
            if answer.status == 503:
                return
            assert answer.status == 200
            acknowledged.append(key)
            number += 1

    clients = [threading.Thread(target=push_on, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    eventually(lambda: len(acknowledged) > 40 or None, "some pushes")
    with Connection(served) as stream:
        stream.send("GET", "/api/v1/stream")
        stream.await_text(b"retry:")
        assert served.stop() == 0, served.log
    for client in clients:
        client.join()
    again = site.start()
    # A push whose answer was cut off may have counted, too; its client sends it again.
    assert len(acknowledged) <= again.completed() <= len(acknowledged) + len(clients)
    total = again.completed()
    for key in acknowledged:
        assert again.accept(completion(), key=key)["duplicates"] == 1
    assert again.completed() == total


@pytest.mark.hostile(29)
def test_a_commit_that_runs_at_the_stop_is_finished(site: Site) -> None:
    """What is in the journal's hands when SIGTERM comes is there at the next start."""
    served = start_held(site)
    with Connection(served) as client:
        client.push(completion(), key="k")
        await_commit(site)
        served.process.send_signal(signal.SIGTERM)
        served.await_log("msg=stopping")
        let_go(site)
        assert b'{"accepted":1' in client.await_text(b"}")
        assert served.process.wait(5) == 0, served.log
    again = site.start()
    assert again.completed() == 1
    assert again.accept(completion(), key="k")["duplicates"] == 1


def test_a_stop_during_the_recovery_loses_nothing(site: Site) -> None:
    """Wherever in the start SIGTERM comes, it ends, and the start after it has everything."""
    served = site.start()
    text = {"type": "log", "level": "info", "source": "s", "message": "x" * 100}
    for _ in range(10):
        served.accept(completion(), *[text] * 10_000)
    served.kill()
    port = free_port()
    again = site.launch(f"--web.listen-address=127.0.0.1:{port}")
    again.address = f"127.0.0.1:{port}"

    def recovering() -> bool | None:
        with contextlib.suppress(ConnectionError):
            assert again.get("/health")["checks"]["journal"] == "recovering"
            return True
        return None

    eventually(recovering, "the recovery")
    assert again.ask("GET", "/metrics").status == 503
    assert again.stop() == 0, again.log
    assert "Traceback" not in again.log
    assert site.start().completed() == 10


LINGERING = "--shutdown.linger=60s"


def begin_to_linger(served: Served) -> None:
    """Ask for the stop."""
    served.process.send_signal(signal.SIGTERM)
    served.await_log("msg=stopping")


def test_lingering_ends_with_the_next_scrape(site: Site) -> None:
    """Until then pushes are taken as ever; the scrape is whole and has all of them."""
    served = site.start(LINGERING)
    served.accept(completion())
    assert served.completed() == 1
    begin_to_linger(served)
    for _ in range(3):
        served.accept(completion())
        assert served.get("/health")["status"] == "ok"
    assert served.completed() == 4
    assert served.process.wait(5) == 0, served.log
    assert site.start().completed() == 4


def test_lingering_ends_when_its_time_is_up(site: Site) -> None:
    """Nobody scrapes, and it ends all the same."""
    served = site.start("--shutdown.linger=500ms")
    served.accept(completion())
    assert served.stop() == 0
    assert served.log.rstrip().endswith("msg=stopped")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_lingering(site: Site, number: signal.Signals) -> None:
    """It ends well, with everything kept."""
    served = site.start(LINGERING)
    served.accept(completion())
    begin_to_linger(served)
    served.accept(completion())
    assert served.stop(number) == 0, served.log
    assert site.start().completed() == 2
