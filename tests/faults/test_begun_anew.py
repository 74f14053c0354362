"""A file that is begun anew while it is in use: it is whole, or it is not taken for one."""

import os
import shutil
from pathlib import Path

import pytest

from exporter.event.rejection import Refusal
from tests.faults.disk import Disk
from tests.faults.serving import Site, completion
from tests.faults.test_damage import overwritten, set_aside
from tests.faults.test_disk import start_on_a_disk_that_refuses
from tests.journal import builders
from tests.journal.builders import NOW, batch, numbers, opened, replayed


async def test_a_snapshot_older_than_the_last_commit_does_not_found_a_new_file(
    tmp_path: Path,
) -> None:
    """What was committed to the old file alone would be missing from the new one."""
    path = tmp_path / "data"
    async with opened(path) as (journal, _):
        await journal.append([batch(builders.completion(1))], NOW)
        seq = journal.seq
        await journal.append([batch(builders.completion(2))], NOW)
        shutil.rmtree(path)
        with pytest.raises(Refusal):
            await journal.snapshot([("a", b"1")], seq, NOW)
        assert journal.unfounded
        await journal.snapshot([("a", b"1, 2")], journal.seq, NOW)
        await journal.append([batch(builders.completion(3))], NOW)
    async with opened(path) as (journal, parts):
        assert parts == [("a", b"1, 2")]
        assert numbers(await replayed(journal)) == [3]
        assert journal.epoch.cause == "new"


async def test_a_file_in_our_place_is_set_aside(tmp_path: Path) -> None:
    """Whose it is we cannot know: it is neither written to nor thrown away."""
    async with opened(tmp_path / "theirs") as (journal, _):
        await journal.append([batch(builders.completion(9))], NOW)
    async with opened(tmp_path / "ours") as (journal, _):
        await journal.append([batch(builders.completion(1))], NOW)
        os.replace(tmp_path / "theirs" / "journal.db", tmp_path / "ours" / "journal.db")  # noqa: PTH105 - ours is in use
        await journal.probe(NOW + 1)
        await journal.snapshot([("a", b"1")], journal.seq, NOW + 1)
    assert len(builders.set_aside(tmp_path / "ours")) == 1
    async with opened(tmp_path / "ours") as (journal, parts):
        assert parts == [("a", b"1")]
        assert numbers(await replayed(journal)) == []


@pytest.mark.hostile(25, 26)
def test_a_damaged_file_on_a_full_disk_is_kept_and_told(site: Site, disk: Disk) -> None:
    """While no new one can be begun, none is made up, and none pushes the damaged one out."""
    before = site.start()
    before.accept(completion())
    assert before.stop() == 0
    overwritten(site.storage / "journal.db")
    disk.fill()
    served = start_on_a_disk_that_refuses(site)
    assert len(set_aside(site)) == 1
    disk.free()
    served.await_ready()
    assert served.epoch()[0] == "corrupt"
    assert served.completed() == 0
    assert len(set_aside(site)) == 1


async def test_a_lost_file_is_not_taken_for_a_first_start(tmp_path: Path) -> None:
    """The directory knows that something was committed in it."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(builders.completion(1))], NOW)
    (tmp_path / "journal.db").unlink()
    async with opened(tmp_path, now=NOW + 5) as (journal, _):
        assert (journal.epoch.started_at, journal.epoch.cause) == (NOW + 5, "corrupt")
    async with opened(tmp_path, now=NOW + 9) as (journal, _):
        assert (journal.epoch.started_at, journal.epoch.cause) == (NOW + 5, "corrupt")


async def test_an_unreadable_mark_is_none(tmp_path: Path) -> None:
    """What is in the lock's file only ever adds to what the journal itself says."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(builders.completion(1))], NOW)
    (tmp_path / "lock").write_bytes(b"\xff not a number")
    async with opened(tmp_path, now=NOW + 5) as (journal, _):
        assert journal.epoch.cause == "new"
        assert numbers(await replayed(journal)) == [1]
