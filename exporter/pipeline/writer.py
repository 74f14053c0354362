"""The one writer: whatever changes a number goes through here, in one order.

It takes all that waits, reduces and enriches it, commits it as one group, applies it to memory and
only then lets the waiting replies go. So a scrape sees committed state only, and a reply of 200
means committed. While a commit runs, the next group gathers behind it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from exporter.clock import Clock
from exporter.event.rejection import Code, Refusal
from exporter.event.types import Event
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.enrichment import enrich
from exporter.pipeline.intake import RETRY_AFTER_SECS, Intake, Offer
from exporter.pipeline.tally import ACCEPTED, DUPLICATE, Tally

Apply = Callable[[Sequence[Event], float], None]
"""Take committed events into memory, as of an instant in Unix seconds."""

Commit = Callable[[Sequence[Batch]], Awaitable[None]]
"""Keep batches as one group; raises `Refusal` (`journal_failing`) where none of it was kept."""

log = logging.getLogger(__name__)

EVENTS_PER_TURN = 2_000
"""Events applied before other work gets a turn: about 10 ms."""


class Writer:
    """Drains `intake` through `commit` into the journal, and then through `apply` into memory.

    `observe_commit` is told how many seconds each group commit took.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        dedupe: Dedupe,
        commit: Commit,
        apply: Apply,
        tally: Tally,
        clock: Clock,
        observe_commit: Callable[[float], None],
    ) -> None:
        self._intake = intake
        self._dedupe = dedupe
        self._commit = commit
        self._apply = apply
        self._tally = tally
        self._clock = clock
        self._observe_commit = observe_commit

    async def run(self) -> None:
        """Write until the intake is closed and empty.

        An error of ours ends it and closes the intake; whoever still waits then is refused.
        """
        try:
            while offers := await self._intake.take():
                try:
                    await self._write(offers)
                finally:
                    _refuse_unanswered(offers)
        finally:
            self._intake.close()
            _refuse_unanswered(await self._intake.take())

    async def _write(self, offers: list[Offer]) -> None:
        now = self._clock.now()
        duplicates = [self._dedupe.reduce(offer.batch, now) for offer in offers]
        batches = [offer.batch for offer in offers]
        for batch in batches:
            enrich(batch.events)
        if not await self._committed(batches):
            return
        for offer, repeated in zip(offers, duplicates, strict=True):
            batch = offer.batch
            await self._apply_in_turns(batch.events, now)
            self._tally.count(batch.source, batch.events, ACCEPTED)
            self._tally.count(batch.source, repeated, DUPLICATE)
            self._tally.last_push_at = now
            if not offer.receipt.done():
                offer.receipt.set_result(Receipt(len(batch.events), len(repeated)))

    async def _committed(self, batches: list[Batch]) -> bool:
        fresh = [batch for batch in batches if batch.events]
        if not fresh:
            return True
        began = self._clock.monotonic()
        try:
            await self._commit(fresh)
        except Refusal:
            log.exception("the journal cannot commit")
            self._tally.journal_failures += 1
            self._dedupe.forget(batches)
            return False
        self._observe_commit(self._clock.monotonic() - began)
        return True

    async def _apply_in_turns(self, events: list[Event], now: float) -> None:
        if len(events) <= EVENTS_PER_TURN:
            self._apply(events, now)
            return
        for start in range(0, len(events), EVENTS_PER_TURN):
            self._apply(events[start : start + EVENTS_PER_TURN], now)
            await asyncio.sleep(0)


def _refuse_unanswered(offers: list[Offer]) -> None:
    for offer in offers:
        if not offer.receipt.done():
            offer.receipt.set_exception(
                Refusal(
                    Code.JOURNAL_FAILING,
                    "the push could not be committed",
                    retry_after_secs=RETRY_AFTER_SECS,
                )
            )
