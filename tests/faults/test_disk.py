"""A disk that is full, read-only, or fails: nothing acknowledged is lost, and it passes."""

import resource
import signal

import pytest

from tests.e2e.processes import eventually
from tests.faults.disk import Disk
from tests.faults.serving import Served, Site, completion
from tests.journal.builders import log_of


def push_until_refused(served: Served) -> int:
    """Push until the disk has no more room for it; return how many completions were acknowledged.

    What is written before the disk is seen to be full goes into the room that the journal has.
    """
    acknowledged = 0
    while True:
        answer = served.push(
            completion(), {"type": "log", "level": "info", "source": "s", "message": "x" * 4000}
        )
        if answer.status == 503:
            assert answer.json()["code"] == "journal_failing"
            assert int(answer.headers["retry-after"]) > 0
            return acknowledged
        assert answer.status == 200, answer
        acknowledged += 1


def assert_degraded(served: Served, completions: int) -> None:
    """Check that it serves what it knows, says what is wrong, and takes no pushes."""
    assert not served.ready
    health = served.get("/health")
    assert (health["status"], health["checks"]["journal"]) == ("degraded", "failing")
    assert served.completed() == completions
    assert served.metrics()["agent_exporter_journal_failures_total"] >= 1


@pytest.mark.hostile(25)
def test_a_full_disk_refuses_pushes_until_there_is_room(site: Site, disk: Disk) -> None:
    """It is told everywhere, passes by itself, and no acknowledged push is lost or repeated."""
    served = site.start()
    served.accept(completion())
    disk.fill()
    acknowledged = 1 + push_until_refused(served)
    assert_degraded(served, acknowledged)
    disk.free()
    served.await_ready()
    served.accept(completion())
    assert served.get("/health")["status"] == "ok"
    served.kill()
    again = site.start()
    assert again.completed() == acknowledged + 1
    assert again.epoch()[0] == "new"


@pytest.mark.hostile(25)
def test_with_room_again_a_push_is_accepted_without_anything_else(site: Site, disk: Disk) -> None:
    """A client that comes again as it was told gets through, and counts once."""
    served = site.start()
    disk.fill()
    acknowledged = push_until_refused(served)
    assert served.push(completion(), key="k").status == 503
    disk.free()
    assert served.await_acceptance(completion(), key="k")["accepted"] == 1
    assert served.accept(completion(), key="k")["duplicates"] == 1
    assert served.completed() == acknowledged + 1


@pytest.mark.hostile(25)
def test_a_stop_on_a_full_disk_ends_well(site: Site, disk: Disk) -> None:
    """It exits 0, and the next start, with room, has all that was acknowledged."""
    served = site.start()
    disk.fill()
    acknowledged = push_until_refused(served)
    assert served.stop() == 0, served.log
    disk.free()
    assert site.start().completed() == acknowledged


def start_on_a_disk_that_refuses(site: Site) -> Served:
    """Start, and check that it serves, but nothing that it cannot know."""
    served = site.start()
    assert not served.ready
    health = served.get("/health")
    assert (health["status"], health["checks"]["journal"]) == ("degraded", "failing")
    for answer in (served.ask("GET", "/metrics"), served.push(completion())):
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
    return served


@pytest.mark.hostile(25)
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_start_on_a_disk_that_refuses_waits_for_it(site: Site, disk: Disk, how: str) -> None:
    """Metrics are never zeros in the meantime, and the old ones are back once it is writable."""
    before = site.start()
    before.accept(completion(), key="k")
    epoch = before.epoch()
    before.kill()
    if how == "full":
        disk.fill()
    else:
        disk.allow_writing(allowed=False)
    served = start_on_a_disk_that_refuses(site)
    if how == "full":
        disk.free()
    else:
        disk.allow_writing(allowed=True)
    served.await_ready()
    assert served.completed() == 1
    assert served.epoch() == epoch
    assert served.accept(completion(), key="k")["duplicates"] == 1
    assert served.get("/health")["status"] == "ok"


@pytest.mark.hostile(25)
def test_an_exporter_that_waits_for_its_disk_can_be_stopped(site: Site, disk: Disk) -> None:
    """It exits 0, having changed nothing."""
    before = site.start()
    before.accept(completion())
    before.kill()
    disk.allow_writing(allowed=False)
    assert start_on_a_disk_that_refuses(site).stop() == 0
    disk.allow_writing(allowed=True)
    assert site.start().completed() == 1


@pytest.mark.hostile(25)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_writes_that_fail_refuse_pushes_until_they_succeed(
    site: Site, number: signal.Signals
) -> None:
    """An error of input and output is as a full disk, and a restart after it finds everything."""
    served = site.start()
    for _ in range(10):
        served.accept(completion())
    limit_bytes = log_of(site.storage).stat().st_size
    limit_files(served, limit_bytes)
    acknowledged = 10 + push_until_refused(served)
    assert_degraded(served, acknowledged)
    assert "the journal fails" in served.log
    limit_files(served, resource.RLIM_INFINITY)
    eventually(lambda: served.ready or None, "readiness")
    served.accept(completion())
    served.process.send_signal(number)
    served.process.wait()
    assert site.start().completed() == acknowledged + 1


def limit_files(served: Served, size_bytes: int) -> None:
    """Let the process's writes beyond a place in any file fail."""
    _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size_bytes, hard))
