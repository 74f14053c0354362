"""A whole exporter on a free port, as for the web tests, and certificates."""

import ssl

import pytest
import trustme

from exporter.app import Exporter
from tests.web.conftest import clock, config, exporter

__all__ = ["address", "clock", "config", "exporter"]


@pytest.fixture
def address(exporter: Exporter) -> str:
    """Return where the running exporter listens."""
    return exporter.addresses[0]


@pytest.fixture(scope="session")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS contexts of a server and of its client."""
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    return ours, theirs
