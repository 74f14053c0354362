"""What the command line's tests share."""

import logging
import signal
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    """Take back what configuring the logs changes for the whole process."""
    root = logging.getLogger()
    server = logging.getLogger("aiohttp.server")
    handlers, level, filters = root.handlers[:], root.level, server.filters[:]
    yield
    root.handlers, root.level, server.filters = handlers, level, filters


@pytest.fixture(autouse=True)
def _hangups_as_before() -> Iterator[None]:
    """Take back that hangups are ignored, or not."""
    handler = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, handler)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    """Take back what serving sets for every thread."""
    interval_secs = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval_secs)
