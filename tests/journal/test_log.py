"""The log: what was appended is read again, whatever was cut, refused, left over or taken away."""

import errno
import os
import resource
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from exporter.journal.log import GroupLog, segments_in
from exporter.journal.segment import DamagedError, Group
from tests.journal.builders import NOW

NAME = "0123456789abcdef" * 2


def log_at(path: Path, name: str = NAME) -> GroupLog:
    """Return the log of a directory as a start finds it."""
    return GroupLog(path, name, sync="normal")


def begun(path: Path) -> GroupLog:
    """Return a log that goes on after what is there."""
    log = log_at(path)
    groups = list(log.groups(0, certain=0))
    log.begin(groups[-1].seq if groups else 0)
    return log


def bodies(log: GroupLog, after: int = 0, certain: int = 0) -> list[bytes]:
    """Return the bodies of the groups after a number."""
    return [group.body for group in log.groups(after, certain=certain)]


@contextmanager
def no_room_after(size_bytes: int) -> Iterator[None]:
    """Let writes of this process that go beyond a place in any file fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_groups_come_back_with_their_number_and_instant(tmp_path: Path) -> None:
    """In order, and over several segments."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.append(NOW + 0.25, bytearray(b"b" * 100_000))
    assert log.cut() == 2
    log.append(NOW + 1, b"")
    log.close()
    assert list(log_at(tmp_path).groups(0, certain=3)) == [
        Group(1, NOW, b"a"),
        Group(2, NOW + 0.25, b"b" * 100_000),
        Group(3, NOW + 1, b""),
    ]
    assert bodies(log_at(tmp_path), after=2) == [b""]


def test_nothing_is_in_a_log_that_was_never_written_to(tmp_path: Path) -> None:
    """And no file is made for it."""
    log = begun(tmp_path)
    log.cut()
    assert (bodies(log), log.size_bytes, log.replaced(0)) == ([], 0, [])
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_group_for_which_there_is_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not the part of it that there was room for, and not at the next start."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    size_bytes = segments_in(tmp_path)[0].stat().st_size
    with no_room_after(size_bytes + 50), pytest.raises(OSError, match="No space left"):
        log.append(NOW, b"b" * 100)
    assert segments_in(tmp_path)[0].stat().st_size == size_bytes
    assert bodies(begun(tmp_path)) == [b"a"]
    with no_room_after(30), pytest.raises(OSError, match="No space left"):
        log.append(NOW, b"b")  # Not even for the header of a segment.
    log.append(NOW, b"c")
    log.close()
    assert bodies(log_at(tmp_path), certain=2) == [b"a", b"c"]


def test_a_group_that_the_disk_did_not_confirm_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `full` it is waited for, and what it does not have was not committed."""
    log = GroupLog(tmp_path, NAME, sync="full")
    log.append(NOW, b"a")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(OSError, match="Input/output"):
            log.append(NOW, b"b")
    log.append(NOW, b"c")
    log.close()
    assert bodies(log_at(tmp_path), certain=2) == [b"a", b"c"]


def test_a_segment_whose_name_is_not_synced_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `full` the name has to be there, too; and no descriptor is left over."""
    log = GroupLog(tmp_path, NAME, sync="full")
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for _ in range(9):
            with pytest.raises(OSError, match="Input/output"):
                log.append(NOW, b"a")
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208 - as above
    log.append(NOW, b"b")
    log.close()
    assert bodies(log_at(tmp_path), certain=1) == [b"b"]


def test_a_group_that_was_refused_but_written_does_not_count(tmp_path: Path) -> None:
    """Where it could not be taken off again, the next one of its number stands."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.append(NOW, b"refused")
    log.close()
    again = log_at(tmp_path)
    again.begin(1)
    again.append(NOW, b"b")
    again.append(NOW, b"c")
    again.close()
    assert bodies(log_at(tmp_path), certain=3) == [b"a", b"b", b"c"]


def test_a_segment_of_another_log_is_damage(tmp_path: Path) -> None:
    """Somebody put it there; it is not taken for ours."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.close()
    with pytest.raises(DamagedError):
        bodies(log_at(tmp_path, name="f" * 32))


def test_a_file_of_another_name_is_left_alone(tmp_path: Path) -> None:
    """Only the names that the log itself gives are its own."""
    other = tmp_path / "groups-old.log"
    other.write_bytes(b"x")
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.replaced(1)
    log.close()
    assert other.read_bytes() == b"x"


def test_a_length_that_is_longer_than_the_file_allocates_nothing(tmp_path: Path) -> None:
    """It is where the file breaks off, and not four gigabytes."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.close()
    with segments_in(tmp_path)[0].open("ab") as file:
        file.write(struct.pack("<IIQd", 2**32 - 1, 0, 2, NOW))
    assert bodies(log_at(tmp_path), certain=1) == [b"a"]


def test_a_segment_that_is_moved_removed_or_cut_is_noticed(tmp_path: Path) -> None:
    """Whether it is written to or not."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.cut()
    assert log.complete()
    log.append(NOW, b"b")
    first, second = segments_in(tmp_path)
    first.rename(tmp_path / "elsewhere")
    assert not log.complete()
    (tmp_path / "elsewhere").rename(first)
    os.truncate(second, second.stat().st_size - 1)
    assert not log.complete()
    second.rename(tmp_path / "elsewhere")
    second.write_bytes(bytes(1000))
    assert not log.complete()
    second.unlink()
    assert not log.complete()
    log.close()


