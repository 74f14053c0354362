"""A database that is not one: set aside, told, and never taken for an empty one."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import eventually
from tests.faults.serving import Served, Site, completion

FAST_SNAPSHOTS = "storage: {snapshot_secs: 1}\n"
SNAPSHOT_AT = "agent_exporter_journal_snapshot_timestamp_seconds"


def overwritten(path: Path) -> None:
    """Write over all of it, in place."""
    with path.open("r+b") as file:
        file.write(b"x" * path.stat().st_size)


def cut_in_half(path: Path) -> None:
    """Lose the second half."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def bytes_flipped(path: Path) -> None:
    """Change a byte here and there."""
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 4096):
        content[random.Random(start).randrange(start, min(start + 4096, len(content)))] ^= 0x55  # noqa: S311 - no secret
    path.write_bytes(content)


def a_byte_flipped(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


def a_number_changed(path: Path) -> None:
    """Change one letter of a name in the snapshot, which is a good database still."""
    content = path.read_bytes()
    assert b"a-telling-name" in content
    path.write_bytes(content.replace(b"a-telling-name", b"a-selling-name"))


def set_aside(site: Site) -> list[str]:
    """Return the names of what was set aside."""
    return [path.name for path in site.storage.glob("unreadable-*")]


@pytest.mark.hostile(26)
@pytest.mark.parametrize("damage", [overwritten, cut_in_half, bytes_flipped, a_number_changed])
def test_a_damaged_file_is_set_aside_at_the_start(
    site: Site, damage: Callable[[Path], None]
) -> None:
    """A new epoch begins; a metric and the log say so; what is pushed from then on is kept."""
    before = site.start()
    for number in range(100):
        before.accept(completion(model=f"p/a-telling-name-{number}"))
    first_epoch = before.epoch()
    assert first_epoch[0] == "new"
    assert before.stop() == 0
    damage(site.storage / "journal.db")
    served = site.start()
    cause, began_at = served.epoch()
    assert cause == "corrupt"
    assert began_at > first_epoch[1]
    assert "the journal is damaged and set aside" in served.log
    assert len(set_aside(site)) == 1
    assert served.completed() == 0
    assert served.ready
    served.accept(completion())
    served.kill()
    again = site.start()
    assert again.completed() == 1
    assert again.epoch() == (cause, began_at)


@pytest.mark.hostile(26)
@pytest.mark.parametrize("name", ["journal.db-wal", "groups-*.log"])
@pytest.mark.parametrize("damage", [overwritten, cut_in_half, a_byte_flipped])
def test_a_damaged_log_of_a_killed_process_is_noticed(
    site: Site, damage: Callable[[Path], None], name: str
) -> None:
    """SQLite takes what is before the damage for all there was, and so might whoever reads ours."""
    before = site.start()
    for number in range(100):
        before.accept(completion(model=f"p/a-telling-name-{number}"))
    before.kill()
    damage(max(site.storage.glob(name)))
    served = site.start()
    assert served.epoch()[0] == "corrupt"
    assert served.completed() == 0
    assert served.ready
    served.accept(completion())
    served.kill()
    assert site.start().completed() == 1


def fill_journal(served: Served, count: int) -> None:
    """Push so much that the database and its log are larger than what is held in memory."""
    text = {"type": "log", "level": "info", "source": "s", "message": "x" * 4000}
    for _ in range(count):
        served.await_acceptance(completion(), *[text] * 250)


@pytest.mark.hostile(26)
@pytest.mark.parametrize("damage", [overwritten, cut_in_half])
def test_a_file_damaged_while_in_use_is_begun_anew_from_memory(
    site: Site, damage: Callable[[Path], None]
) -> None:
    """No counter steps back, then or after a kill, and every acknowledged push counts once."""
    site.config.write_text(FAST_SNAPSHOTS)
    served = site.start()
    fill_journal(served, 12)
    damage(site.storage / "journal.db")
    pushed = 12

    damaged_at = served.await_metric(SNAPSHOT_AT)

    def over() -> bool | None:
        """Say whether it was noticed, or has been written over by a later snapshot."""
        nonlocal pushed
        served.await_acceptance(completion())
        pushed += 1
        assert served.completed() == pushed
        return bool(set_aside(site)) or served.await_metric(SNAPSHOT_AT) > damaged_at + 2 or None

    eventually(over, "the damage to be over")
    served.await_acceptance(completion())
    served.kill()
    again = site.start()
    assert again.completed() == pushed + 1
    assert again.epoch()[0] == "new"
