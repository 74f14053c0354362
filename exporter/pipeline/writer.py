"""The one writer: whatever changes a number goes through here, in one order.

It takes all that waits, reduces and enriches it, commits it as one group, applies it to memory and
only then lets the waiting replies go. So a scrape sees committed state only, and a reply of 200
means committed. While a commit runs, the next group gathers behind it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from exporter.clock import Clock
from exporter.event.parting import Parted
from exporter.event.rejection import Code, Refusal
from exporter.event.types import Event
from exporter.fault import whereabouts
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.enrichment import enriching
from exporter.pipeline.intake import RETRY_AFTER_SECS, Intake, Offer
from exporter.pipeline.pricing import NO_PRICES
from exporter.pipeline.redaction import Redactor
from exporter.pipeline.tally import ACCEPTED, DUPLICATE, Tally
from exporter.pipeline.turns import Turns, pieces

Apply = Callable[[Parted, float], None]
"""Take committed events into memory, as of an instant in Unix seconds."""

Absorb = Callable[[Any, float], None]
"""Take a piece of a committed summary into memory, as of an instant in Unix seconds."""

Commit = Callable[[Sequence[Batch], float], Awaitable[None]]
"""Keep batches as one group, committed at an instant in Unix seconds.

Raises `Refusal` (`journal_failing`) where none of it was kept."""

log = logging.getLogger(__name__)


class Writer:
    """Drains `intake` through `commit` into the journal, and then through `apply` into memory.

    `observe_commit` is told how many seconds each group commit took. Whoever holds `between_groups`
    sees memory as it was after the last group, neither more nor less. `prices` may be replaced at
    any time.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        dedupe: Dedupe,
        commit: Commit,
        apply: Apply,
        absorb: Absorb,
        tally: Tally,
        clock: Clock,
        observe_commit: Callable[[float], None],
    ) -> None:
        self._intake = intake
        self._dedupe = dedupe
        self._commit = commit
        self._apply = apply
        self._absorb = absorb
        self._tally = tally
        self._clock = clock
        self._observe_commit = observe_commit
        self.prices = NO_PRICES
        self.between_groups = asyncio.Lock()

    async def run(self) -> None:
        """Write until the intake is closed and empty.

        An error of ours costs the pushes it befell, and is counted; the writer goes on.
        """
        try:
            while await self._write_next():
                pass
        finally:
            self._intake.close()
            _refuse_unanswered(await self._intake.take(), _FAULT)

    async def _write_next(self) -> bool:
        """Write what waits, or wait; return whether there is more to come.

        A method of its own, so that no batch is held while waiting for the next.
        """
        offers = await self._intake.take()
        try:
            async with self.between_groups:
                await self._write(offers)
        except Exception as error:  # noqa: BLE001 - whatever it is, others must be written
            self._count_fault(error)
        finally:
            self._intake.done(offers)
            _refuse_unanswered(offers, _FAULT)
        return bool(offers)

    async def _write(self, offers: Sequence[Offer]) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        turns = Turns(self._clock)
        batches = [offer.batch for offer in offers]
        summaries = [batch.summary is not None for batch in batches]
        duplicates = await turns.through(self._dedupe.reduce(batches, monotonic))
        parted = [await self._enriched(batch.events, turns) for batch in batches]
        if not await self._committed(batches, now):
            _refuse_unanswered(offers, _NOT_COMMITTED)
            return
        await turns.through(self._dedupe.remember(batches, monotonic))
        for offer, some, repeated, summary in zip(
            offers, parted, duplicates, summaries, strict=True
        ):
            batch = offer.batch
            await self._applied(batch, some, now, turns)
            self._tally.count(batch.source, batch.events, ACCEPTED)
            self._tally.count(batch.source, repeated, DUPLICATE)
            self._tally.last_push_at = now
            imported = batch.summary is not None
            if not offer.receipt.done():
                accepted, again = len(batch.events) + imported, len(repeated)
                offer.receipt.set_result(Receipt(accepted, again + (summary and not imported)))

    async def _enriched(self, events: Sequence[Event], turns: Turns) -> list[Parted]:
        """Enrich the events of a batch, and return them parted, piece by piece."""
        redactor = Redactor()
        parted = []
        for piece in pieces(events):
            parted.append(await turns.through(enriching(piece, redactor, self.prices)))
            await turns.over()
        return parted

    async def _committed(self, batches: Sequence[Batch], now: float) -> bool:
        fresh = [batch for batch in batches if not batch.empty]
        if not fresh:
            return True
        began = self._clock.monotonic()
        try:
            await self._commit(fresh, now)
        except Refusal:
            self._tally.journal_failures += 1
            return False
        self._observe_commit(self._clock.monotonic() - began)
        return True

    async def _applied(
        self, batch: Batch, parted: Sequence[Parted], now: float, turns: Turns
    ) -> None:
        """Apply a committed batch. It stays committed, and is answered so, whatever happens."""
        for piece in parted:
            self._take_in(self._apply, piece, now)
            await turns.over()
        if batch.summary is not None:
            for part in batch.summary.pieces():
                self._take_in(self._absorb, part, now)
                await turns.over()

    def _take_in(self, take: Callable[[Any, float], None], what: object, now: float) -> None:
        try:
            take(what, now)
        except Exception as error:  # noqa: BLE001 - the commit stands, and others must count
            self._count_fault(error)

    def _count_fault(self, error: Exception) -> None:
        self._tally.writer_faults += 1
        log.critical("a fault in writing", extra={"fields": whereabouts(error)})


_NOT_COMMITTED = (Code.JOURNAL_FAILING, "the push could not be committed")
_FAULT = (Code.INTERNAL_ERROR, "the push could not be written")


def _refuse_unanswered(offers: Sequence[Offer], reason: tuple[Code, str]) -> None:
    for offer in offers:
        if not offer.receipt.done():
            offer.receipt.set_exception(Refusal(*reason, retry_after_secs=RETRY_AFTER_SECS))
