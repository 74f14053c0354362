"""An address of this machine that others could reach, where it has one."""

import socket

import pytest


def _own_address() -> str | None:
    """Return an address of this machine that is no loopback; `None` where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A datagram socket that is connected has sent nothing yet.
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address


OWN_ADDRESS = _own_address()
OUTSIDE = OWN_ADDRESS or "127.0.0.1"

requires_own_address = pytest.mark.skipif(
    OWN_ADDRESS is None, reason="this machine has no address but the loopback"
)
