"""What tests of the fast path share: which way a push came, and commits that are held back."""

from collections.abc import AsyncIterator

import pytest

from exporter.app import Exporter
from exporter.core import Core
from exporter.front import Front
from exporter.web.fast_path import PushFastPath
from exporter.web.otlp import OTLPRoutes
from exporter.web.push import PushRoute
from tests.hostile.raw import Wire, wire
from tests.hostile.serving import until


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return which way each push came, as they come."""
    ways: list[str] = []

    def note(owner: type, name: str, way: str) -> None:
        method = getattr(owner, name)

        def noted(*arguments: object) -> object:
            ways.append(way)
            return method(*arguments)

        monkeypatch.setattr(owner, name, noted)

    note(PushFastPath, "take", "fast")
    note(PushRoute, "_push", "slow")
    note(OTLPRoutes, "_export", "slow")
    return ways


@pytest.fixture
def address(exporter: Exporter) -> str:
    """Return where the running exporter listens."""
    return exporter.addresses[0]


@pytest.fixture
async def connection(address: str) -> AsyncIterator[Wire]:
    """Return a connection to it."""
    async with wire(address) as connection:
        yield connection


def inside(exporter: Exporter) -> tuple[Core, Front]:
    """Return what is behind the web, and the web."""
    return exporter._core, exporter._front  # noqa: SLF001 - what no answer tells is to be seen


class Held:
    """An exporter that commits nothing before `go_on`."""

    def __init__(self, exporter: Exporter) -> None:
        self.exporter = exporter
        self.core = inside(exporter)[0]
        self.lock = self.core.writer.between_groups

    async def until_waiting(self) -> None:
        """Wait until a push waits for its commit."""
        await until(lambda: self.core.intake.events > 0)

    def go_on(self) -> None:
        """Let what waits be committed."""
        if self.lock.locked():
            self.lock.release()


@pytest.fixture
async def held(exporter: Exporter) -> AsyncIterator[Held]:
    """Return the running exporter, its commits held back."""
    held = Held(exporter)
    await held.lock.acquire()
    yield held
    held.go_on()
