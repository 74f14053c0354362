"""One thread that does what it is told, in order: where the database connection lives."""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from exporter.clock import Clock

STOP_SECS = 1.0

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, asyncio.Future[Any]]


class Worker:
    """Runs functions in one thread; a plain thread hands back faster than a pool of one."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        self._began_at: float | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Queue a call; the future brings what it returns or raises. It runs even if cancelled."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((lambda: function(*args, **kwargs), loop, future))
        return future

    @property
    def busy_secs(self) -> float:
        """How long it has been at what it does now; 0 if it does nothing."""
        began_at = self._began_at
        return 0.0 if began_at is None else self._clock.monotonic() - began_at

    def stop(self) -> None:
        """End the thread after what is queued; one that hangs ends with the process."""
        self._jobs.put(None)
        self._thread.join(STOP_SECS)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, loop, future = job
            self._began_at = self._clock.monotonic()
            try:
                result, error = call(), None
            except Exception as raised:  # noqa: BLE001 - whoever waits is to have it
                result, error = None, raised
            self._began_at = None
            with suppress(RuntimeError):  # Who asked gave up on a disk that hung, and is gone.
                loop.call_soon_threadsafe(_settle, future, result, error)
            del job, call, future, result, error


def _settle(future: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
