"""What a start finds in the journal's files: what they hold, and whether that is all of it."""

import logging
from typing import NamedTuple

from exporter.journal.database import NO_SNAPSHOT, Database, LogName, Snapshot
from exporter.journal.directory import StorageDirectory
from exporter.journal.epoch import Basis, Cause, Epoch, Run, Sync, may_have_lost
from exporter.journal.journal import Part
from exporter.journal.log import GroupLog
from exporter.journal.record import unpack
from exporter.journal.segment import DamagedError

log = logging.getLogger(__name__)


class Found(NamedTuple):
    """What is there: a snapshot in parts, and a log up to the group `seq`.

    `epoch` is the one it goes on in, a new one where `begins_epoch`. `rebased` is whether it was
    kept under another basis, `incomplete` whether groups are missing that were committed.
    """

    snapshot: Snapshot
    parts: list[Part]
    log: GroupLog
    seq: int
    epoch: Epoch
    begins_epoch: bool
    rebased: bool
    incomplete: bool


def recover(
    database: Database,
    directory: StorageDirectory,
    *,
    sync: Sync,
    boot_id: str,
    basis: str,
    without: Epoch,
) -> Found:
    """Look at all of it, on the boot `boot_id` of the machine and under `basis`.

    `without` is the epoch to begin where it knows of none. Raises `OSError`, `sqlite3.Error`, and
    `ValueError` where what is there is not what was written.
    """
    epoch, last = database.fact(Epoch), database.fact(Run)
    snapshot = database.fact(Snapshot) or NO_SNAPSHOT
    parts = database.parts(snapshot.number)
    lost = last is not None and may_have_lost(last, boot_id)
    group_log = log_of(database, directory, sync)
    marked = directory.marked()
    seq = _checked_groups(group_log, snapshot.seq, None if lost else marked)
    incomplete = not lost and seq < marked
    loss = _loss(lost=lost, missing=incomplete)
    rebased = database.fact(Basis) not in (None, Basis(basis))
    if loss is None and rebased and seq > snapshot.seq:
        log.warning("series are decided on in another way than before the crash")
        loss = "reconfigured"
    begins_epoch = False
    if epoch is None or last is None:
        epoch = without if loss is None else Epoch(without.started_at, loss)
    elif loss is not None:
        epoch, begins_epoch = Epoch(without.started_at, loss), True
    return Found(snapshot, parts, group_log, seq, epoch, begins_epoch, rebased, incomplete)


def log_of(database: Database, directory: StorageDirectory, sync: Sync) -> GroupLog:
    """Return the log of a database, with the groups that the database has from before it."""
    name = database.fact(LogName)
    if name is None:
        raise DamagedError("the log has no name")
    group_log = GroupLog(directory.path, name.name, sync=sync)
    if groups := database.groups():
        # Where this was broken off before, the log is written over.
        group_log.begin(groups[0].seq - 1)
        for group in groups:
            group_log.append(group.committed_at, group.body)
        group_log.cut()
        group_log.sync()
        database.delete_groups()
    return group_log


def _loss(*, lost: bool, missing: bool) -> Cause | None:
    """Return why commits after the last that is there are missing, or may be; else `None`."""
    if lost:
        log.warning("the machine crashed, commits may be missing, and a new epoch begins")
        return "power_loss"
    if missing:
        log.error("commits are missing from the journal, and a new epoch begins")
        return "corrupt"
    return None


def _checked_groups(group_log: GroupLog, after: int, certain: int | None) -> int:
    """Look at every group after a number; return the number of the last. See `GroupLog.groups`."""
    seq = after
    for group in group_log.groups(after, certain=certain):
        for _ in unpack(group.body):
            pass
        seq = group.seq
    return seq
