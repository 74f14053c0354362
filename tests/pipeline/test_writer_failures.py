"""Facts about the one writer when something fails."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.rejection import Code, Refusal
from exporter.event.types import Completion
from exporter.pipeline.batch import Receipt
from exporter.pipeline.intake import RETRY_AFTER_SECS
from tests.pipeline.builders import NOW, call, push
from tests.pipeline.journals import Plant


def assert_refused(answer: object, code: Code = Code.JOURNAL_FAILING) -> None:
    """Assert that a push was told to come again."""
    assert isinstance(answer, Refusal)
    assert answer.code is code
    assert answer.retry_after_secs == RETRY_AFTER_SECS


async def test_a_failed_commit_refuses_the_whole_group() -> None:
    """Nothing of it is applied or counted, and every push in it may be tried again."""
    plant = Plant()
    plant.journal.failures = 1
    answers = await plant.write(push(call()), push(call("a"), key="k"), push(call("a"), key="k"))
    for answer in answers:
        assert_refused(answer)
    assert (plant.applied, plant.steps, plant.commit_seconds) == ([], [], [])
    assert plant.tally.events == Counter()
    assert plant.tally.journal_failures == 1
    assert plant.tally.last_push_at is None


async def test_a_retry_after_a_failed_commit_counts_once() -> None:
    """The failure passes, the writer goes on, and the same batch again is new, just once."""
    plant = Plant()
    writing = asyncio.create_task(plant.writer.run())
    plant.journal.failures = 2
    answers: list[object] = []
    for _ in range(4):
        offered = plant.intake.offer(push(call("a"), call(), key="k"))
        answers += await asyncio.gather(offered, return_exceptions=True)
    for answer in answers[:2]:
        assert_refused(answer)
    assert answers[2:] == [Receipt(2, 0), Receipt(0, 2)]
    assert len(plant.applied) == 2
    assert plant.tally.journal_failures == 2
    plant.intake.close()
    await writing


async def test_a_failed_commit_leaves_what_was_committed() -> None:
    """A duplicate in a failed group is refused with it, and is a duplicate when retried."""
    plant = Plant()
    writing = asyncio.create_task(plant.writer.run())
    assert await plant.intake.offer(push(call("a"), key="k")) == Receipt(1, 0)
    plant.journal.failures = 1
    offered = [
        plant.intake.offer(push(call("a"), key="k")),
        plant.intake.offer(push(call("a"), call("b"))),
    ]
    for answer in await asyncio.gather(*offered, return_exceptions=True):
        assert_refused(answer)
    assert await plant.intake.offer(push(call("a"), key="k")) == Receipt(0, 1)
    assert await plant.intake.offer(push(call("a"), call("b"))) == Receipt(1, 1)
    assert [event.id for event in plant.applied] == ["a", "b"]
    plant.intake.close()
    await writing


async def test_a_client_that_went_away_from_a_failure() -> None:
    """A receipt that nobody waits for any more is not refused either."""
    plant = Plant()
    plant.journal.failures = 1
    gone = plant.intake.offer(push(call()))
    gone.cancel()
    (answer,) = await plant.write(push(call()))
    assert_refused(answer)
    assert gone.cancelled()


async def test_an_error_in_memory_does_not_take_back_a_commit() -> None:
    """What is committed is answered so, though it could not be applied; the rest is applied."""
    plant = Plant()
    plant.apply_error = ZeroDivisionError("ours")
    assert await plant.write(push(call()), push(call())) == [Receipt(1, 0), Receipt(1, 0)]
    assert plant.tally.writer_faults == 2
    assert plant.applied == []


async def test_an_error_before_the_commit_costs_its_group_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing of it is kept; it may be tried again; the next group is written as ever."""
    plant = Plant()
    writing = asyncio.create_task(plant.writer.run())
    broken = push(Completion(id="a", model=None, at=NOW), key="k")  # type: ignore[arg-type] # the fault
    (answer,) = await asyncio.gather(plant.intake.offer(broken), return_exceptions=True)
    assert_refused(answer, Code.INTERNAL_ERROR)
    assert plant.journal.groups == []
    assert plant.tally.writer_faults == 1
    assert await plant.intake.offer(push(call("a"), key="k")) == Receipt(1, 0)
    assert plant.intake.events == 0
    assert "a fault in writing" in caplog.text
    assert "NoneType" not in caplog.text
    plant.intake.close()
    await writing


async def test_a_cancelled_writer_leaves_nobody_waiting() -> None:
    """Whoever waits when the writer is cancelled is refused."""
    plant = Plant()
    writing = asyncio.create_task(plant.writer.run())
    plant.journal.passable.clear()
    taken = plant.intake.offer(push(call()))
    await plant.journal.entered.wait()
    waiting = plant.intake.offer(push(call()))
    writing.cancel()
    for answer in await asyncio.gather(taken, waiting, return_exceptions=True):
        assert_refused(answer, Code.INTERNAL_ERROR)
    with pytest.raises(asyncio.CancelledError):
        await writing


pushes = st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4), st.booleans())


@given(st.lists(pushes, min_size=1, max_size=6), st.integers(0, 4), st.integers(0, 3))
def test_whatever_fails_what_is_retried_counts_exactly_once(
    pushed: list[tuple[list[str], bool]], failures: int, turns_apart: int
) -> None:
    """Clients that push until they are answered bring every id in once, however commits fail."""

    async def client(plant: Plant, number: int) -> Receipt:
        ids, keyed = pushed[number]
        key = "".join(ids) if keyed else None
        for _ in range(number * turns_apart):
            await asyncio.sleep(0)
        while True:
            try:
                return await plant.intake.offer(push(*map(call, ids), key=key))
            except Refusal:
                continue

    async def run() -> None:
        plant = Plant()
        plant.journal.failures = failures
        writing = asyncio.create_task(plant.writer.run())
        receipts = await asyncio.gather(*(client(plant, number) for number in range(len(pushed))))
        plant.intake.close()
        await writing
        everything = [name for ids, _ in pushed for name in ids]
        assert sorted(str(event.id) for event in plant.applied) == sorted(set(everything))
        assert sum(receipt.accepted for receipt in receipts) == len(set(everything))
        assert sum(r.accepted + r.duplicates for r in receipts) == len(everything)
        assert plant.tally.journal_failures == failures

    asyncio.run(run())
