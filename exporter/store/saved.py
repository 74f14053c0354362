"""The forms in which the store is saved: what its parts look like in a snapshot.

There are as many of the small forms as there are slots, so they are arrays without names, and a
field may only ever be added at their end, with a default. Numbers are saved as they are held:
floats of open slots as floats, since rounding them would show.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from msgspec import Struct

from exporter.event.types import Level

S = TypeVar("S", bound=Struct)


class SavedClock(Struct, array_like=True):
    """Where slot time stands: `exporter.store.window.SlotClock`."""

    slot_secs: float
    slots: int
    head: int
    shift: int

    def middle(self, index: int, *, width: int = 1) -> float:
        """Return the Unix second in the middle of a slot, or of a slot made of `width` of them."""
        return ((index + 0.5) * width - self.shift) * self.slot_secs


class SavedUsage(Struct, array_like=True, gc=False):
    """Usage: `exporter.store.aggregate.Usage`."""

    messages: int
    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    cost_nano: int
    unpriced: int


class SavedCompletions(SavedUsage, array_like=True, gc=False):
    """A sealed slot: `exporter.store.aggregate.Completions`."""

    successes: int
    latencies: dict[int, int]
    latency_us: int
    ttft_us: int
    ttfts: int
    paced_tokens: int
    paced_us: int
    unbinned: int
    last_at: float


class SavedOpenSlot(Struct, array_like=True, gc=False):
    """A slot that is still written to: `exporter.store.open_slot.OpenSlot`."""

    last_at: float
    successes: int
    failures: int
    unpriced: int
    ttfts: int
    cost_nano: int
    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    unpaced_tokens: int
    unbinned: int
    latency_ms: float
    ttft_ms: float
    unpaced_ms: float
    latencies: dict[int, int]


class SavedModel(Struct, array_like=True):
    """The window of one model: `exporter.store.model_window.ModelWindow`."""

    provider: str
    model: str
    used: int
    head: int
    open: SavedOpenSlot
    late: dict[int, SavedOpenSlot]
    slots: dict[int, SavedCompletions]


class SavedToolSums(Struct, array_like=True, gc=False):
    """A sealed slot of a tool: `exporter.store.tools.ToolSums`."""

    calls: int
    failures: int
    duration_us: int
    latencies: dict[int, int]
    last_at: float


class SavedOpenTool(Struct, array_like=True, gc=False):
    """A slot of a tool that is still written to: `exporter.store.tools.OpenTool`."""

    calls: int
    failures: int
    duration_ms: float
    latencies: dict[int, int]
    last_at: float


class SavedTool(Struct, array_like=True):
    """The window of one tool: `exporter.store.tools.ToolWindow`."""

    agent: str
    tool: str
    used: int
    head: int
    open: SavedOpenTool
    late: dict[int, SavedOpenTool]
    slots: dict[int, SavedToolSums]


class SavedSession(Struct, array_like=True):
    """One session: `exporter.store.session.Session`."""

    id: str
    agent: str
    used: int
    recent: bool
    last_event_at: float
    last_slot: int
    slots: dict[int, dict[str, SavedUsage]]


class SavedLoneEnd(Struct, array_like=True, gc=False):
    """An end without a start: `exporter.store.matching.LoneEnd`."""

    agent: str
    request_id: str
    at: float
    met: bool


class SavedLimit(Struct, array_like=True, gc=False):
    """What one holder said of a pair: `exporter.store.limit.Limit`."""

    provider: str
    model: str
    holder: str
    signalled_at: float
    reset_at: float | None
    known: bool


class SavedQueue(Struct, array_like=True, gc=False):
    """The latest reading of a queue: `exporter.store.queues.QueueTable`."""

    agent: str
    queue: str
    at: float
    depth: int


class SavedQuota(Struct, array_like=True, gc=False):
    """The latest reading of an allowance: `exporter.store.quotas.QuotaTable`."""

    agent: str
    provider: str
    model: str
    window: str
    at: float
    used_ratio: float | None
    limited: bool | None
    resets_at: float | None


class SavedHeard(Struct, array_like=True, gc=False):
    """An agent that pushed: `exporter.store.heard.HeardAgents`."""

    agent: str
    events: int
    last_event_at: float
    last_heard_at: float


class SavedRingEvent(Struct, array_like=True, gc=False):
    """An event of the ring; its context is JSON, encoded."""

    seq: int
    timestamp: datetime
    level: Level
    source: str
    message: str
    context: bytes | None


class SavedCounts(Struct, array_like=True):
    """The numbers that only grow: those of the order of things, and those of the process's life."""

    used: int
    last_seq: int
    messages_processed: int
    errors: int
    completions: int
    completions_failed: int
    latency_ms_sum: float
    latencies: int


def saved(form: type[S]) -> Callable[[object], S]:
    """Return what makes a form out of an object with attributes of the same names."""
    values = attrgetter(*form.__struct_fields__)
    return lambda thing: form(*values(thing))
