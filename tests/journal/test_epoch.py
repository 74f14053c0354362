"""Epochs: counters begin at 0 where they cannot be shown to be whole, and only there."""

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest

from exporter.event.rejection import Code, Refusal
from exporter.journal.disk import STUCK_SECS, DiskJournal
from exporter.journal.epoch import Epoch, Run, Sync, boot_id, may_have_lost
from tests.clock import ManualClock
from tests.journal.builders import (
    NOW,
    batch,
    completion,
    crashed,
    journal_at,
    log_of,
    numbers,
    opened,
    replayed,
    set_aside,
)


@pytest.mark.parametrize(
    ("sync", "closed", "boot", "lost"),
    [
        ("normal", False, "same", False),
        ("normal", False, "other", True),
        ("normal", True, "other", False),
        ("full", False, "other", False),
        ("normal", False, "", True),
    ],
)
def test_commits_may_be_missing_after_an_unsynced_unclosed_run_on_another_boot(
    sync: Sync,
    closed: bool,  # noqa: FBT001 - a case
    boot: str,
    lost: bool,  # noqa: FBT001 - a case
) -> None:
    """And only then."""
    assert may_have_lost(Run(boot_id="same", sync=sync, closed=closed), boot) == lost


def test_this_boot_has_a_name_that_stays() -> None:
    """Linux tells it; that is what the exporter is run on."""
    assert boot_id() == boot_id()
    assert boot_id()


@pytest.mark.parametrize(("closed", "cause"), [(False, "power_loss"), (True, "new")])
async def test_a_boot_after_a_close_goes_on_and_one_after_a_crash_begins_anew(
    tmp_path: Path,
    closed: bool,  # noqa: FBT001 - a case
    cause: str,
) -> None:
    """The rest of the state comes back either way."""
    journal = journal_at(tmp_path / "a")
    await journal.open(NOW)
    await journal.append([batch(completion(1))], NOW)
    path = tmp_path / "a" if closed else crashed(tmp_path / "a", tmp_path / "b")
    await journal.close()
    async with opened(path, now=NOW + 5, boot_id="another boot") as (again, _):
        assert again.epoch.cause == cause
        assert again.begins_epoch == (not closed)
        assert numbers(await replayed(again)) == [1]


async def test_what_was_not_synced_is_before_anything_counts_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start with `full` syncs what a run with `normal` left: from then on nothing may be lost."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        path = crashed(tmp_path / "a", tmp_path / "b")
    synced: list[str] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    journal = journal_at(path, sync="full")
    await journal.open(NOW)
    assert synced == [log_of(path).name, path.name]
    await journal.close()


async def test_a_new_epoch_commits_nothing_before_it_has_a_snapshot(
    tmp_path: Path,
) -> None:
    """Or the next start would count what this epoch has not."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        path = crashed(tmp_path / "a", tmp_path / "b")
    async with opened(path, now=NOW + 5, boot_id="another boot") as (journal, _):
        assert journal.unfounded
        with pytest.raises(Refusal):
            await journal.append([batch(completion(2))], NOW)
        await journal.snapshot([("a", b"1")], journal.seq, NOW)
        await journal.append([batch(completion(3))], NOW)
        again = crashed(path, tmp_path / "c")
    async with opened(again, now=NOW + 9, boot_id="another boot") as (journal, parts):
        assert (journal.epoch.started_at, journal.epoch.cause) == (NOW + 5, "power_loss")
        assert not journal.begins_epoch
        assert parts == [("a", b"1")]
        assert numbers(await replayed(journal)) == [3]


async def test_a_file_that_is_taken_away_is_begun_anew_from_memory(tmp_path: Path) -> None:
    """A commit into a file that has no name any more would be lost with the process."""
    path = tmp_path / "data"
    async with opened(path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        shutil.rmtree(path)
        with pytest.raises(Refusal) as refused:
            await journal.append([batch(completion(2))], NOW + 2)
        assert refused.value.code is Code.JOURNAL_FAILING
        assert refused.value.retry_after_secs
        await journal.snapshot([("a", b"1")], journal.seq, NOW + 2)
        await journal.append([batch(completion(2))], NOW + 3)
        assert journal.epoch == Epoch(started_at=NOW, cause="new")
    async with opened(path) as (journal, parts):
        assert parts == [("a", b"1")]
        assert numbers(await replayed(journal)) == [2]
        assert journal.epoch == Epoch(started_at=NOW, cause="new")


async def test_a_segment_that_is_taken_away_is_made_up_for_from_memory(tmp_path: Path) -> None:
    """It may be an older one, to which nothing is written any more."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        first = log_of(tmp_path)
        await journal.cut()
        await journal.append([batch(completion(2))], NOW)
        first.unlink()
        await journal.probe(NOW + 1)
        assert journal.unfounded
        await journal.snapshot([("a", b"1, 2")], journal.seq, NOW + 1)
        await journal.append([batch(completion(3))], NOW + 1)
    async with opened(tmp_path) as (journal, parts):
        assert parts == [("a", b"1, 2")]
        assert numbers(await replayed(journal)) == [3]
        assert journal.epoch == Epoch(started_at=NOW, cause="new")


