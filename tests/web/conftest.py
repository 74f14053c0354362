"""A whole exporter on a free port, with a clock of ours, and a client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from tests.clock import ManualClock
from tests.web import NOW


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at NOW."""
    return ManualClock(NOW)


@pytest.fixture
def config() -> Config:
    """Return the configuration; a test that needs another overrides this."""
    return Config(
        web=Web(listen_address=("127.0.0.1:0",)),
        ingest=Ingest(body_timeout_secs=1),
        storage=Storage(path=""),
    )


@pytest.fixture
async def exporter(config: Config, clock: ManualClock) -> AsyncIterator[Exporter]:
    """Start an exporter, and stop it after the test."""
    running = Exporter(config, clock=clock)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def client(exporter: Exporter) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client of the running exporter."""
    async with aiohttp.ClientSession(f"http://{exporter.addresses[0]}") as session:
        yield session
