"""A journal that fails and stalls on demand, and the writer's whole surroundings."""

import asyncio
from collections.abc import Sequence

from exporter.event.parting import Parted
from exporter.event.rejection import Code, Refusal
from exporter.event.types import Event
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.pipeline.writer import Writer
from tests.clock import ManualClock
from tests.pipeline.builders import NOW


class BrittleJournal:
    """Stands in for a disk that is full for a while, or slow.

    It does not prove that a real journal tells its failures by a `Refusal`, nor that it keeps
    nothing of a group that failed, nor that what it kept is there after a crash.
    """

    def __init__(self) -> None:
        self.groups: list[list[Batch]] = []
        self.failures = 0
        self.entered = asyncio.Event()
        self.passable = asyncio.Event()
        self.passable.set()

    async def append(self, batches: Sequence[Batch]) -> None:
        """Commit the group once `passable` is set; fail as often as `failures` says."""
        self.entered.set()
        await self.passable.wait()
        if self.failures:
            self.failures -= 1
            raise Refusal(Code.JOURNAL_FAILING, "the disk is full")
        self.groups.append(list(batches))


class Plant:
    """A writer between an intake, a brittle journal and a memory that is a list.

    `steps` notes in their order what was committed and what was applied.
    """

    def __init__(self, *, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock(NOW)
        self.intake = Intake(events_max=100_000, bytes_max=1 << 20)
        self.journal = BrittleJournal()
        self.tally = Tally()
        self.steps: list[str] = []
        self.applied: list[Event] = []
        self.absorbed: list[object] = []
        self.commit_seconds: list[float] = []
        self.apply_error: Exception | None = None
        self.writer = Writer(
            intake=self.intake,
            dedupe=Dedupe(keys_max=1_000, ids_max=1_000, ttl_secs=86_400.0),
            commit=self._commit,
            apply=self._apply,
            absorb=lambda summary, _now: self.absorbed.append(summary),
            tally=self.tally,
            clock=self.clock,
            observe_commit=self.commit_seconds.append,
        )

    async def _commit(self, batches: Sequence[Batch], _now: float) -> None:
        await self.journal.append(batches)
        self.steps.append("commit")

    def _apply(self, parted: Parted, _now: float) -> None:
        if self.apply_error is not None:
            raise self.apply_error
        self.steps.append(f"apply {len(parted.events)}")
        self.applied += parted.events

    async def write(self, *batches: Batch) -> list[Receipt | BaseException]:
        """Push batches all at once, let the writer write them to the end, and return its answers.

        Whatever the writer raises comes out here.
        """
        receipts = [self.intake.offer(batch) for batch in batches]
        self.intake.close()
        await self.writer.run()
        return await asyncio.gather(*receipts, return_exceptions=True)
