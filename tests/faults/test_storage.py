"""The storage directory: one process has it, and may find it gone."""

import shutil
import signal

import pytest

from tests.faults.serving import Site, completion


@pytest.mark.hostile(32)
def test_a_second_process_does_not_start(site: Site) -> None:
    """It exits with 1 and one clear line; the first goes on."""
    served = site.start()
    code, said = site.run()
    assert code == 1
    assert said == "agent-exporter: cannot start: another process uses the storage directory\n"
    served.accept(completion())
    assert served.completed() == 1


@pytest.mark.hostile(32)
def test_after_a_kill_the_directory_is_free(site: Site) -> None:
    """No lock outlives its process."""
    site.start().kill()
    assert site.start().ready


def test_a_path_that_is_a_file_is_refused(site: Site) -> None:
    """That is for a person to mend, and said in one line."""
    site.storage.write_text("")
    code, said = site.run()
    assert code == 1
    assert said == "agent-exporter: cannot start: the storage path is not a directory\n"


def test_a_directory_that_is_deleted_is_made_anew_from_memory(site: Site) -> None:
    """Pushes go on; after a kill all of them are there, in the epoch they were counted in."""
    served = site.start()
    served.accept(completion(), key="before")
    epoch = served.epoch()
    shutil.rmtree(site.storage)
    served.await_acceptance(completion(), key="after")
    served.await_log("gone and begun anew")
    served.await_ready()
    assert served.completed() == 2
    served.accept(completion())
    served.kill()
    again = site.start()
    assert again.completed() == 3
    assert again.epoch() == epoch
    for key in ("before", "after"):
        assert again.accept(completion(), key=key)["duplicates"] == 1


def test_a_deleted_directory_that_another_took_is_left_to_it(site: Site) -> None:
    """The first refuses pushes and says why, for as long as the other has it; neither mixes."""
    first = site.start()
    first.accept(completion())
    # Or it might begin its storage anew before the second has started.
    first.process.send_signal(signal.SIGSTOP)
    shutil.rmtree(site.storage)
    second = site.start()
    second.accept(completion(model="p/second"))
    first.process.send_signal(signal.SIGCONT)
    first.await_log("another process uses the storage directory")
    assert first.push(completion()).status == 503
    assert first.get("/health")["status"] == "degraded"
    assert second.completed() == 1
    second.kill()
    first.await_ready()
    first.accept(completion())
    assert first.completed() == 2
    first.kill()
    assert site.start().completed() == 2
