"""Memory: everything that events change, and that a restart brings back.

A snapshot is the whole of it in parts. After a crash the newest snapshot is restored, and what was
committed since is taken in again, in the same order, the same pieces and as of the same instants.
So memory ends where it was, and no counter steps back.
"""

import logging
from collections.abc import Callable, Iterator, Sequence

import msgspec

from exporter.clock import Clock
from exporter.event.grouping import group
from exporter.event.parting import Parted
from exporter.fault import whereabouts
from exporter.journal.journal import Part, Replayed
from exporter.metrics import saved as saved_series
from exporter.metrics.recorder import Recorder
from exporter.metrics.registry import Registry
from exporter.pipeline import remembrance
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.turns import finish, pieces
from exporter.store.summary import Imported
from exporter.store.telemetry import TelemetryStore

STORE_PREFIX = "store/"

_imported = msgspec.msgpack.Decoder(Imported).decode

log = logging.getLogger(__name__)


class Memory:
    """The store, the recorded series, and what was counted before.

    `on_change` is called after anything was taken in.
    """

    def __init__(
        self, *, store: TelemetryStore, registry: Registry, dedupe: Dedupe, clock: Clock
    ) -> None:
        self.store = store
        self.registry = registry
        self.dedupe = dedupe
        self._recorder = Recorder(registry)
        self._clock = clock
        self.on_change: Callable[[], None] = _do_nothing

    @property
    def evictions(self) -> dict[str, int]:
        """How often something had to go for want of room, by what it was, since the start."""
        dedupe = self.dedupe
        return {
            "idempotency_key": dedupe.keys.evicted,
            "event_id": dedupe.ids.evicted,
            "total": dedupe.totals.evicted,
            **self.store.evictions,
        }

    def apply(self, parted: Parted, now: float) -> None:
        """Take committed events in, as of `now`, Unix seconds."""
        events, grouping = parted.events, group(parted)
        # The store first: it pairs the end of a request with its start, which the series need.
        self.store.apply(events, now, grouping)
        self._recorder.apply(events, now, grouping)
        self.on_change()

    def absorb(self, piece: Imported, now: float) -> None:
        """Take a piece of a committed summary in, as of `now`, Unix seconds."""
        self.store.absorb(piece, now)
        self.on_change()

    def save(self) -> Iterator[Part]:
        """Yield all of it in parts; nothing may be taken in until the last of them."""
        for name, body in self.store.save():
            yield STORE_PREFIX + name, body
        yield from saved_series.save(self.registry)
        yield from remembrance.save(self.dedupe, self._clock)

    def restore(self, parts: Sequence[Part], *, counters: bool) -> None:
        """Become what was saved, but for the counters where they must begin at 0.

        Only what was just made can be restored. Raises `ValueError` where a part cannot be read.
        """
        self.store.restore(
            (name.removeprefix(STORE_PREFIX), body)
            for name, body in parts
            if name.startswith(STORE_PREFIX)
        )
        saved_series.restore(self.registry, parts, counters=counters)
        remembrance.restore(self.dedupe, parts, self._clock)

    def replay(self, batch: Replayed, *, counters: bool) -> int:
        """Take a batch in again; return how many faults of ours that brought to light."""
        at = batch.committed_at
        faults = 0
        for piece in pieces(batch.events):
            grouping = group(Parted(piece))
            faults += _faults_of(self.store.apply, piece, at, grouping)
            if counters:
                faults += _faults_of(self._recorder.apply, piece, at, grouping)
        if batch.summary is not None:
            for part in _imported(batch.summary).pieces():
                faults += _faults_of(self.store.absorb, part, at)
        finish(self.dedupe.remember([batch], remembrance.monotonic(at, self._clock)))
        return faults

    def forget_replayed_losses(self) -> None:
        """Count what found no room from 0 on: the process before has counted that of the replay."""
        self.store.begin_losses()
        self.registry.budgets.overflows.clear()
        self.dedupe.keys.evicted = self.dedupe.ids.evicted = self.dedupe.totals.evicted = 0


def _faults_of(take: Callable[..., None], *what: object) -> int:
    """Take something in again; what was a fault when it was live is one now, and no more."""
    try:
        take(*what)
    except Exception as error:  # noqa: BLE001 - the commit stands, and others must count
        log.critical("a fault in replaying", extra={"fields": whereabouts(error)})
        return 1
    return 0


def _do_nothing() -> None:
    """Tell nobody."""
