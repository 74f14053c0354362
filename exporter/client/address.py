"""Where the exporter is, from a URL and a token that are checked once."""

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

ROUTE: Final = "/api/v1/events"

_PORTS: Final = {"http": 80, "https": 443}
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


class Address(NamedTuple):
    """Where pushes go."""

    host: str
    port: int
    path: str
    tls: bool
    token: str | None


def parsed(url: str, token: str | None) -> Address:
    """Return the address that a URL such as `http://127.0.0.1:24368` stands for.

    A path stays in front of the route, for an exporter behind a proxy. Raises `ValueError`, which
    repeats nothing of either.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        # The resolver does so at every connection; here it also imports the codec, in time.
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise ValueError("the URL is none") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError("the URL must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the URL must hold no user, query or fragment")
    if not _VISIBLE.fullmatch(url):
        raise ValueError("the URL must be visible ASCII")
    token = (token or "").strip() or None
    if token and not _VISIBLE.fullmatch(token):
        raise ValueError("the token must be visible ASCII")
    path = parts.path.rstrip("/") + ROUTE
    return Address(host, port or _PORTS[parts.scheme], path, parts.scheme == "https", token)
