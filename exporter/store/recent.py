"""How all models together did in the last minutes."""

import math
from typing import Final

from msgspec import Struct

from exporter.store.aggregate import NANO_PER_USD, Completions
from exporter.store.latency import quantile_ms
from exporter.store.models import ModelTable
from exporter.store.window import SlotClock

RECENT_SECS: Final = 300

_MINUTE_SECS: Final = 60
_HOUR_SECS: Final = 3600


class Recent(Struct, frozen=True):
    """Rates over the last minutes.

    They are over `covered_secs`: whole slots that contain those minutes, up to now, and none of the
    time before anything could be counted. So the divisor is the time in which what is counted
    happened. The latency is that of successes; the cost is
    what is known of it.
    """

    completions_per_minute: float
    tokens_per_minute: float
    error_ratio: float | None
    p95_latency_ms: float | None
    cost_usd_per_hour: float | None
    covered_secs: float


def recent(
    models: ModelTable, clock: SlotClock, *, secs: float, now: float, began_at: float = -math.inf
) -> Recent:
    """Return how all models did in the last `secs` before `now` (Unix seconds).

    What was counted began to be at `began_at`; what is older came from another exporter. Slot time
    must have been moved on to `now`. Where the wall clock stepped back a little, it is as of where
    slot time stands.
    """
    until = max(now, clock.head_starts_at)
    first = max(clock.slot(until - secs), clock.floor + 1)
    slots = models.together(first)
    oldest = min(slots, default=None)
    if oldest is not None and clock.starts_at(oldest + 1) <= began_at:
        began_at = clock.starts_at(oldest)
    since = max(clock.starts_at(first), began_at)
    covered_secs = max(until - since, clock.slot_secs)
    sums = Completions()
    for slot in slots.values():
        sums.absorb(slot)
    per_minute, per_hour = _MINUTE_SECS / covered_secs, _HOUR_SECS / covered_secs
    failures, priced = sums.messages - sums.successes, sums.messages > sums.unpriced
    return Recent(
        completions_per_minute=sums.messages * per_minute,
        tokens_per_minute=sums.tokens * per_minute,
        error_ratio=failures / sums.messages if sums.messages else None,
        p95_latency_ms=quantile_ms(sums.latencies, 0.95),
        cost_usd_per_hour=sums.cost_nano / NANO_PER_USD * per_hour if priced else None,
        covered_secs=covered_secs,
    )
