"""What is behind the web: from the intake to memory and journal, wired together.

start: recover memory from the journal; then the writer writes, and durability keeps watch
stop:  the intake closes, the writer drains it, a last snapshot, the journal closes
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from exporter import __version__
from exporter.clock import Clock
from exporter.config import Config
from exporter.durability import Durability
from exporter.event.rejection import Refusal
from exporter.journal.disk import DiskJournal
from exporter.journal.epoch import boot_id
from exporter.journal.files import Failpoint, go_on
from exporter.journal.journal import Journal, MemoryJournal, Part
from exporter.memory import Memory
from exporter.metrics import catalogue
from exporter.metrics.budget import LabelBudgets
from exporter.metrics.registry import Registry
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.intake import Intake
from exporter.pipeline.pricing import Prices
from exporter.pipeline.tally import Tally
from exporter.pipeline.writer import Writer
from exporter.store.telemetry import TelemetryStore

STOP_SECS = 2.0
"""What each step of a stop may take; a disk that hangs must not keep the process."""

log = logging.getLogger(__name__)


class Core:
    """Everything but the web, built from `config` and told the time by `clock`."""

    def __init__(self, config: Config, *, clock: Clock, failpoint: Failpoint = go_on) -> None:
        self._clock = clock
        self._config = config
        self.journal = _journal(config, clock, failpoint)
        self.tally = Tally()
        self.memory = _memory(config, clock)
        self.store = self.memory.store
        self.registry = self.memory.registry
        self.dedupe = self.memory.dedupe
        self.intake = Intake(
            events_max=config.ingest.queue_events_max, bytes_max=config.ingest.queue_bytes_max
        )
        commits = self.registry.histograms(catalogue.JOURNAL_COMMIT).get((), clock.now())
        self.writer = Writer(
            intake=self.intake,
            dedupe=self.dedupe,
            commit=self.journal.append,
            apply=self.memory.apply,
            absorb=self.memory.absorb,
            tally=self.tally,
            clock=clock,
            observe_commit=commits.observe,
        )
        self.writer.prices = Prices(config.pricing.table)
        self.durability = Durability(
            journal=self.journal,
            memory=self.memory,
            between_groups=self.writer.between_groups,
            clock=clock,
            snapshot_secs=config.storage.snapshot_secs,
            snapshot_bytes=config.storage.snapshot_bytes,
            readable=self._try,
        )
        self._writing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Bring memory back and begin to write.

        Where the disk refuses, that is tried again in the background. Raises `StartError`.
        """
        try:
            await self.durability.recover()
        except Refusal:
            log.error("the journal cannot be opened yet; trying again")  # noqa: TRY400 - one line
        self._writing = asyncio.create_task(self.writer.run(), name="writer")
        self._watching = asyncio.create_task(self.durability.run(), name="durability")

    async def drain(self) -> None:
        """Take nothing in any more, and write what was; what would take too long is refused."""
        self.intake.close()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=STOP_SECS)
            self.intake.refuse_waiting()

    async def stop(self) -> None:
        """Keep a snapshot of what was written, and close the journal; once."""
        if self._stopped:
            return
        self._stopped = True
        await self.drain()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
            await self._last_snapshot()
        await self.journal.close()

    async def _last_snapshot(self) -> None:
        if not self.durability.recovered:
            return
        try:
            async with asyncio.timeout(STOP_SECS):
                await self.durability.snapshot()
        except (Refusal, TimeoutError):
            log.warning("no last snapshot: the next start replays the journal")

    async def reconfigure(self, config: Config) -> None:
        """Take over what may change while it runs.

        Raises `Refusal` (`journal_failing`), with nothing changed, where the journal must know of a
        change and cannot.
        """
        await self.durability.rebase(basis(config), lambda: self._take_over(config))

    def _take_over(self, config: Config) -> None:
        self._config = config
        ingest, metrics, storage = config.ingest, config.metrics, config.storage
        self.intake.events_max = ingest.queue_events_max
        self.intake.bytes_max = ingest.queue_bytes_max
        self.durability.snapshot_secs = storage.snapshot_secs
        self.durability.snapshot_bytes = storage.snapshot_bytes
        self.writer.prices = Prices(config.pricing.table)
        self.registry.budgets.values_max.update(msgspec.structs.asdict(metrics.label_values_max))

    @property
    def recovered(self) -> bool:
        """Whether memory is whole, so that it may be read and written."""
        return self.durability.recovered

    @property
    def ready(self) -> bool:
        """Whether pushes can be taken and kept."""
        return self.recovered and self._is_writing and not self._journal_fails

    def checks(self) -> dict[str, str]:
        """Return how the writer and the journal are, each in a word: `ok` where all is well."""
        writer = "failing" if self.tally.writer_faults or self.durability.faults else "ok"
        return {
            "writer": writer if self._is_writing or not self.recovered else "stopped",
            "journal": self._journal_word(),
        }

    @property
    def _is_writing(self) -> bool:
        return self._writing is not None and not self._writing.done()

    @property
    def _journal_fails(self) -> bool:
        return self.journal.failing or self.journal.unfounded

    def _journal_word(self) -> str:
        if self._journal_fails:
            return "failing"
        if not self.recovered:
            return "recovering"
        return "snapshot_failing" if self.journal.snapshot_failing else "ok"

    def _try(self, parts: Sequence[Part]) -> None:
        if parts:
            _memory(self._config, self._clock).restore(parts, counters=True)


def basis(config: Config) -> str:
    """Return a digest of all that decides under which series an event counts."""
    families = [(family.name, family.labels, family.buckets) for family in catalogue.CATALOGUE]
    requests = (config.store.requests_max, config.store.request_ttl_secs)
    decisive = msgspec.json.encode((__version__, config.metrics, requests, families))
    return hashlib.sha256(decisive).hexdigest()


def _journal(config: Config, clock: Clock, failpoint: Failpoint) -> Journal:
    storage = config.storage
    if not storage.path:
        return MemoryJournal()
    return DiskJournal(
        Path(storage.path),
        sync=storage.sync,
        boot_id=boot_id(),
        basis=basis(config),
        clock=clock,
        failpoint=failpoint,
    )


def _memory(config: Config, clock: Clock) -> Memory:
    store, metrics, dedupe = config.store, config.metrics, config.dedupe
    return Memory(
        store=TelemetryStore(
            **msgspec.structs.asdict(store), gauge_ttl_secs=metrics.gauge_ttl_secs
        ),
        registry=Registry(
            LabelBudgets(msgspec.structs.asdict(metrics.label_values_max)),
            label_sets_max=metrics.label_sets_max,
            gauge_ttl_secs=metrics.gauge_ttl_secs,
            started_at=clock.now(),
        ),
        dedupe=Dedupe(keys_max=dedupe.keys_max, ids_max=dedupe.ids_max, ttl_secs=dedupe.ttl_secs),
        clock=clock,
    )
