"""Facts about the one writer, on good days."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from exporter.event.types import Completion
from exporter.journal.journal import MemoryJournal
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.pipeline.turns import EVENTS_PER_PIECE, TURN_SECS_MAX
from exporter.pipeline.writer import Writer
from tests.clock import ManualClock
from tests.pipeline.builders import NOW, call, calls, push
from tests.pipeline.journals import Plant


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    """Yield a plant whose writer is at work, and end it."""
    plant = Plant()
    writing = asyncio.create_task(plant.writer.run())
    yield plant
    plant.intake.close()
    await writing


async def test_a_receipt_comes_after_the_commit_and_the_apply(plant: Plant) -> None:
    """While the journal is busy nothing is applied or answered; then all is, in that order."""
    plant.journal.passable.clear()
    receipt = plant.intake.offer(push(call(), call()))
    receipt.add_done_callback(lambda _: plant.steps.append("answer"))
    await plant.journal.entered.wait()
    assert not receipt.done()
    assert plant.steps == []
    plant.journal.passable.set()
    assert await receipt == Receipt(accepted=2, duplicates=0)
    assert plant.steps == ["commit", "apply 2", "answer"]


async def test_what_arrives_during_a_commit_is_the_next_group(plant: Plant) -> None:
    """All pushes that gather behind a commit are committed by one more, in their order."""
    plant.journal.passable.clear()
    first = plant.intake.offer(push(call("a")))
    await plant.journal.entered.wait()
    others = [plant.intake.offer(push(call(name))) for name in "bcd"]
    plant.journal.passable.set()
    await asyncio.gather(first, *others)
    assert [len(group) for group in plant.journal.groups] == [1, 3]
    assert [event.id for event in plant.applied] == ["a", "b", "c", "d"]


async def test_events_are_filled_in_before_they_are_kept(plant: Plant) -> None:
    """The journal and the memory get the same events, enriched."""
    await plant.intake.offer(push(Completion(model="p/m", error="too many requests", at=NOW)))
    ((kept,),) = plant.journal.groups
    assert kept.events == plant.applied
    assert kept.events == [
        Completion(
            model="p/m",
            provider="p",
            at=NOW,
            success=False,
            error="too many requests",
            error_type="rate_limit",
            limited=True,
        )
    ]


async def test_what_is_kept_of_a_batch_is_what_is_new(plant: Plant) -> None:
    """The journal gets the events that count, with the key and the arrival of their batch."""
    await plant.intake.offer(push(call("a")))
    await plant.intake.offer(push(call("a"), call("b"), key="k"))
    kept = plant.journal.groups[1][0]
    assert [event.id for event in kept.events] == ["b"]
    assert (kept.idempotency_key, kept.received_at) == ("k", NOW)


@pytest.mark.parametrize(
    ("batches", "receipts"),
    [
        ([push(call(), key="k"), push(call(), key="k")], [Receipt(1, 0), Receipt(0, 1)]),
        ([push(call("i")), push(call("i"))], [Receipt(1, 0), Receipt(0, 1)]),
        ([push(call("i"), call("i"))], [Receipt(1, 1)]),
        ([push(call("i"), key="k"), push(call("i"), call("j"))], [Receipt(1, 0), Receipt(1, 1)]),
        ([push(call()), push(call())], [Receipt(1, 0), Receipt(1, 0)]),
        ([push()], [Receipt(0, 0)]),
    ],
    ids=["by key", "by id", "in one batch", "by id in another batch", "without either", "nothing"],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in turn"])
async def test_what_was_pushed_twice_counts_once(
    batches: list[Batch], receipts: list[Receipt], *, at_once: bool, plant: Plant
) -> None:
    """At once or in turn, receipts and tally tell what was new and what was not."""
    copies = [push(*batch.events, key=batch.idempotency_key) for batch in batches]
    if at_once:
        answers = await asyncio.gather(*map(plant.intake.offer, copies))
    else:
        answers = [await plant.intake.offer(copy) for copy in copies]
    assert answers == receipts
    accepted = sum(receipt.accepted for receipt in receipts)
    assert len(plant.applied) == accepted
    assert plant.tally.events["native", "completion", "accepted"] == accepted
    assert plant.tally.events["native", "completion", "duplicate"] == sum(
        receipt.duplicates for receipt in receipts
    )


async def test_a_batch_with_nothing_new_costs_no_commit(plant: Plant) -> None:
    """Where all is known the journal is not asked, and no commit is timed."""
    await plant.intake.offer(push(call("a"), key="k"))
    await plant.intake.offer(push(call("a"), key="k"))
    await plant.intake.offer(push(call("a")))
    assert len(plant.journal.groups) == len(plant.commit_seconds) == 1


async def test_a_commit_is_timed_and_a_push_is_dated(plant: Plant) -> None:
    """Each commit tells how long it took; the last push is when its group was taken."""
    plant.journal.passable.clear()
    receipt = plant.intake.offer(push(call()))
    await plant.journal.entered.wait()
    assert plant.tally.last_push_at is None
    plant.journal.passable.set()
    await receipt
    plant.clock.advance(3.5)
    plant.journal.entered.clear()
    plant.journal.passable.clear()
    receipt = plant.intake.offer(push())
    assert await receipt == Receipt(0, 0)
    assert plant.commit_seconds == [0.0]
    assert plant.tally.last_push_at == NOW + 3.5


class HastyClock(ManualClock):
    """A clock by which every look takes longer than a turn may."""

    def monotonic(self) -> float:
        """Return the seconds, one turn later each time."""
        self.advance(2 * TURN_SECS_MAX)
        return super().monotonic()


@pytest.mark.parametrize("sizes", [[3 * EVENTS_PER_PIECE + 1], [EVENTS_PER_PIECE] * 3 + [1]])
async def test_long_work_is_done_in_turns(sizes: list[int]) -> None:
    """One large batch or many small ones: after each piece that took long, others run."""
    plant = Plant(clock=HastyClock(NOW))

    async def tick() -> None:
        while True:
            plant.steps.append("tick")
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    numbers = iter(range(1_000))
    batches = [push(*(call(str(next(numbers))) for _ in range(size))) for size in sizes]
    everything = [event.id for batch in batches for event in batch.events]
    await plant.write(*batches)
    ticking.cancel()
    applies = [index for index, step in enumerate(plant.steps) if step.startswith("apply")]
    piece = f"apply {EVENTS_PER_PIECE}"
    assert [plant.steps[index] for index in applies] == [piece, piece, piece, "apply 1"]
    assert all("tick" in plant.steps[a:b] for a, b in pairwise(applies))
    assert plant.steps.index("commit") > len(applies) - 1
    assert [event.id for event in plant.applied] == everything


async def test_short_work_is_done_in_one_turn(plant: Plant) -> None:
    """Where hardly any time goes by, nobody else runs between commit and answer."""

    async def tick() -> None:
        while True:
            plant.steps.append("tick")
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await plant.intake.offer(calls(3 * EVENTS_PER_PIECE))
    ticking.cancel()
    commit = plant.steps.index("commit")
    applies = [f"apply {EVENTS_PER_PIECE}"] * 3
    assert plant.steps[commit : commit + 5] == ["commit", *applies, "tick"]


async def test_a_client_that_went_away_changes_nothing(plant: Plant) -> None:
    """A receipt that nobody waits for any more is not sent; its batch is kept and counted."""
    plant.journal.passable.clear()
    gone = plant.intake.offer(push(call("a")))
    other = plant.intake.offer(push(call("b")))
    await plant.journal.entered.wait()
    gone.cancel()
    plant.journal.passable.set()
    assert await other == Receipt(1, 0)
    assert [event.id for event in plant.applied] == ["a", "b"]


async def test_closing_writes_what_waits() -> None:
    """A closed intake is written to its end, and then the writer is done."""
    plant = Plant()
    answers = await plant.write(push(call()), push(call(), call()))
    assert answers == [Receipt(1, 0), Receipt(2, 0)]
    assert len(plant.applied) == 3


async def test_the_memory_journal_will_do() -> None:
    """The writer works alike with the journal that is used where nothing is to be kept."""
    intake, tally, applied = Intake(events_max=10, bytes_max=10), Tally(), list[object]()
    writer = Writer(
        intake=intake,
        dedupe=Dedupe(keys_max=10, ids_max=10, ttl_secs=10.0),
        commit=MemoryJournal().append,
        apply=lambda parted, _: applied.extend(parted.events),
        absorb=lambda _summary, _now: None,
        tally=tally,
        clock=ManualClock(NOW),
        observe_commit=lambda _: None,
    )
    receipts = [intake.offer(push(call("a"), key="k")) for _ in range(2)]
    intake.close()
    await writer.run()
    assert [receipt.result() for receipt in receipts] == [Receipt(1, 0), Receipt(0, 1)]
    assert len(applied) == 1


@dataclass(frozen=True)
class InPieces:
    """A summary, of which each character is a piece."""

    text: str

    def pieces(self) -> Iterable[str]:
        """Return the characters."""
        return self.text


async def test_a_summary_is_committed_and_taken_in_once() -> None:
    """It has its place among the groups, and its key is remembered as any other."""
    plant = Plant()
    summaries = [Batch("summary", [], NOW, 0, "k", InPieces(text)) for text in ("first", "again")]
    receipts = await plant.write(*summaries)
    assert receipts == [Receipt(1, 0), Receipt(0, 1)]
    assert plant.absorbed == ["f", "i", "r", "s", "t"]
    assert [one.summary for group in plant.journal.groups for one in group] == [InPieces("first")]


async def test_whoever_holds_the_place_between_groups_keeps_the_writer_waiting() -> None:
    """So that what is read meanwhile is as it was after the last group."""
    plant = Plant()
    receipt = plant.intake.offer(push(call()))
    plant.intake.close()
    async with plant.writer.between_groups:
        writing = asyncio.create_task(plant.writer.run())
        for _ in range(10):
            await asyncio.sleep(0)
        assert plant.steps == []
    await writing
    assert receipt.done()
    assert plant.steps != []
