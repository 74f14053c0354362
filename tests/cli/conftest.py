"""What the command line's tests share."""

import logging
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.processes import exporter


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    """Take back what configuring the logs changes for the whole process."""
    root = logging.getLogger()
    server = logging.getLogger("aiohttp.server")
    handlers, level, filters = root.handlers[:], root.level, server.filters[:]
    yield
    root.handlers, root.level, server.filters = handlers, level, filters


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Take back what commands do about hangups and Ctrl-C."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    """Take back what serving sets for every thread."""
    interval_secs = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval_secs)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a running exporter, which the tests of a module share."""
    with exporter(tmp_path_factory.mktemp("exporter")) as running:
        yield running
