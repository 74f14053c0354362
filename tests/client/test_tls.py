"""Pushes over TLS, with certificates made on the spot."""

import ssl
from pathlib import Path

import pytest

from exporter.client import Telemetry
from tests.client.scripted import scripted
from tests.e2e.processes import eventually
from tests.web.certificates import Keys

FLUSH_SECS = 60.0


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Return a CA and a server certificate."""
    return Keys(tmp_path)


@pytest.fixture
def server_tls(keys: Keys) -> ssl.SSLContext:
    """Return what a server with that certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.cert_file, keys.key_file)
    return context


def test_a_trusted_exporter_gets_events_over_tls(
    keys: Keys, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates are verified against those the system trusts; one connection does for all."""
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.ca_file))
    with scripted(server_tls) as server, Telemetry(server.url) as telemetry:
        for depth in range(3):
            telemetry.queue_depth("jobs", depth)
            assert telemetry.flush(FLUSH_SECS)
        assert [event["depth"] for event in server.events] == [0, 1, 2]
        assert server.connections == 1


def test_an_exporter_that_nobody_vouches_for_gets_nothing(server_tls: ssl.SSLContext) -> None:
    """Where the certificate cannot be verified nothing is pushed."""
    with scripted(server_tls) as server, Telemetry(server.url) as telemetry:
        telemetry.queue_depth("jobs", 1)
        assert not telemetry.flush(0.3)
        assert not telemetry.close(0.1)
        eventually(lambda: telemetry.dropped == 1 or None, "the drop")
        assert server.pushes == []
