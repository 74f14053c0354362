"""Damaged files: never taken for whole, never thrown away, never replaced in silence."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.journal.epoch import Epoch
from tests.journal.builders import NOW, batch, completion, numbers, opened, replayed, set_aside


def overwritten(path: Path) -> None:
    """Write over the whole file."""
    path.write_bytes(b"x" * path.stat().st_size)


def bit_flipped(path: Path) -> None:
    """Flip one bit of an event's text, which SQLite itself does not notice."""
    content = bytearray(path.read_bytes())
    content[content.index(b"latency_ms")] ^= 1
    path.write_bytes(content)


def page_zeroed(path: Path) -> None:
    """Lose the pages after the first."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(len(content) - 8192))


def fact_garbled(path: Path) -> None:
    """Write nonsense where the epoch is noted."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE facts SET value = '{' WHERE name = 'Epoch'")
    connection.close()


def group_taken_out(path: Path) -> None:
    """Take a group from between two others."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM groups WHERE seq = 2")
    connection.close()


@pytest.mark.parametrize(
    "damage", [overwritten, bit_flipped, page_zeroed, fact_garbled, group_taken_out]
)
async def test_a_damaged_file_is_set_aside_and_a_new_epoch_begins(
    tmp_path: Path,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is never taken for whole, never thrown away, and never replaced in silence."""
    async with opened(tmp_path) as (journal, _):
        for number in range(3):
            await journal.append([batch(completion(number))], NOW)
    damage(tmp_path / "journal.db")
    async with opened(tmp_path, now=NOW + 5) as (journal, parts):
        assert parts == []
        assert await replayed(journal) == []
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")
        await journal.append([batch(completion(9))], NOW)
    assert len(set_aside(tmp_path)) == 1
    assert "damaged" in caplog.text
    async with opened(tmp_path, now=NOW + 9) as (journal, _):
        assert numbers(await replayed(journal)) == [9]
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")


async def test_only_so_many_damaged_files_are_kept(tmp_path: Path) -> None:
    """A machine that damages its disk does not fill it as well."""
    for number in range(5):
        async with opened(tmp_path, now=NOW + number):
            pass
        overwritten(tmp_path / "journal.db")
    async with opened(tmp_path, now=NOW + 9):
        pass
    assert len(set_aside(tmp_path)) == 3
