"""The same push twice, in every way that happens: it counts once."""

import signal

import pytest

from tests.e2e.processes import eventually
from tests.faults.connection import Connection
from tests.faults.held import await_commit, let_go, start_held
from tests.faults.serving import Served, Site, completion

ONCE = {"accepted": 1, "duplicates": 0, "rejected": 0, "errors": []}
AGAIN = {"accepted": 0, "duplicates": 1, "rejected": 0, "errors": []}


def end(served: Served, number: signal.Signals) -> None:
    """End it by a signal and wait."""
    served.process.send_signal(number)
    served.process.wait()


@pytest.mark.hostile(17)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_key_counts_once_in_turn_and_across_a_restart(site: Site, number: signal.Signals) -> None:
    """The second receipt says what it is, before the restart and after it, and after another."""
    served = site.start()
    assert served.accept(completion(), key="k") == ONCE
    assert served.accept(completion(), key="k") == AGAIN
    for _ in range(2):
        end(served, number)
        served = site.start()
        assert served.accept(completion(), key="k") == AGAIN
        assert served.completed() == 1
    assert served.accept(completion(), key="another") == ONCE


@pytest.mark.hostile(17)
def test_a_key_counts_once_when_pushed_at_once(site: Site) -> None:
    """The second comes while the first is being committed; each has its receipt."""
    served = start_held(site)
    with Connection(served) as first, Connection(served) as second:
        first.push(completion(), key="k")
        await_commit(site)
        second.push(completion(), key="k")
        eventually(lambda: served.get("/health")["connections"] >= 3 or None, "both")
        let_go(site)
        assert b'{"accepted":1,"duplicates":0' in first.await_text(b"}")
        assert b'{"accepted":0,"duplicates":1' in second.await_text(b"}")
    assert served.completed() == 1


@pytest.mark.hostile(17)
def test_a_push_that_was_never_answered_counts_once_when_sent_again(site: Site) -> None:
    """Killed before the commit, it is as if it had never come."""
    served = start_held(site)
    with Connection(served) as client:
        client.push(completion(), key="k")
        await_commit(site)
        served.kill()
    again = site.start()
    assert again.completed() == 0
    assert again.accept(completion(), key="k") == ONCE
    assert again.completed() == 1


@pytest.mark.hostile(18)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_first_of_two_events_with_one_id_wins(site: Site, number: signal.Signals) -> None:
    """The other payload is counted as a duplicate and nowhere else, also after a restart."""
    served = site.start()
    assert served.accept(completion(id="e", model="p/first")) == ONCE
    assert served.accept(completion(id="e", model="p/second")) == AGAIN
    duplicates = 'agent_exporter_events_total{result="duplicate",source="native",type="completion"}'
    assert served.metrics()[duplicates] == 1
    end(served, number)
    again = site.start()
    assert again.accept(completion(id="e", model="p/third")) == AGAIN
    assert again.completed() == 1
    assert [model["model"] for model in again.get("/api/v1/models")["models"]] == ["p/first"]


@pytest.mark.hostile(27)
def test_a_client_that_goes_away_during_the_commit_does_not_undo_it(site: Site) -> None:
    """The commit completes and counts once; whoever sends it again is told that it was there."""
    served = start_held(site)
    client = Connection(served)
    client.push(completion(), key="k")
    await_commit(site)
    client.reset()
    eventually(lambda: served.get("/health")["connections"] == 1 or None, "the client's end")
    let_go(site)
    eventually(lambda: served.completed() or None, "the commit")
    assert served.accept(completion(), key="k") == AGAIN
    assert served.completed() == 1
    served.kill()
    assert site.start().completed() == 1
