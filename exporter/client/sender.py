"""The thread that sends: takes batches out of the outbox and pushes each until it is answered.

A batch keeps its `Idempotency-Key` over all its attempts, so that one which was committed and not
answered counts once. The modules this one needs are all imported before the thread exists: a
process that forks while a thread imports could never import that module again.
"""

import contextlib
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from exporter.client import lifetime
from exporter.client.backoff import Patience, is_worth_repeating, retry_after_secs
from exporter.client.batch import Body, bodies, reports
from exporter.client.drops import Drops, Reason
from exporter.client.outbox import Event, Outbox
from exporter.client.plain import encoded
from exporter.client.transport import Answer, Transport, Unanswered

PATIENCE: Final = Patience()

WARNING_SECS: Final = 60.0
"""There is at most one warning in so many seconds."""

OK: Final = range(200, 300)

_log = logging.getLogger("exporter.client")


class Sender:
    """Sends what is put into `outbox`, with `defaults` for the fields that events leave out.

    Its thread runs from the first event on, and survives whatever happens in it. `clock` is in
    seconds from anywhere; `jitter` returns a part of 1.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        events_max: int,
        batch_events_max: int,
        flush_secs: float,
        defaults: dict[str, Any],
        patience: Patience = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._flush_secs = flush_secs
        self._defaults = defaults
        self._patience = patience
        self._clock = clock
        self._jitter = jitter
        self._stop_at = math.inf
        self._warned_at = -math.inf
        self._lost = 0
        self._starting = threading.RLock()
        self.drops = Drops()
        self.outbox = Outbox(
            events_max=events_max,
            batch_events_max=batch_events_max,
            drops=self.drops,
            start=self._start,
        )

    def renew(self) -> None:
        """Begin anew in the child of a fork: what waits is the parent's to send."""
        self._starting = threading.RLock()
        self._transport.renew()
        self.drops.renew()
        self.outbox.renew()

    def flush(self, timeout_secs: float) -> bool:
        """Send what waits at once; returns whether all of it was taken within so many seconds."""
        if self.outbox.empty and not self.outbox.attended:
            return True
        lost = self._lost
        mark = self.outbox.mark()
        return self._start() and mark.wait(timeout_secs) and self._lost == lost

    def close(self, timeout_secs: float) -> bool:
        """Stop, and wait for it; returns whether all was taken within so many seconds."""
        if self.outbox.empty and not self.outbox.attended:
            self.outbox.close()
            return True
        lost = self._lost
        mark = self.outbox.mark()
        self.stop(timeout_secs)
        return self._start() and mark.wait(timeout_secs) and self._lost == lost

    def stop(self, timeout_secs: float) -> None:
        """Take no more, and end the thread once all is sent, or after so many seconds."""
        self._stop_at = min(self._stop_at, self._clock() + timeout_secs)
        self.outbox.close()

    def invalid(self) -> bool:
        """Count an event that is none; returns that it found no room."""
        self.drops.add(1, Reason.INVALID)
        return False

    def _start(self) -> bool:
        """See to it that the thread runs; returns whether it does."""
        with self._starting:
            if self.outbox.attended:
                return True
            # Set before, so that a signal handler that comes in between starts no second one.
            self.outbox.attended = True
            try:
                threading.Thread(
                    target=self._run, name="agent-exporter-client", daemon=True
                ).start()
            except RuntimeError:  # The interpreter is shutting down, or there are too many.
                self.outbox.attended = False
                return False
        lifetime.watch(self)
        return True

    def _run(self) -> None:
        try:
            while not self._ended():
                self._turn()
        except BaseException:
            self.outbox.attended = False
            raise

    def _ended(self) -> bool:
        """Return whether there is nothing left to do; from then on another thread may start."""
        with self._starting:
            ended = self.outbox.closed and self.outbox.empty
            if ended:
                self._transport.close()
                self.outbox.attended = False
            return ended

    def _turn(self) -> None:
        events, mark = self.outbox.take(self._flush_secs)
        try:
            self._send(events)
        except Exception:  # noqa: BLE001 - whatever it is, the next batch is sent
            self._lose(len(events), Reason.FAULT)
        if mark is not None:
            mark.set()

    def _send(self, events: list[Event]) -> None:
        """Push events, and ahead of them the report of what was dropped before."""
        dropped = self.drops.take()
        if Reason.QUEUE_FULL in dropped:
            self._warn(dropped[Reason.QUEUE_FULL], Reason.QUEUE_FULL)
        told = [encoded(report, self._defaults) for report in reports(dropped)]
        unreported, overhead = dropped, len(told)
        for body in bodies([*told, *self._encoded(events)]):
            if not self._pushed(body, body.events - overhead):
                self.drops.give_back(unreported)
            unreported, overhead = {}, 0

    def _encoded(self, events: list[Event]) -> Iterator[bytes]:
        for event in events:
            try:
                yield encoded(event, self._defaults)
            except Exception:  # noqa: BLE001 - it is the program's own objects that raise
                self._lose(1, Reason.INVALID)

    def _pushed(self, body: Body, events: int) -> bool:
        """Push until it is answered for good; returns whether it was taken."""
        key = os.urandom(16).hex()
        began, failures = self._clock(), 0
        while (left_secs := self._left_secs(began)) > 0:
            answer = self._answer(body, key, min(left_secs, self._patience.attempt))
            if answer is not None and not is_worth_repeating(answer.status):
                return self._settled(answer, events)
            failures += 1
            asked_secs = retry_after_secs(answer.retry_after, time.time()) if answer else 0.0
            if self._hurried(asked_secs, failures, began):
                failures = 0
        self._lose(events, Reason.UNSENT)
        return False

    def _answer(self, body: Body, key: str, timeout_secs: float) -> Answer | None:
        try:
            return self._transport.push(body.data, key, timeout_secs)
        except Unanswered:
            return None

    def _settled(self, answer: Answer, events: int) -> bool:
        if answer.status not in OK:
            self._lose(events, Reason.REFUSED, answer.status)
            return False
        if answer.rejected:
            self._lose(answer.rejected, Reason.REJECTED)
        return True

    def _hurried(self, asked_secs: float, failures: int, began: float) -> bool:
        """Pause before the next attempt; returns whether a flush cut that short.

        What the exporter asked for is not cut short.
        """
        pause_secs = self._patience.pause_secs(failures, self._jitter)
        until = self._clock() + max(pause_secs, min(asked_secs, self._patience.told))
        while (wait_secs := min(until - self._clock(), self._left_secs(began))) > 0:
            if self.outbox.pause(wait_secs) and not asked_secs:
                return True
        return False

    def _left_secs(self, began: float) -> float:
        """Return how long a batch that was begun then may still be tried."""
        return min(began + self._patience.batch, self._stop_at) - self._clock()

    def _lose(self, events: int, reason: Reason, status: int | None = None) -> None:
        self._lost += events
        self.drops.add(events, reason)
        self._warn(events, reason, status)

    def _warn(self, events: int, reason: Reason, status: int | None = None) -> None:
        now = self._clock()
        if not events or now - self._warned_at < WARNING_SECS:
            return
        self._warned_at = now
        answer = f", answered {status}" if status else ""
        with contextlib.suppress(Exception):
            _log.warning("events were dropped: %d (%s%s)", events, reason.value, answer)
