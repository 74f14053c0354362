"""The journal in its file: what was committed is there again, in every way it may end."""

import sqlite3
from pathlib import Path

import pytest

from exporter.fault import StartError
from exporter.journal import schema
from tests.journal.builders import (
    NOW,
    batch,
    completion,
    crashed,
    journal_at,
    numbers,
    opened,
    replayed,
    set_aside,
)

Bytes = tuple[str, bytes]


async def test_what_was_committed_is_replayed_in_order(tmp_path: Path) -> None:
    """Events, keys and the time of the commit come back."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1), key="k"), batch(completion(2))], NOW + 1)
        await journal.append([batch(completion(3))], NOW + 2)
    async with opened(tmp_path) as (journal, parts):
        batches = await replayed(journal)
    assert parts == []
    assert numbers(batches) == [1, 2, 3]
    assert [one.committed_at for one in batches] == [NOW + 1, NOW + 1, NOW + 2]
    assert [one.idempotency_key for one in batches] == ["k", None, None]


async def test_what_was_committed_outlives_a_killed_process(tmp_path: Path) -> None:
    """Nothing but the files as they are after the commit is needed."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        copy = crashed(tmp_path / "a", tmp_path / "b")
        async with opened(copy) as (again, _):
            assert numbers(await replayed(again)) == [1]
            assert again.epoch.cause == "new"
            assert not again.begins_epoch


async def test_a_snapshot_takes_the_place_of_what_it_holds(tmp_path: Path) -> None:
    """Only what was committed after it is replayed, and the journal is short again."""
    parts = [("store/a", b"1"), ("store/a", b"2"), ("metrics/b", b"3" * 100_000)]
    async with opened(tmp_path) as (journal, _):
        for number in range(5):
            await journal.append([batch(completion(number))], NOW)
        seq = await journal.cut()
        await journal.append([batch(completion(5))], NOW)
        grown = journal.size_bytes
        await journal.snapshot(parts, seq, NOW + 9)
        assert 0 < journal.size_bytes < grown
        assert journal.snapshot_at == NOW + 9
        await journal.append([batch(completion(6))], NOW)
    async with opened(tmp_path) as (journal, found):
        assert found == parts
        assert numbers(await replayed(journal)) == [5, 6]
        await journal.append([batch(completion(7))], NOW)
    async with opened(tmp_path) as (journal, _):
        assert numbers(await replayed(journal)) == [5, 6, 7]


async def test_after_a_snapshot_of_everything_nothing_is_replayed(tmp_path: Path) -> None:
    """And the numbers of the groups go on where they were."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        await journal.snapshot([("a", b"1")], journal.seq, NOW)
    async with opened(tmp_path) as (journal, _):
        assert await replayed(journal) == []
        assert journal.size_bytes == 0
        await journal.append([batch(completion(2))], NOW)
    async with opened(tmp_path) as (journal, parts):
        assert parts == [("a", b"1")]
        assert numbers(await replayed(journal)) == [2]


class CrashError(Exception):
    """Stands for the end of the process at a failpoint."""


@pytest.mark.parametrize(
    ("place", "parts", "left"),
    [("in_snapshot", [("old", b"1")], [1, 2]), ("in_prune", [("new", b"2"), ("new", b"3")], [])],
)
async def test_a_snapshot_counts_from_one_moment_on(
    tmp_path: Path, place: str, parts: list[Bytes], left: list[int]
) -> None:
    """A crash before it leaves the old snapshot, one after it the new one, and nothing between."""

    def failpoint(name: str) -> None:
        if armed and name == place:
            raise CrashError

    armed = False
    journal = journal_at(tmp_path / "a", failpoint=failpoint)
    await journal.open(NOW)
    await journal.snapshot([("old", b"1")], 0, NOW)
    for number in (1, 2):
        await journal.append([batch(completion(number))], NOW)
    armed = True
    with pytest.raises(CrashError):
        await journal.snapshot([("new", b"2"), ("new", b"3")], journal.seq, NOW)
    copy = crashed(tmp_path / "a", tmp_path / "b")
    await journal.close()
    async with opened(copy) as (again, found):
        assert found == parts
        assert numbers(await replayed(again)) == left
        await again.snapshot([("newer", b"4")], again.seq, NOW)
    async with opened(copy) as (again, found):
        assert found == [("newer", b"4")]


async def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    """The directory belongs to one at a time, and is free again after it."""
    async with opened(tmp_path):
        second = journal_at(tmp_path)
        with pytest.raises(StartError, match="another process"):
            await second.open(NOW)
        await second.close()
    async with opened(tmp_path):
        pass


async def test_a_path_that_is_a_file_is_told(tmp_path: Path) -> None:
    """Nobody has to guess from the text of an exception."""
    path = tmp_path / "file"
    path.touch()
    journal = journal_at(path)
    with pytest.raises(StartError, match="not a directory"):
        await journal.open(NOW)
    await journal.close()


async def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """What agents did is nobody else's business."""
    path = tmp_path / "data"
    async with opened(path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        modes = {file.name: file.stat().st_mode & 0o077 for file in [path, *path.iterdir()]}
    assert set(modes.values()) == {0}, modes


async def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """It is neither read wrongly nor set aside."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    connection.close()
    journal = journal_at(tmp_path)
    with pytest.raises(StartError, match="newer version"):
        await journal.open(NOW)
    await journal.close()
    assert set_aside(tmp_path) == []
