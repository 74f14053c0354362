"""Damaged files: never taken for whole, never thrown away, never replaced in silence."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.event.rejection import Refusal
from exporter.journal.epoch import Epoch
from exporter.journal.segment import MAGIC
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

HEADER_BYTES = len(MAGIC) + 32


Damage = Callable[[Path], None]


def overwritten(path: Path) -> None:
    """Write over the whole file."""
    path.write_bytes(b"x" * path.stat().st_size)


def bit_flipped(path: Path) -> None:
    """Flip one bit of an event's text in the log."""
    content = bytearray(path.read_bytes())
    content[content.index(b"latency_ms")] ^= 1
    path.write_bytes(content)


def instant_changed(path: Path) -> None:
    """Change when the first group was committed."""
    content = bytearray(path.read_bytes())
    content[HEADER_BYTES + 16] ^= 1
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


def name_taken_out(path: Path) -> None:
    """Take out what the log is recognised by."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM facts WHERE name = 'LogName'")
    connection.close()


def group_taken_out(path: Path) -> None:
    """Take a group from between two others."""
    content = path.read_bytes()
    length = (len(content) - HEADER_BYTES) // 3
    first = HEADER_BYTES + length
    path.write_bytes(content[:first] + content[first + length :])


def removed(path: Path) -> None:
    """Take away the segment that has the first groups; another one goes on after it."""
    content = path.read_bytes()
    path.with_name("groups-00000000000000000003.log").write_bytes(content)
    path.unlink()


DATABASE_DAMAGES: tuple[Damage, ...] = (overwritten, page_zeroed, fact_garbled, name_taken_out)
LOG_DAMAGES: tuple[Damage, ...] = (
    overwritten,
    bit_flipped,
    instant_changed,
    group_taken_out,
    removed,
)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *(("journal.db", damage) for damage in DATABASE_DAMAGES),
        *(("groups-00000000000000000001.log", damage) for damage in LOG_DAMAGES),
    ],
)
async def test_a_damaged_file_is_set_aside_and_a_new_epoch_begins(
    tmp_path: Path,
    name: str,
    damage: Damage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is never taken for whole, never thrown away, and never replaced in silence."""
    async with opened(tmp_path) as (journal, _):
        for number in range(3):
            await journal.append([batch(completion(number))], NOW)
    damage(tmp_path / name)
    async with opened(tmp_path, now=NOW + 5) as (journal, parts):
        assert parts == []
        assert await replayed(journal) == []
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")
        await journal.append([batch(completion(9))], NOW)
    (aside,) = set_aside(tmp_path)
    assert {"journal.db"} < {file.name for file in (tmp_path / aside).iterdir()}
    assert "damaged" in caplog.text
    async with opened(tmp_path, now=NOW + 9) as (journal, _):
        assert numbers(await replayed(journal)) == [9]
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")


@pytest.mark.parametrize("cut_bytes", [1, 30, 10_000])
async def test_a_log_that_lost_its_end_begins_an_epoch_with_the_rest(
    tmp_path: Path, cut_bytes: int
) -> None:
    """What is whole comes back; that the counters are not is told, and only they begin at 0."""
    async with opened(tmp_path / "a") as (journal, _):
        for number in range(3):
            await journal.append([batch(completion(number))], NOW)
        copy = crashed(tmp_path / "a", tmp_path / "b")
    log = log_of(copy)
    rest = log.read_bytes()[:-cut_bytes]
    log.write_bytes(rest)
    async with opened(copy, now=NOW + 5) as (journal, _):
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")
        assert journal.begins_epoch
    async with opened(copy, now=NOW + 6) as (journal, _):  # As there was no snapshot yet.
        assert journal.epoch == Epoch(started_at=NOW + 6, cause="corrupt")
        left = numbers(await replayed(journal))
        assert left == list(range(3))[: len(left)]
        assert len(left) == (0 if cut_bytes == 10_000 else 2)
        await journal.snapshot([("a", b"1")], await journal.cut(), NOW)
        await journal.append([batch(completion(9))], NOW)
    [aside] = set_aside(copy)
    assert (copy / aside / log.name).read_bytes() == rest
    async with opened(copy, now=NOW + 9) as (journal, parts):
        assert (journal.epoch.started_at, parts) == (NOW + 6, [("a", b"1")])
        assert numbers(await replayed(journal)) == [9]


@pytest.mark.parametrize("links", [True, False])
async def test_groups_after_a_garbled_length_are_kept_for_a_closer_look(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    links: bool,  # noqa: FBT001 - a case
) -> None:
    """It looks as if the log broke off there, and they are whole behind it."""

    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:  # As on a file system that has none.
        monkeypatch.setattr(os, "link", refuse)
    async with opened(tmp_path / "a") as (journal, _):
        for number in range(3):
            await journal.append([batch(completion(number))], NOW)
        copy = crashed(tmp_path / "a", tmp_path / "b")
    log = log_of(copy)
    garbled = bytearray(log.read_bytes())
    garbled[HEADER_BYTES + 2] ^= 0x40
    log.write_bytes(garbled)
    async with opened(copy, now=NOW + 5) as (journal, _):
        assert journal.epoch == Epoch(started_at=NOW + 5, cause="corrupt")
        assert await replayed(journal) == []
        await journal.snapshot([("a", b"1")], await journal.cut(), NOW)
        await journal.append([batch(completion(9))], NOW)
    [aside] = set_aside(copy)
    assert (copy / aside / log.name).read_bytes() == garbled


async def test_files_are_set_aside_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each try would leave some of them in a directory of its own, and push the first out."""
    async with opened(tmp_path) as (journal, _):
        await journal.append([batch(completion(1))], NOW)
    overwritten(tmp_path / "journal.db")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.suffix == ".log":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        for number in range(5):
            journal = journal_at(tmp_path)
            with pytest.raises(Refusal):
                await journal.open(NOW + number)
            await journal.close()
    assert set_aside(tmp_path) == []
    async with opened(tmp_path, now=NOW + 9) as (journal, _):
        assert journal.epoch == Epoch(started_at=NOW + 9, cause="corrupt")
    [aside] = set_aside(tmp_path)
    assert {"journal.db", log_of(tmp_path / aside).name} <= {
        path.name for path in (tmp_path / aside).iterdir()
    }


@pytest.mark.parametrize("tail", [b"\0" * 5, b"\0" * 500, b"x" * 500, b"\0\0\0\0" + b"x" * 30])
async def test_what_was_never_committed_is_passed_over(tmp_path: Path, tail: bytes) -> None:
    """A killed process, or a machine, may leave anything after the last group it told of."""
    async with opened(tmp_path / "a") as (journal, _):
        await journal.append([batch(completion(1))], NOW)
        copy = crashed(tmp_path / "a", tmp_path / "b")
    with log_of(copy).open("ab") as log:
        log.write(tail)
    for number in (2, 3):
        async with opened(copy) as (journal, _):
            assert journal.epoch == Epoch(started_at=NOW, cause="new")
            assert numbers(await replayed(journal)) == list(range(1, number))
            await journal.append([batch(completion(number))], NOW)


async def test_only_so_many_damaged_files_are_kept(tmp_path: Path) -> None:
    """A machine that damages its disk does not fill it as well."""
    for number in range(5):
        async with opened(tmp_path, now=NOW + number):
            pass
        overwritten(tmp_path / "journal.db")
    async with opened(tmp_path, now=NOW + 9):
        pass
    assert len(set_aside(tmp_path)) == 3
