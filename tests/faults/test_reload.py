"""Reloads: a changed file is taken over whole, or the old configuration stays and that is told."""

import signal

import pytest

from tests.e2e.processes import eventually
from tests.faults.serving import Answer, Served, Site, completion

LIFECYCLE = "--web.enable-lifecycle"
SUCCESSFUL = "agent_exporter_config_last_reload_successful"

ONE_EVENT = "ingest: {events_per_batch_max: 1}\n"
TWO_EVENTS = "ingest: {events_per_batch_max: 2}\n"

BAD = {
    "an unknown key": ("ingest:\n  events_max: 2\n", "events_max"),
    "a wrong type": ("ingest:\n  events_per_batch_max: two\n", "events_per_batch_max"),
    "a key twice": ("log: {level: info}\nlog: {level: warn}\n", "log"),
    "no YAML": ("ingest: [\n", "line"),
    "a change that takes a restart": ("web: {connections_max: 7}\n", "web.connections_max"),
}


def pushes_two(served: Served) -> bool:
    """Return whether two events may be in one push."""
    answer = served.push(completion(), completion())
    assert answer.status in (200, 413)
    return answer.status == 200


def started(site: Site, *flags: str) -> Served:
    """Start an exporter that takes one event a push."""
    site.config.write_text(ONE_EVENT)
    served = site.start(*flags)
    assert not pushes_two(served)
    return served


def test_sighup_takes_a_changed_file_over(site: Site) -> None:
    """Said in the log; state and connections stay."""
    served = started(site)
    served.accept(completion())
    site.config.write_text(TWO_EVENTS)
    served.process.send_signal(signal.SIGHUP)
    served.await_log('msg="configuration reloaded"')
    assert pushes_two(served)
    assert served.metrics()[SUCCESSFUL] == 1
    assert served.completed() == 3


def test_a_request_takes_a_changed_file_over(site: Site) -> None:
    """It is answered once the new one is in force."""
    served = started(site, LIFECYCLE)
    site.config.write_text(TWO_EVENTS)
    assert served.ask("POST", "/-/reload").status == 200
    assert pushes_two(served)
    assert 'msg="configuration reloaded"' in served.log


def assert_old_stays(served: Served, named: str) -> None:
    """Check that the failure is told everywhere, and nothing else has changed."""
    assert served.metrics()[SUCCESSFUL] == 0
    health = served.get("/health")
    assert (health["status"], health["checks"]["config"]) == ("degraded", "reload_failed")
    assert served.ready
    assert not pushes_two(served)
    (line,) = (line for line in served.log.splitlines() if "configuration not reloaded" in line)
    assert "level=error" in line
    assert named in line


def assert_a_good_one_mends_it(site: Site, served: Served) -> None:
    """Check that the next good file is taken over, and the failure forgotten."""
    site.config.write_text(TWO_EVENTS)
    served.process.send_signal(signal.SIGHUP)
    served.await_log('msg="configuration reloaded"')
    assert pushes_two(served)
    assert served.metrics()[SUCCESSFUL] == 1
    assert served.get("/health")["status"] == "ok"


@pytest.mark.hostile(34)
@pytest.mark.parametrize(("text", "named"), BAD.values(), ids=BAD)
def test_sighup_with_a_bad_file_keeps_the_old_one(site: Site, text: str, named: str) -> None:
    """The log names the key or the place; a metric and the health say so until it is mended."""
    served = started(site)
    site.config.write_text(text)
    served.process.send_signal(signal.SIGHUP)
    served.await_log("configuration not reloaded")
    assert_old_stays(served, named)
    assert_a_good_one_mends_it(site, served)


@pytest.mark.hostile(34)
def test_a_request_with_a_bad_file_is_told_what_is_wrong(site: Site) -> None:
    """The answer names the key, as the log does."""
    served = started(site, LIFECYCLE)
    site.config.write_text("storage: {sync: full}\n" + TWO_EVENTS)
    answer = served.ask("POST", "/-/reload")
    assert answer.status == 500
    assert "storage.sync" in answer.json()["detail"]
    assert_old_stays(served, "storage.sync")


@pytest.mark.hostile(34)
def test_a_file_that_is_gone_keeps_the_old_one(site: Site) -> None:
    """A mount that is being replaced is no reason to stop."""
    served = started(site)
    site.config.unlink()
    served.process.send_signal(signal.SIGHUP)
    served.await_log("configuration not reloaded")
    assert_old_stays(served, "exporter.yml")
    assert_a_good_one_mends_it(site, served)


def test_a_flood_of_signals_is_survived(site: Site) -> None:
    """The last file is the one in force."""
    served = started(site)
    for number in range(20):
        site.config.write_text(BAD["no YAML"][0] if number % 2 else TWO_EVENTS)
        served.process.send_signal(signal.SIGHUP)
    site.config.write_text(TWO_EVENTS)
    served.process.send_signal(signal.SIGHUP)
    eventually(lambda: served.metrics()[SUCCESSFUL] == 1 or None, "the last file")
    eventually(lambda: pushes_two(served) or None, "the last file")


def test_without_lifecycle_a_request_reloads_nothing(site: Site) -> None:
    """It is forbidden, and the old configuration stays without a word of failure."""
    served = started(site)
    site.config.write_text(TWO_EVENTS)
    answer: Answer = served.ask("POST", "/-/reload")
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert not pushes_two(served)
    assert served.metrics()[SUCCESSFUL] == 1
