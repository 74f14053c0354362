"""Groups from before there was a log: they are moved into one, and nothing is lost on the way."""

import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest

from exporter.journal.database import Database, Snapshot
from exporter.journal.epoch import Basis, Epoch, Run
from exporter.journal.log import segments_in
from exporter.journal.record import pack
from exporter.journal.schema import MIGRATIONS
from tests.journal.builders import NOW, batch, completion, numbers, opened, replayed


def written_before(path: Path, groups: int) -> None:
    """Write a journal as it was before the fourth migration, by a process that was killed.

    It has a snapshot of the first two groups, and then so many that count as 1, 2, ...
    """
    path.mkdir(mode=0o700)
    connection = sqlite3.connect(path / "journal.db", isolation_level=None)
    for number, script in enumerate(MIGRATIONS[:3], start=1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
    facts = (
        Epoch(NOW - 9, "new"),
        Run("boot", "normal", closed=False),
        Basis("basis"),
        Snapshot(number=1, seq=2, taken_at=NOW),
    )
    for fact in facts:
        row = (type(fact).__name__, msgspec.json.encode(fact).decode())
        connection.execute("INSERT INTO facts VALUES (?, ?)", row)
    for number in range(1, groups + 1):
        body = bytes(pack([batch(completion(number))]))
        row_of_group = (2 + number, NOW + number, zlib.crc32(body), body)
        connection.execute("INSERT INTO groups VALUES (?, ?, ?, ?)", row_of_group)
    connection.close()
    (path / "lock").write_text(f"{2 + groups:020}\n")


async def test_groups_in_the_table_are_replayed_and_go_on_in_the_log(tmp_path: Path) -> None:
    """In the same epoch, at their own instants, and once."""
    written_before(tmp_path / "a", 3)
    for more in (4, 5):
        async with opened(tmp_path / "a") as (journal, _):
            batches = await replayed(journal)
            assert numbers(batches) == list(range(1, more))
            assert [one.committed_at for one in batches[:3]] == [NOW + 1, NOW + 2, NOW + 3]
            assert journal.epoch == Epoch(started_at=NOW - 9, cause="new")
            await journal.append([batch(completion(more))], NOW + more)
    with sqlite3.connect(tmp_path / "a" / "journal.db") as connection:
        assert connection.execute("SELECT count(*) FROM groups").fetchone() == (0,)
    connection.close()


async def test_a_move_that_was_broken_off_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the table still is what counts."""
    written_before(tmp_path / "a", 3)

    def refuse(_: Database) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(Database, "delete_groups", refuse)
        with pytest.raises(OSError):  # noqa: PT011 - ours
            from_files(tmp_path / "a")
    assert segments_in(tmp_path / "a")
    async with opened(tmp_path / "a") as (journal, _):
        assert numbers(await replayed(journal)) == [1, 2, 3]


def from_files(path: Path) -> None:
    """Open the files of a journal as a start does."""
    from exporter.journal.files import JournalFiles, go_on  # noqa: PLC0415 - for this one

    files = JournalFiles(path, sync="normal", boot_id="boot", basis="basis", failpoint=go_on)
    try:
        files.open(NOW)
    finally:
        files.close()