async def test_after_a_crash_of_the_machine_what_is_before_a_gap_comes_back(
    tmp_path: Path,
) -> None:
    """Files that were not synced may be missing in part, in any order: that is no damage."""
    async with opened(tmp_path / "a") as (journal, _):
        for number in (1, 2, 3):
            await journal.append([batch(completion(number))], NOW)
            await journal.cut()
        path = crashed(tmp_path / "a", tmp_path / "b")
    second = sorted(path.glob("groups-*.log"))[1]
    second.write_bytes(bytes(second.stat().st_size))
    async with opened(path, now=NOW + 5, boot_id="another boot") as (journal, _):
        assert (journal.epoch.cause, journal.begins_epoch) == ("power_loss", True)
        assert numbers(await replayed(journal)) == [1]
        await journal.snapshot([("a", b"1")], await journal.cut(), NOW + 5)
        await journal.append([batch(completion(4))], NOW + 5)
    assert set_aside(path) == []
    async with opened(path, boot_id="another boot") as (journal, parts):
        assert parts == [("a", b"1")]
        assert numbers(await replayed(journal)) == [4]


async def test_a_crash_before_a_file_begun_anew_is_whole_ends_the_epoch(tmp_path: Path) -> None:
    """What only memory knew is gone then, and the counters say so."""
    path = tmp_path / "data"
    async with opened(path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        shutil.rmtree(path)
        with pytest.raises(Refusal):
            await journal.append([batch(completion(2))], NOW + 2)
        copy = crashed(path, tmp_path / "b")
    async with opened(copy, now=NOW + 9) as (journal, _):
        assert journal.epoch.cause == "corrupt"
        assert await replayed(journal) == []


async def test_a_crash_and_then_other_series_begin_an_epoch(tmp_path: Path) -> None:
    """A replay would count events elsewhere than they were counted."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.snapshot([("a", b"1")], 0, NOW)
        await journal.append([batch(completion(1))], NOW)
        path = crashed(tmp_path / "a", tmp_path / "b")
    async with opened(path, now=NOW + 5, basis="other") as (journal, parts):
        assert (journal.epoch.cause, journal.epoch.started_at) == ("reconfigured", NOW + 5)
        assert journal.begins_epoch
        assert journal.rebased
        assert parts == [("a", b"1")]
        await journal.snapshot([("a", b"2")], journal.seq, NOW + 5)
        again = crashed(path, tmp_path / "c")
    async with opened(again, now=NOW + 9, basis="other") as (journal, parts):
        assert not journal.begins_epoch
        assert not journal.rebased
        assert parts == [("a", b"2")]


async def test_other_series_after_a_snapshot_of_everything_go_on(tmp_path: Path) -> None:
    """There is nothing to replay, so nothing can be counted elsewhere."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        await journal.snapshot([("a", b"1")], journal.seq, NOW)
    async with opened(tmp_path, basis="other") as (journal, _):
        assert journal.epoch.cause == "new"
        assert not journal.begins_epoch
        assert journal.rebased


async def test_a_basis_is_in_force_with_the_snapshot_after_it(tmp_path: Path) -> None:
    """So that what was committed before is never replayed under it."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        journal.basis = "other"
        before = crashed(tmp_path / "a", tmp_path / "b")
        await journal.snapshot([("a", b"1")], journal.seq, NOW)
        await journal.append([batch(completion(2))], NOW)
        after = crashed(tmp_path / "a", tmp_path / "c")
    for path, basis in ((before, "basis"), (after, "other")):
        async with opened(path, basis=basis) as (journal, _):
            assert not journal.begins_epoch


async def test_a_disk_that_does_not_answer_is_told_and_keeps_nobody(tmp_path: Path) -> None:
    """A commit that hangs counts as failing, and a close does not wait for it for ever."""
    hanging, let_go = threading.Event(), threading.Event()

    def failpoint(name: str) -> None:
        if name == "before_commit":
            hanging.set()
            let_go.wait()

    clock = ManualClock(NOW)
    journal = DiskJournal(
        tmp_path, sync="normal", boot_id="b", basis="b", clock=clock, failpoint=failpoint
    )
    await journal.open(NOW)
    commit = asyncio.create_task(journal.append([batch(completion(1))], NOW))
    await asyncio.to_thread(hanging.wait)
    words = [journal.failing]
    clock.advance(STUCK_SECS + 1)
    words.append(journal.failing)
    assert words == [False, True]
    await journal.close()
    assert not commit.done()
    let_go.set()
    await commit
