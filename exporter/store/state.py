"""What the store holds, and how events enter it.

`State` owns the parts and hands each event to those it concerns; what a part does is in its own
module. It has one writer, no lock and no clock: `now` (Unix seconds) comes with every call, and a
late, early or stepping clock is `exporter.store.window`'s business.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from exporter.event.grouping import CompletionGroup, Grouping
from exporter.event.types import (
    UNKNOWN,
    Activity,
    Completion,
    CompletionDetail,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.store import notices
from exporter.store.booking import book
from exporter.store.bounds import (
    AGENTS_MAX,
    CHANNELS_MAX,
    ENTRIES_MIN,
    ENTRIES_PER_MODEL,
    LIMITS_MAX,
    QUEUES_MAX,
    QUOTAS_MAX,
    TOOL_ENTRIES_MAX,
    TOOLS_MAX,
    USAGES_MIN,
    USAGES_PER_SESSION,
)
from exporter.store.group_booking import book_group
from exporter.store.heard import HeardAgents
from exporter.store.limits import CALL, WHOLE_PROVIDER, LimitTable
from exporter.store.models import ModelTable
from exporter.store.queues import QueueTable
from exporter.store.quotas import QuotaTable
from exporter.store.requests import RequestTable
from exporter.store.rings import CallRing, EventRing
from exporter.store.seen import SeenNames
from exporter.store.sessions import SessionTable
from exporter.store.tools import ToolTable
from exporter.store.window import SlotClock

Handlers = dict[type[Event], Callable[[Any, float, int | None, float], None]]
"""Who takes an event in, by its class: with its instant, its slot and now."""


class State:
    """What is known of models, sessions, tools, requests and limits; bounded, and in memory.

    `window_secs` is the length of the window and `slots` how many parts it leaves by. The `_max`
    arguments bound the parts; what has to go for want of room is counted in `evictions`.
    `limit_ttl_secs` is how long a limit lasts whose reset is not known.

    `late_events` counts events older than the window: they enter the rings and the counts of the
    process's life, but no window. `messages_processed`, `errors` and the completions count from the
    start of the process; `used` numbers the uses of models, sessions and tools. Events must come
    enriched: see `exporter.event.types`.
    """

    def __init__(
        self,
        *,
        window_secs: float = 3600,
        slots: int = 120,
        models_max: int = 1_000,
        sessions_max: int = 10_000,
        session_active_secs: float = 300,
        requests_max: int = 10_000,
        request_ttl_secs: float = 21_600,
        limit_ttl_secs: float = 3600,
        calls_max: int = 200,
        events_max: int = 500,
        gauge_ttl_secs: float = 900,
    ) -> None:
        self.window_secs = window_secs
        self.clock = SlotClock(window_secs=window_secs, slots=slots)
        self.model_table = ModelTable(
            self.clock,
            models_max=models_max,
            entries_max=max(ENTRIES_MIN, models_max * ENTRIES_PER_MODEL),
        )
        self.session_table = SessionTable(
            self.clock,
            sessions_max=sessions_max,
            usages_max=max(USAGES_MIN, sessions_max * USAGES_PER_SESSION),
            active_secs=session_active_secs,
        )
        self.request_table = RequestTable(requests_max=requests_max, ttl_secs=request_ttl_secs)
        self.limit_table = LimitTable(limits_max=LIMITS_MAX, ttl_secs=limit_ttl_secs)
        self.tool_table = ToolTable(self.clock, tools_max=TOOLS_MAX, entries_max=TOOL_ENTRIES_MAX)
        self.queue_table = QueueTable(keys_max=QUEUES_MAX, ttl_secs=gauge_ttl_secs)
        self.quota_table = QuotaTable(keys_max=QUOTAS_MAX, ttl_secs=gauge_ttl_secs)
        self.heard_agents = HeardAgents(agents_max=AGENTS_MAX)
        self.call_ring = CallRing(calls_max=calls_max)
        self.event_ring = EventRing(events_max=events_max)
        self.tool_names = SeenNames(names_max=TOOLS_MAX)
        self.channel_names = SeenNames(names_max=CHANNELS_MAX)
        self.late_events = 0
        self.messages_processed = 0
        self.errors = 0
        self.completions = 0
        self.completions_failed = 0
        self.latency_ms_sum = 0.0
        self.latencies = 0
        self.used = 0
        self._handlers: Handlers = {
            Completion: self._completion,
            CompletionDetail: self._completion_detail,
            RequestStarted: self._request_started,
            RequestEnded: self._request_ended,
            ToolCall: self._tool_call,
            Log: self._log,
            QueueDepth: self._queue_depth,
            Quota: self._quota,
            Activity: self._activity,
        }
        self._handlers_beside_groups = self._handlers | {Completion: self._failed_completion}

    def apply(self, events: Sequence[Event], now: float, grouping: Grouping | None = None) -> None:
        """Take events in, in order. The end of a request is completed in place from its start.

        `grouping` is the same events. To take them in by groups comes to the same, but that a group
        is one use, as of its last event.
        """
        self.advance(now)
        slots = None if grouping is None else self._slots(grouping, now)
        if grouping is not None and slots is not None:
            self.call_ring.extend(grouping.completions)
            for group, slot in zip(grouping.groups, slots, strict=True):
                self._take_group(group, slot, now)
            self._take(grouping.told, now, self._handlers_beside_groups)
        else:
            self.call_ring.extend([event for event in events if event.__class__ is Completion])
            self._take(events, now, self._handlers)
        # After them: the end of a request may have its agent from its start.
        self.heard_agents.hear(events, now, grouping)

    def _slots(self, grouping: Grouping, now: float) -> list[int] | None:
        """Return the slot of each group; `None` where groups may not be taken.

        Each has to be of one slot, and there may be no limit that one of them might lift.
        """
        if self.limit_table.unlifted:
            return None
        slot_of_all = self.clock.slot_of_all
        found = [
            slot_of_all(min(group.first_at, now), min(group.last_at, now))
            for group in grouping.groups
        ]
        slots = [slot for slot in found if slot is not None]
        return slots if len(slots) == len(found) else None

    def _take(self, events: Iterable[Event], now: float, handlers: Handlers) -> None:
        head, head_starts_at = self.clock.head, self.clock.head_starts_at
        for event in events:
            at = event.at
            if at > now:  # noqa: PLR1730 - a call to `min` takes three times as long
                at = now
            slot = head if at >= head_starts_at else self._past_slot(at)
            handlers[event.__class__](event, at, slot, now)

    def _take_group(self, group: CompletionGroup, slot: int, now: float) -> None:
        at = min(group.last_at, now)
        self.used = used = self.used + 1
        self.completions += group.count
        usage = self.session_table.usage(group, at, slot, used)
        where = (group.provider or UNKNOWN, group.model)
        latencies_ms = book_group(group, at, self.model_table.slot(where, slot, used), usage)
        self.latency_ms_sum += sum(latencies_ms)
        self.latencies += len(latencies_ms)

    def advance(self, now: float) -> None:
        """Move slot time on to `now` (Unix seconds), and let go of what leaves with it."""
        if self.clock.advance(now):
            self.model_table.expire()
            self.session_table.expire()
            self.tool_table.expire()

    def _past_slot(self, at: float) -> int | None:
        """Return the slot of an instant before the open one, `None` if it has left the window."""
        slot = self.clock.slot(at)
        if slot > self.clock.floor:
            return slot
        self.late_events += 1
        return None

    def _completion(self, event: Completion, at: float, slot: int | None, now: float) -> None:
        self.completions += 1
        provider = event.provider or UNKNOWN
        if slot is not None:
            self.used = used = self.used + 1
            usage = self.session_table.usage(event, at, slot, used)
            book(event, at, self.model_table.slot((provider, event.model), slot, used), usage)
        if not event.success:
            self._failed_completion(event, at, slot, now)
            return
        latency_ms = event.latency_ms
        if latency_ms is not None:
            self.latency_ms_sum += latency_ms
            self.latencies += 1
        if self.limit_table.unlifted:
            began_at = at - (latency_ms or 0.0) / 1000.0
            self.limit_table.success(provider, event.model, began_at=began_at, at=at)

    def _failed_completion(
        self, event: Completion, at: float, _slot: int | None, now: float
    ) -> None:
        """Take in what is told of a failure that is counted as a completion."""
        self.completions_failed += 1
        self.errors += 1
        notices.tell_completion(self.event_ring, event)
        if event.limited:
            self._limit(event, (event.provider or UNKNOWN, event.model, CALL), at, now)

    def _completion_detail(
        self, event: CompletionDetail, at: float, slot: int | None, now: float
    ) -> None:
        self._touch(event, at, slot)
        where = (event.provider or UNKNOWN, event.model)
        if slot is not None and event.ttft_ms is not None:
            self.model_table.slot(where, slot, self.used).first_token(event.ttft_ms, at)
        if event.limited:
            self._limit(event, (*where, CALL), at, now)

    def _limit(
        self,
        event: Completion | CompletionDetail | Quota,
        where: tuple[str, str, str],
        at: float,
        now: float,
    ) -> None:
        resets_at = event.resets_at
        reset_at = self.limit_table.signal(*where, at=at, resets_at=resets_at, now=now)
        if reset_at is not None:
            notices.tell_limit(self.event_ring, event, reset_at)

    def _request_started(
        self, event: RequestStarted, at: float, slot: int | None, now: float
    ) -> None:
        self._touch(event, at, slot)
        self._channel(event.channel)
        self.request_table.start(event, now)

    def _request_ended(self, event: RequestEnded, at: float, slot: int | None, now: float) -> None:
        self.request_table.end(event, now)
        self._touch(event, at, slot)
        self._channel(event.channel or UNKNOWN)
        self.messages_processed += 1
        if event.success is False:
            self.errors += 1
            notices.tell_request(self.event_ring, event)

    def _tool_call(self, event: ToolCall, at: float, slot: int | None, _now: float) -> None:
        self._touch(event, at, slot)
        self.tool_names.add(event.tool)
        if slot is not None:
            where = (event.agent, event.tool)
            self.tool_table.slot(where, slot, self.used).book(event, at)
        if event.success is False:
            self.errors += 1
            notices.tell_tool_call(self.event_ring, event)

    def _log(self, event: Log, at: float, slot: int | None, _now: float) -> None:
        self._touch(event, at, slot)
        self.event_ring.add(event.at, event.level, event.source, event.message, event.context)
        if event.level == "error":
            self.errors += 1

    def _queue_depth(self, event: QueueDepth, at: float, slot: int | None, now: float) -> None:
        self._touch(event, at, slot)
        self.queue_table.take(event, at, now)

    def _quota(self, event: Quota, at: float, slot: int | None, now: float) -> None:
        self._touch(event, at, slot)
        self.quota_table.take(event, at, now)
        where = (event.provider or UNKNOWN, event.model or WHOLE_PROVIDER, event.window)
        if event.limited:
            self._limit(event, where, at, now)
        elif event.limited is False:
            self.limit_table.lift(*where, at=at)

    def _activity(self, event: Activity, at: float, slot: int | None, _now: float) -> None:
        self._touch(event, at, slot)

    def _touch(self, event: Event, at: float, slot: int | None) -> None:
        if slot is not None:
            self.used += 1
            self.session_table.touch(event, at, slot, self.used)

    def _channel(self, channel: str) -> None:
        if channel != UNKNOWN:
            self.channel_names.add(channel)
