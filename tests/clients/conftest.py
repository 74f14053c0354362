"""An exporter that the tests of a module share, and an SDK that has nothing to complain about."""

import logging
from collections.abc import Iterator

import pytest

from tests.e2e.processes import exporter


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a running exporter."""
    with exporter(tmp_path_factory.mktemp("exporter")) as running:
        yield running


@pytest.fixture(autouse=True)
def _content(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See that no answer of the exporter made the SDK log a warning."""
    yield
    complaints = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.name.startswith("opentelemetry") and record.levelno >= logging.WARNING
    ]
    assert complaints == []


@pytest.fixture(autouse=True)
def _no_telemetry_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to each test where telemetry goes."""
    for name in ("ENDPOINT", "PROTOCOL", "HEADERS", "COMPRESSION"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
