"""Starts that are refused, starts that are warned of, and the one that keeps nothing."""

import pytest

from tests.faults.serving import Site, completion
from tests.faults.test_reload import BAD

WARNING = "pushes are taken from other machines without credentials"


@pytest.mark.hostile(33)
@pytest.mark.parametrize("case", ["an unknown key", "a wrong type", "a key twice", "no YAML"])
def test_a_bad_file_refuses_to_start(site: Site, case: str) -> None:
    """It exits with 2 and one line, which names the file, the line and the key."""
    text, named = BAD[case]
    site.config.write_text(f"# first line\n{text}")
    code, said = site.run()
    assert code == 2
    assert said.count("\n") == 1
    assert said.startswith(f"agent-exporter: {site.config}: ")
    assert "line" in said
    assert named in said


@pytest.mark.hostile(37)
def test_pushes_from_anywhere_are_warned_of_once(site: Site) -> None:
    """They are taken, and there is one line of warning in the log."""
    served = site.start("--web.listen-address=0.0.0.0:0")
    served.address = served.address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - to be replaced
    served.accept(completion())
    (line,) = (line for line in served.log.splitlines() if WARNING in line)
    assert "level=warn" in line


@pytest.mark.hostile(37)
def test_pushes_on_the_loopback_are_not_warned_of(site: Site) -> None:
    """A warning that is always there is none; reads from anywhere are no reason for one."""
    served = site.start("--web.listen-address=0.0.0.0:0", "--ingest.listen-address=127.0.0.1:0")
    assert WARNING not in served.log


@pytest.mark.hostile(37)
def test_required_credentials_refuse_to_start_without(site: Site) -> None:
    """It exits non-zero with one line, having taken nothing."""
    code, said = site.run("--web.listen-address=0.0.0.0:0", "--ingest.require-auth")
    assert code == 1
    assert said.count("\n") == 1
    assert "credentials" in said
    assert not site.storage.exists()


@pytest.mark.hostile(37)
def test_required_credentials_are_enough_to_start(site: Site) -> None:
    """With a token there is no warning, and no push without it."""
    token = site.directory / "token"
    token.write_text("made-up-token\n")
    site.config.write_text(f"ingest: {{token_file: {token}}}\n")
    served = site.start("--web.listen-address=0.0.0.0:0", "--ingest.require-auth")
    served.address = served.address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - to be replaced
    assert WARNING not in served.log
    assert served.push(completion()).status == 401


def test_in_memory_only_works_and_says_so(site: Site) -> None:
    """Nothing is written; the log and the epoch's cause tell; a restart begins at 0."""
    memory_only = "--storage.path="
    served = site.start(memory_only)
    served.accept(completion(), key="k")
    assert served.completed() == 1
    assert served.epoch()[0] == "memory"
    assert "state is kept in memory only" in served.log
    assert served.ready
    assert served.get("/health")["status"] == "ok"
    assert served.stop() == 0
    again = site.start(memory_only)
    assert again.completed() == 0
    assert again.epoch()[1] > 0
    assert not site.storage.exists()
