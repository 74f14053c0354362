"""A service from start to end: signals ask, the service does, one line of log tells.

    start -> serve -> (SIGTERM, SIGINT) linger -> stop
              `- SIGHUP: reload

A second SIGTERM or SIGINT ends the lingering. From then on, or where there is none from the
beginning of the stop, the next has its default effect: it ends the process at once. SIGHUP never
does, not even during the stop.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from exporter.cli.flags import FAILURE, USAGE_ERROR, complain
from exporter.clock import Clock, SystemClock
from exporter.config import Config, ConfigError
from exporter.fault import StartError, whereabouts

STOPPING = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)

Load = Callable[[], Config]
"""Reads the configuration anew, from where it was read first; raises `ConfigError`."""


class Service(Protocol):
    """What is run."""

    @property
    def addresses(self) -> Sequence[str]:
        """The bound addresses, `host:port`, once started."""
        ...

    @property
    def durable(self) -> bool:
        """Whether what was acknowledged outlives a restart."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What whoever starts it must be told, each in one line, without values."""
        ...

    async def start(self) -> None:
        """Begin to serve.

        Raises `OSError` where an address cannot be had, `StartError` or `ConfigError` with one
        clear line for all else; having cleaned up.
        """
        ...

    async def reload(self) -> None:
        """Load the configuration anew; raises `ConfigError` where the old one stays."""
        ...

    async def failed(self) -> None:
        """Wait until only a new start can help; may be cancelled."""
        ...

    async def linger(self) -> None:
        """Go on serving until what is to be seen was seen, or its time is up; may be cancelled."""
        ...

    async def stop(self) -> None:
        """Stop serving, having finished what was accepted."""
        ...


class ServiceFactory(Protocol):
    """Builds a service that has not started; raises what `Service.start` does."""

    def __call__(self, config: Config, *, clock: Clock, load: Load) -> Service:
        """Return the service."""
        ...


class Signals:
    """What signals ask for, each as an event: to stop, to hurry with it, to reload."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self.reload = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in STOPPING:
            self._loop.add_signal_handler(number, self._on_stop)
        self._loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def _on_stop(self) -> None:
        if self.stop.is_set():
            self.hurry.set()
            self.let_go()
        self.stop.set()

    def let_go(self) -> None:
        """Give the signals that stop their default effect."""
        for number in STOPPING:
            self._loop.remove_signal_handler(number)


async def live(
    service_factory: ServiceFactory, config: Config, load: Load, *, about: Mapping[str, str]
) -> int:
    """Run a service until a signal; returns the process's exit code.

    `about` is what a log should begin with of what was started.
    """
    signals = Signals()
    try:
        service = service_factory(config, clock=SystemClock(), load=load)
        await service.start()
    except ConfigError as error:
        complain(str(error))
        return USAGE_ERROR
    except StartError as error:
        complain(f"cannot start: {error}")
        return FAILURE
    except OSError as error:
        complain(f"cannot start: {error.strerror or 'no reason given'}")
        return FAILURE
    # What is there now stays: to walk it in search of garbage would take 30 ms, and far more after
    # a recovery.
    gc.freeze()
    logger.info("started", extra={"fields": about})
    _introduce(service)
    reloading = asyncio.create_task(_reload_when_asked(service, signals.reload))
    failed = await _first(service.failed(), signals.stop.wait())
    logger.info("stopping")
    if not failed:
        await _first(service.linger(), signals.hurry.wait())
    signals.let_go()
    reloading.cancel()
    await asyncio.wait([reloading])
    await service.stop()
    logger.info("stopped")
    if failed:
        complain("gave up: only a new start can help")
        return FAILURE
    return 0


def _introduce(service: Service) -> None:
    for address in service.addresses:
        logger.info("serving", extra={"fields": {"address": address}})
    if not service.durable:
        logger.warning("state is kept in memory only: counters start at 0 on restart")
    for warning in service.warnings:
        logger.warning(warning)


async def _reload_when_asked(service: Service, asked: asyncio.Event) -> None:
    """Reload once for all who asked since the last time, for ever."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            await service.reload()
        except ConfigError as error:
            _not_reloaded({"reason": str(error)})
        except Exception as error:  # noqa: BLE001 - what serves must not die of a reload
            _not_reloaded(whereabouts(error))
        else:
            logger.info("configuration reloaded")


def _not_reloaded(fields: dict[str, str]) -> None:
    logger.error("configuration not reloaded", extra={"fields": fields})


async def _first(one: Coroutine[Any, Any, object], other: Coroutine[Any, Any, object]) -> bool:
    """Wait for either to end, and end the other; return whether `one` did."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    ended = tasks[0].done()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return ended
