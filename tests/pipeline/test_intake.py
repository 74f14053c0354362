"""Facts about the queue between those who push and the one who writes."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.rejection import Code, Refusal
from exporter.pipeline.intake import (
    GATHERED_EVENTS_MAX,
    GATHERING_TURNS,
    RETRY_AFTER_SECS,
    Intake,
)
from tests.pipeline.builders import calls

EVENTS_MAX, BYTES_MAX = 10, 1_000


def make_intake() -> Intake:
    """Return an empty intake with small bounds."""
    return Intake(events_max=EVENTS_MAX, bytes_max=BYTES_MAX)


async def test_batches_are_taken_together_in_their_order() -> None:
    """One take brings all that waits, the first offered first, and leaves nothing."""
    intake = make_intake()
    batches = [calls(1), calls(2), calls(3)]
    receipts = [intake.offer(batch) for batch in batches]
    assert intake.events == 6
    offers = await intake.take()
    assert [offer.batch for offer in offers] == batches
    assert [offer.receipt for offer in offers] == receipts


async def test_what_is_being_written_fills_the_queue_until_it_is_done() -> None:
    """Room is given back with the answer, so a slow commit lets no second queue gather."""
    intake = make_intake()
    intake.offer(calls(EVENTS_MAX, size_bytes=BYTES_MAX))
    offers = await intake.take()
    assert intake.events == EVENTS_MAX
    for batch in (calls(1), calls(0, size_bytes=1)):
        with pytest.raises(Refusal):
            intake.offer(batch)
    offers[0].batch.events = []
    intake.done(offers)
    assert intake.events == 0
    intake.offer(calls(EVENTS_MAX, size_bytes=BYTES_MAX))


@pytest.mark.parametrize(
    ("events", "size_bytes", "taken"),
    [
        (6, 600, True),
        (7, 0, False),
        (0, 601, False),
        (7, 601, False),
        (0, 0, True),
    ],
)
async def test_what_waits_is_bounded_by_events_and_by_bytes(
    events: int, size_bytes: int, *, taken: bool
) -> None:
    """Beside 4 events of 400 bytes there is room up to either bound, and not beyond it."""
    intake = make_intake()
    intake.offer(calls(4, size_bytes=400))
    if taken:
        intake.offer(calls(events, size_bytes=size_bytes))
        assert intake.events == 4 + events
        return
    with pytest.raises(Refusal) as refused:
        intake.offer(calls(events, size_bytes=size_bytes))
    assert refused.value.code is Code.QUEUE_FULL
    assert refused.value.retry_after_secs == RETRY_AFTER_SECS
    assert intake.events == 4
    assert len(await intake.take()) == 1


async def test_a_batch_alone_is_taken_whatever_its_size() -> None:
    """A batch over both bounds is taken where nothing waits, and keeps out any other."""
    intake = make_intake()
    intake.offer(calls(EVENTS_MAX + 1, size_bytes=BYTES_MAX + 1))
    with pytest.raises(Refusal):
        intake.offer(calls(1))
    intake.done(await intake.take())
    intake.offer(calls(1))


async def test_taking_waits_for_an_offer() -> None:
    """A take of nothing goes on with the first offer, again and again."""
    intake = make_intake()
    for _ in range(2):
        taking = asyncio.ensure_future(intake.take())
        await asyncio.sleep(0)
        assert not taking.done()
        batch = calls(1)
        intake.offer(batch)
        (offer,) = await taking
        assert offer.batch is batch
        intake.done([offer])


async def test_a_closed_intake_takes_no_more() -> None:
    """Once closed it refuses, for longer than when it is full, and gives out what waits."""
    intake = make_intake()
    intake.offer(calls(1))
    intake.close()
    with pytest.raises(Refusal) as refused:
        intake.offer(calls(1))
    assert refused.value.code is Code.NOT_ACCEPTING
    assert refused.value.retry_after_secs == 5
    assert len(await intake.take()) == 1
    assert await intake.take() == []
    assert await intake.take() == []


async def test_closing_ends_a_wait() -> None:
    """A take that waits when the intake is closed brings nothing."""
    intake = make_intake()
    taking = asyncio.ensure_future(intake.take())
    await asyncio.sleep(0)
    intake.close()
    assert await taking == []


@given(st.lists(st.none() | st.tuples(st.integers(0, 12), st.integers(0, 1_200)), max_size=30))
def test_any_order_of_offers_and_takes(steps: list[tuple[int, int] | None]) -> None:
    """An offer is refused just where others wait and the sum with theirs is over a bound."""

    async def run() -> None:
        intake = make_intake()
        waiting: list[tuple[int, int]] = []
        for step in steps:
            if step is None:
                if waiting:
                    offers = await intake.take()
                    assert len(offers) == len(waiting)
                    intake.done(offers)
                waiting = []
                continue
            events, size_bytes = map(sum, zip(*waiting, step, strict=True))
            full = bool(waiting) and (events > EVENTS_MAX or size_bytes > BYTES_MAX)
            batch = calls(step[0], size_bytes=step[1])
            if full:
                with pytest.raises(Refusal):
                    intake.offer(batch)
            else:
                intake.offer(batch)
                waiting.append(step)
            assert intake.events == sum(events for events, _ in waiting)

    asyncio.run(run())


async def test_what_nobody_took_can_be_given_up() -> None:
    """Its sender is told to come again, and its room is free; what was taken is not touched."""
    intake = Intake(events_max=10, bytes_max=100)
    taken = intake.offer(calls(2))
    await intake.take()
    waiting = intake.offer(calls(3))
    intake.close()
    intake.refuse_waiting()
    with pytest.raises(Refusal) as refused:
        await waiting
    assert (refused.value.code, refused.value.retry_after_secs) == (Code.NOT_ACCEPTING, 5)
    assert not taken.done()
    assert intake.events == 2
    assert await intake.take() == []


async def gathered(intake: Intake, events: int, *, waits_first: bool) -> int:
    """Offer a batch each turn while somebody takes; return how many came with the first."""
    taking = asyncio.ensure_future(intake.take())
    if waits_first:
        await asyncio.sleep(0)
    offered = []
    while not taking.done():
        batch = calls(events)
        offered.append(batch)
        intake.offer(batch)
        await asyncio.sleep(0)
    taken = [offer.batch for offer in await taking]
    assert [id(batch) for batch in taken] == [id(batch) for batch in offered[: len(taken)]]
    intake.done(await intake.take() if len(offered) > len(taken) else [])
    return len(taken)


@pytest.mark.parametrize("waits_first", [True, False])
@pytest.mark.parametrize(
    ("events", "batches"),
    [
        (1, 1 + GATHERING_TURNS),
        (GATHERED_EVENTS_MAX // (1 + GATHERING_TURNS), 1 + GATHERING_TURNS),
        (GATHERED_EVENTS_MAX // 2, 3),
        (GATHERED_EVENTS_MAX, 2),
        (GATHERED_EVENTS_MAX + 1, 1),
    ],
)
async def test_batches_of_the_next_turns_are_taken_too(
    events: int,
    batches: int,
    waits_first: bool,  # noqa: FBT001 - a column
) -> None:
    """Those of so many turns come with the first, until more than enough events wait."""
    intake = Intake(events_max=100_000, bytes_max=1)
    assert await gathered(intake, events, waits_first=waits_first) == batches


async def test_what_comes_after_was_taken_waits_for_the_next_take() -> None:
    """A batch offered once the gathering is over is in the next take, and only there."""
    intake = make_intake()
    intake.offer(calls(1))
    first = await intake.take()
    intake.done(first)
    late = calls(1)
    intake.offer(late)
    (offer,) = await intake.take()
    assert offer.batch is late
    assert len(first) == 1
