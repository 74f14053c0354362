"""Listen addresses: `host:port`, `[::1]:port`, or `:port` for all interfaces."""

import ipaddress
import re

PORT_MAX = 65_535

HOST_LENGTH_MAX = 253
"""Characters of a host name, without the dot that may end it."""

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<host>[A-Za-z0-9._-]*)):(?P<port>[0-9]{1,5})")
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")


def parse_address(text: str) -> tuple[str | None, int]:
    """Return the host, `None` for all interfaces, and the port, 0 for any free one.

    Raises `ValueError`, without the text, where it is not an address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("expected host:port, [ipv6]:port or :port")
    port = int(match["port"])
    if port > PORT_MAX:
        raise ValueError(f"expected a port <= {PORT_MAX}")
    if match["ipv6"] is not None:
        return _ipv6(match["ipv6"]), port
    return _host(match["host"]) if match["host"] else None, port


def is_host(text: str) -> bool:
    """Return whether a resolver would take the text as a host name."""
    return _HOST.fullmatch(text) is not None and len(text.removesuffix(".")) <= HOST_LENGTH_MAX


def _host(text: str) -> str:
    """Return a host name; whether a resolver knows it is seen when it is bound."""
    if not is_host(text):
        raise ValueError("expected a host of labels of 1 to 63 characters, 253 in all")
    return text


def _ipv6(text: str) -> str:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise ValueError("expected an IPv6 address between the brackets") from None
    return text
