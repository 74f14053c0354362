"""Providers and an exporter for a module, and the libraries instrumented for a test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exporter.client.instrument import instrument, uninstrument
from tests.client.instrument.stage import Stage
from tests.client.providers import providers
from tests.e2e.processes import exporter


@pytest.fixture(scope="module")
def provider_url() -> Iterator[str]:
    """Run the providers."""
    with providers() as url:
        yield url


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the exporter keeps all it stores."""
    return tmp_path_factory.mktemp("exporter")


@pytest.fixture(scope="module")
def exporter_url(directory: Path) -> Iterator[str]:
    """Run an exporter."""
    with exporter(directory) as url:
        yield url


@pytest.fixture
def stage(provider_url: str, exporter_url: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Instrument the libraries for one test, and put them back."""
    stage = Stage(provider_url, exporter_url, request.node.name)
    instrument(stage.telemetry)
    with stage.openai, stage.anthropic, closing(stage.telemetry):
        yield stage
    uninstrument()
