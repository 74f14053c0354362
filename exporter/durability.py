"""What keeps memory and journal together: the recovery at the start, snapshots, and self-repair.

    start: open -> restore -> replay -> ready
    later: every second: a look after the journal, a snapshot if one is due

Nothing is served from memory before it is whole. Where the disk refuses at the start, that is tried
again for as long as it takes.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from exporter.clock import Clock
from exporter.event.rejection import Refusal
from exporter.fault import whereabouts
from exporter.journal.journal import Journal, Part
from exporter.memory import Memory
from exporter.pipeline.turns import Turns

TICK_SECS = 1.0

REST_FACTOR = 10
"""How many times as long as a snapshot took there is none for want of room."""

log = logging.getLogger(__name__)


class Durability:
    """Recovers `memory` from `journal`, and takes snapshots while `between_groups` is held.

    One is due `snapshot_secs` after the last, or once the journal has grown by `snapshot_bytes`.
    `readable` tries a snapshot on something that can be thrown away. `gave_up` is set where only a
    new start can help.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        memory: Memory,
        between_groups: asyncio.Lock,
        clock: Clock,
        snapshot_secs: float,
        snapshot_bytes: int,
        readable: Callable[[Sequence[Part]], None],
    ) -> None:
        self.snapshot_secs = snapshot_secs
        self.snapshot_bytes = snapshot_bytes
        self.recovered = False
        self.faults = 0
        self.gave_up = asyncio.Event()
        self._begun = False
        self._journal = journal
        self._memory = memory
        self._between_groups = between_groups
        self._clock = clock
        self._readable = readable
        self._seq = 0
        self._began_at = 0.0
        self._rest_until = 0.0

    async def recover(self) -> None:
        """Bring memory back. Raises `StartError`, and `Refusal` where it may succeed later."""
        journal, memory = self._journal, self._memory
        parts = await self._opened()
        counters = not journal.begins_epoch
        self._begun = True
        with _no_collection():
            memory.restore(parts, counters=counters)
            del parts
            turns = Turns(self._clock)
            async for batch in journal.replay():
                self.faults += memory.replay(batch, counters=counters)
                await turns.over()
        memory.forget_replayed_losses()
        self._seq = journal.seq if not journal.size_bytes else -1
        self._began_at = self._clock.monotonic()
        self.recovered = True
        if journal.unfounded:
            with suppress(Refusal):
                await self.snapshot()

    async def _opened(self) -> list[Part]:
        """Open the journal and return its snapshot, if that can be read."""
        parts = await self._journal.open(self._clock.now())
        if not self._journal.rebased:
            return parts
        try:
            await asyncio.to_thread(self._readable, parts)
        except Exception as error:  # noqa: BLE001 - whatever another version left there
            fields = whereabouts(error)
            log.error("the snapshot cannot be read, and is set aside", extra={"fields": fields})  # noqa: TRY400 - one line
            await self._journal.renounce(self._clock.now())
            return []
        return parts

    async def run(self) -> None:
        """Recover if that is still to be done, and then keep the journal short, for ever."""
        while True:
            await asyncio.sleep(TICK_SECS)
            try:
                await self._tick()
            except Refusal:
                continue  # The journal has said so in the log, and says so in its metrics.
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody must keep watch
                self.faults += 1
                log.critical("a fault in keeping the journal", extra={"fields": whereabouts(error)})

    async def _tick(self) -> None:
        if self._begun and not self.recovered:
            # Memory that is half full is nothing to begin with: only a new start helps.
            self.gave_up.set()
            return
        if not self.recovered:
            await self.recover()
            return
        await self._journal.probe(self._clock.now())
        if self._due():
            await self.snapshot()

    def _due(self) -> bool:
        journal, now = self._journal, self._clock.monotonic()
        if journal.unfounded:
            return not journal.failing
        if not journal.durable or journal.seq == self._seq or now < self._rest_until:
            return False
        return (
            now - self._began_at >= self.snapshot_secs or journal.size_bytes >= self.snapshot_bytes
        )

    async def snapshot(self) -> None:
        """Take a snapshot. Raises `Refusal` (`journal_failing`)."""
        began_at = self._clock.monotonic()
        async with self._between_groups:
            parts, seq, now = await self._captured()
        self._began_at = began_at
        try:
            await self._journal.snapshot(parts, seq, now)
            self._seq = seq
        finally:
            ended_at = self._clock.monotonic()
            self._rest_until = ended_at + REST_FACTOR * (ended_at - began_at)

    async def rebase(self, basis: str, switch: Callable[[], None]) -> None:
        """Call `switch`, which changes what decides on series if `basis` is another than before.

        A replay must count every event as it was counted. So a snapshot comes first, and nothing is
        written in between. Raises `Refusal` (`journal_failing`), with nothing changed.
        """
        journal = self._journal
        async with self._between_groups:
            before, journal.basis = journal.basis, basis
            if basis != before and journal.durable:
                try:
                    await journal.snapshot(*await self._captured())
                except Refusal:
                    journal.basis = before
                    raise
            switch()

    async def _captured(self) -> tuple[list[Part], int, float]:
        """Return all of memory, the last group that is in it, and when that was."""
        turns = Turns(self._clock)
        seq, now = await self._journal.cut(), self._clock.now()
        parts = []
        for part in self._memory.save():
            parts.append(part)
            await turns.over()
        return parts, seq, now


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage while much is made and nothing dropped: it takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
