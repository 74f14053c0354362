"""Where a group is appended: on the event loop while the disk answers, else in the thread."""

import asyncio
import threading
from pathlib import Path

import pytest

from exporter.event.types import Event
from exporter.journal.disk import (
    AT_ONCE_EVENTS_MAX,
    PATIENCE_SECS,
    REST_SECS,
    SLOW_SECS,
    DiskJournal,
)
from exporter.journal.epoch import Sync
from tests.clock import ManualClock
from tests.journal.builders import NOW, batch, completion, numbers, opened, replayed


class Watch:
    """A journal's failpoint that notes in which thread each commit was made.

    A commit takes `takes_secs` of the clock.
    """

    def __init__(self, path: Path, sync: Sync = "normal") -> None:
        self.clock = ManualClock(NOW)
        self.takes_secs = 0.0
        self.threads: list[str] = []
        self.journal = DiskJournal(
            path, sync=sync, boot_id="b", basis="b", clock=self.clock, failpoint=self._note
        )

    def _note(self, name: str) -> None:
        if name == "before_commit":
            self.threads.append(threading.current_thread().name)
            self.clock.advance(self.takes_secs)

    async def threads_of(self, *events: Event) -> list[str]:
        """Commit a group, and return in which thread that was."""
        self.threads.clear()
        await self.journal.append([batch(*events)], NOW)
        return self.threads


HERE = [threading.main_thread().name]
THREAD = ["journal"]


@pytest.mark.parametrize(
    ("sync", "events", "threads"),
    [
        ("normal", 1, HERE),
        ("normal", AT_ONCE_EVENTS_MAX, HERE),
        ("normal", AT_ONCE_EVENTS_MAX + 1, THREAD),
        ("full", 1, THREAD),
    ],
)
async def test_a_group_is_appended_at_once_where_that_takes_no_time(
    tmp_path: Path, sync: Sync, events: int, threads: list[str]
) -> None:
    """And in the thread where the disk is waited for, or where much is to be encoded."""
    watch = Watch(tmp_path, sync)
    await watch.journal.open(NOW)
    assert await watch.threads_of(*map(completion, range(events))) == threads
    await watch.journal.close()
    async with opened(tmp_path, boot_id="b", basis="b") as (journal, _):
        assert numbers(await replayed(journal)) == list(range(events))


async def test_an_append_that_was_slow_sends_others_through_the_thread(tmp_path: Path) -> None:
    """For a while; then it is tried again."""
    watch = Watch(tmp_path)
    await watch.journal.open(NOW)
    watch.takes_secs = SLOW_SECS * 2
    assert await watch.threads_of(completion()) == HERE
    watch.takes_secs = 0.0
    assert await watch.threads_of(completion()) == THREAD
    watch.clock.advance(REST_SECS)
    assert await watch.threads_of(completion()) == HERE
    await watch.journal.close()


async def test_while_the_thread_waits_for_the_disk_nobody_else_does(tmp_path: Path) -> None:
    """A group waits behind it, and the event loop goes on."""
    watch = Watch(tmp_path)
    await watch.journal.open(NOW)
    begun, let_go = threading.Event(), threading.Event()

    def hang() -> bool:
        begun.set()
        return let_go.wait()

    hanging = watch.journal._worker.run(hang)  # noqa: SLF001 - stands for a disk that hangs
    await asyncio.to_thread(begun.wait)
    watch.clock.advance(PATIENCE_SECS)
    commit = asyncio.create_task(watch.threads_of(completion()))
    await asyncio.sleep(0)
    assert (watch.threads, commit.done()) == ([], False)
    let_go.set()
    assert await hanging
    assert await commit == THREAD
    await watch.journal.close()


async def test_the_disk_is_asked_for_an_answer_where_something_was_committed(
    tmp_path: Path,
) -> None:
    """A disk that hangs is met by the thread first."""
    watch = Watch(tmp_path)
    await watch.journal.open(NOW)
    probe = tmp_path / "probe"
    await watch.journal.probe(NOW)
    assert not probe.exists()
    await watch.threads_of(completion())
    await watch.journal.probe(NOW)
    assert probe.stat().st_size == 0
    probe.unlink()
    await watch.journal.probe(NOW)
    assert not probe.exists()
    await watch.journal.close()