def test_after_a_crash_of_the_machine_a_gap_is_where_it_ends(tmp_path: Path) -> None:
    """What is after it belongs to a life of the counters that is over, and goes."""
    log = begun(tmp_path)
    for body in (b"a", b"b", b"c"):
        log.append(NOW, body)
        log.cut()
    log.close()
    segments_in(tmp_path)[1].write_bytes(bytes(200))
    with pytest.raises(DamagedError):
        bodies(log_at(tmp_path), certain=3)


def test_after_a_crash_of_the_machine_what_follows_a_gap_is_passed_over(tmp_path: Path) -> None:
    """It is of a life of the counters that is over: it goes, and its numbers are given again."""
    log = begun(tmp_path)
    for body in (b"a", b"b", b"c"):
        log.append(NOW, body)
        log.cut()
    log.close()
    segment = segments_in(tmp_path)[1]
    segment.write_bytes(segment.read_bytes()[:-1])
    again = log_at(tmp_path)
    assert [group.body for group in again.groups(0, certain=None)] == [b"a"]
    again.begin(1)
    again.append(NOW, b"d")
    again.close()
    assert bodies(log_at(tmp_path), certain=2) == [b"a", b"d"]


@pytest.mark.parametrize("damage", [bytes.swapcase, lambda content: content[:-1]])
def test_every_segment_but_the_last_has_to_be_whole(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """What breaks off before another segment goes on is a group that is missing."""
    log = begun(tmp_path)
    log.append(NOW, b"a")
    log.cut()
    log.append(NOW, b"b")
    log.close()
    first = segments_in(tmp_path)[0]
    first.write_bytes(damage(first.read_bytes()))
    with pytest.raises(DamagedError):
        bodies(log_at(tmp_path))


class LogMachine(RuleBasedStateMachine):
    """A log beside a plain list: appended to, cut, refused, pruned, crashed, started again."""

    @initialize()
    def start(self) -> None:
        """Begin in a directory of its own."""
        import tempfile  # noqa: PLC0415 - a machine cannot have fixtures

        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name)
        self.log = begun(self.path)
        self.committed: list[bytes] = []
        self.pruned = 0

    @rule(body=st.binary(max_size=40))
    def append(self, body: bytes) -> None:
        """Commit a group."""
        self.log.append(NOW, body)
        self.committed.append(body)

    @rule(body=st.binary(min_size=1, max_size=40), room=st.integers(0, 60))
    def refuse(self, body: bytes, room: int) -> None:
        """Try to commit a group for which there may be no room."""
        sizes = [path.stat().st_size for path in segments_in(self.path)]
        with no_room_after(max([*sizes, 0]) + room):
            try:
                self.log.append(NOW, body)
            except OSError:
                return
        self.committed.append(body)

    @rule()
    def cut(self) -> None:
        """Begin a segment."""
        assert self.log.cut() == len(self.committed)

    @rule(data=st.data())
    def prune(self, data: st.DataObject) -> None:
        """Let go of what a snapshot has."""
        self.pruned = data.draw(st.integers(self.pruned, len(self.committed)))
        for path in self.log.replaced(self.pruned):
            path.unlink()

    @rule(left_over=st.binary(max_size=60))
    def crash(self, left_over: bytes) -> None:
        """Start again, as after a kill that left something at the end."""
        self.log.close()
        if segments := segments_in(self.path):
            with segments[-1].open("ab") as file:
                file.write(left_over)
        self.log = log_at(self.path)
        certain = len(self.committed)
        assert bodies(self.log, self.pruned, certain) == self.committed[self.pruned :]
        self.log.begin(certain)

    @invariant()
    def holds_what_was_committed(self) -> None:
        """Check that a start would find what was committed and not pruned."""
        if not hasattr(self, "log"):
            return
        assert self.log.seq == len(self.committed)
        found = bodies(log_at(self.path), self.pruned, len(self.committed))
        assert found == self.committed[self.pruned :]
        files = sum(path.stat().st_size for path in segments_in(self.path))
        assert files >= self.log.size_bytes >= 0
        assert self.log.complete()

    def teardown(self) -> None:
        """Remove the directory."""
        if hasattr(self, "log"):
            self.log.close()
            self.directory.cleanup()


TestLog = LogMachine.TestCase


def test_a_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the mask of the process allows."""
    mask = os.umask(0)
    try:
        log = begun(tmp_path)
        log.append(NOW, b"a")
    finally:
        os.umask(mask)
    log.close()
    assert segments_in(tmp_path)[0].stat().st_mode & 0o077 == 0
