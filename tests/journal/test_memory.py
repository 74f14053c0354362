"""Facts about the journal that keeps nothing."""

from exporter.event.types import ToolCall
from exporter.journal.journal import Journal, MemoryJournal
from exporter.pipeline.batch import Batch


async def test_a_memory_journal_takes_everything_and_keeps_nothing() -> None:
    """A commit succeeds, and there is nothing to replay, no snapshot, and no promise to keep."""
    journal: Journal = MemoryJournal()
    await journal.append([Batch("native", [ToolCall(tool="t")], 0.0)])
    assert (journal.size_bytes, journal.snapshot_at, journal.durable) == (0, None, False)
