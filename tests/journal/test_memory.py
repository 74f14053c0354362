"""Facts about the journal that keeps nothing."""

from exporter.event.types import ToolCall
from exporter.journal.journal import Journal, MemoryJournal
from exporter.pipeline.batch import Batch


async def test_a_memory_journal_takes_everything_and_keeps_nothing() -> None:
    """A commit succeeds, and there is nothing to replay, no snapshot, and no promise to keep."""
    journal: Journal = MemoryJournal()
    assert await journal.open(5.0) == []
    await journal.append([Batch("native", [ToolCall(tool="t")], 0.0)], 6.0)
    await journal.snapshot([("a", b"1")], 0, 7.0)
    assert [batch async for batch in journal.replay()] == []
    assert (journal.size_bytes, journal.snapshot_at, journal.durable) == (0, None, False)
    assert (journal.epoch.started_at, journal.epoch.cause) == (5.0, "memory")
    await journal.close()
