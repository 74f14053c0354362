"""The newest of what happened: completions, and events worth telling.

Rings forget the oldest first. An event's sequence number counts on for ever, so a reader that was
away sees by the gap that it missed something. Contexts are kept as encoded JSON, since as objects
they would take twenty times the room.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from exporter.event.types import UNKNOWN, Completion, Level
from exporter.store.answers import Call, RingEvent, instant
from exporter.store.parts import in_parts
from exporter.store.saved import SavedRingEvent

MESSAGE_LENGTH_MAX: Final = 4_096
CONTEXT_BYTES_MAX: Final = 8_192

_OMITTED: Final = msgspec.json.encode({"omitted": f"context over {CONTEXT_BYTES_MAX} bytes"})


class CallRing:
    """The newest `calls_max` completions. They are kept as they came and told when asked for."""

    def __init__(self, *, calls_max: int) -> None:
        self._completions: deque[Completion] = deque(maxlen=calls_max)
        self.add = self._completions.append
        self.extend = self._completions.extend

    def newest(self, limit: int | None = None) -> list[Call]:
        """Return up to `limit` calls, the newest first."""
        return [_call(event) for event in islice(reversed(self._completions), limit)]

    def save(self) -> Iterator[list[Completion]]:
        """Yield the completions, the oldest first; to restore them, add them again."""
        return in_parts(list(self._completions), lambda _: 1)


class EventRing:
    """The newest `events_max` events, numbered from 1."""

    def __init__(self, *, events_max: int) -> None:
        self.last_seq = 0
        self._events: deque[RingEvent] = deque(maxlen=events_max)

    def add(
        self, at: float, level: Level, source: str, message: str, context: dict[str, Any] | None
    ) -> None:
        """Append an event; a long message is cut, and a large context left out."""
        if len(message) > MESSAGE_LENGTH_MAX:
            message = message[: MESSAGE_LENGTH_MAX - 1] + "…"
        self.last_seq += 1
        self._events.append(
            RingEvent(self.last_seq, instant(at), level, source, message, _encoded(context))
        )

    def newest(
        self, *, level: Level | None, source: str | None, limit: int, before: int | None
    ) -> tuple[list[RingEvent], int | None]:
        """Return up to `limit` matching events, the newest first, and where the next page begins.

        That is the `before` to ask with next, or `None` where nothing older matches. `level` is
        the exact level; events with a `seq` of `before` or more are passed over.
        """
        matching = (
            event
            for event in reversed(self._events)
            if (before is None or event.seq < before)
            and (level is None or event.level == level)
            and (source is None or event.source == source)
        )
        page = list(islice(matching, limit))
        more = next(matching, None) is not None
        return page, page[-1].seq if page and more else None

    def after(self, seq: int) -> list[RingEvent]:
        """Return the events numbered above `seq`, the oldest first."""
        missed = min(self.last_seq - seq, len(self._events))
        newest = list(islice(reversed(self._events), max(missed, 0)))
        return newest[::-1]

    def save(self) -> Iterator[list[SavedRingEvent]]:
        """Yield the events, the oldest first."""
        return in_parts(map(_saved, list(self._events)), _weight)

    def restore(self, form: SavedRingEvent) -> None:
        """Take in an event that was saved, after all that are older."""
        context = msgspec.Raw(form.context) if form.context is not None else None
        self._events.append(
            RingEvent(form.seq, form.timestamp, form.level, form.source, form.message, context)
        )


def _saved(event: RingEvent) -> SavedRingEvent:
    context = bytes(event.context) if event.context is not None else None
    return SavedRingEvent(
        event.seq, event.timestamp, event.level, event.source, event.message, context
    )


def _weight(form: SavedRingEvent) -> int:
    return 1 + len(form.context or b"") // 1_024


def _encoded(context: dict[str, Any] | None) -> msgspec.Raw | None:
    if context is None:
        return None
    encoded = msgspec.json.encode(context)
    return msgspec.Raw(encoded if len(encoded) <= CONTEXT_BYTES_MAX else _OMITTED)


def _call(event: Completion) -> Call:
    tokens = event.tokens
    generated = tokens.generated if tokens is not None else None
    tokens_per_second = None
    if generated is not None and event.latency_ms:
        tokens_per_second = generated * 1000.0 / event.latency_ms
    return Call(
        timestamp=instant(event.at),
        agent=event.agent,
        session_id=event.session_id,
        provider=event.provider or UNKNOWN,
        model=event.model,
        success=bool(event.success),
        latency_ms=event.latency_ms,
        ttft_ms=event.ttft_ms,
        input_tokens=tokens.prompt if tokens is not None else None,
        output_tokens=generated,
        tokens_per_second=tokens_per_second,
        cost_usd=event.cost_usd,
        error=event.error,
        error_type=event.error_type,
    )
