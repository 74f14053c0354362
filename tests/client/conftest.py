"""A scripted server, and an environment that names no exporter."""

from collections.abc import Iterator

import pytest

from tests.client.scripted import Scripted, scripted


@pytest.fixture(autouse=True)
def _no_exporter_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to each test whether the environment names an exporter and a token."""
    monkeypatch.delenv("AGENT_EXPORTER_URL", raising=False)
    monkeypatch.delenv("AGENT_EXPORTER_TOKEN", raising=False)


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run a server that takes every push, unless its script says otherwise."""
    with scripted() as running:
        yield running
