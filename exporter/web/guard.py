"""Keeps the pages in a user's browser away: they can reach a loopback port, and must not use it.

A page may send a request anywhere, though it may not read every answer: the browser then says in
`Origin` where the page is from. A page may also have its own host name resolve to 127.0.0.1 and so
become, to the browser, the exporter's own page; then `Host` holds a name that is not ours.

What arrives on a loopback address must ask for a name of the machine. Elsewhere nobody knows under
which names one is reached, until `hosts_allowed` tells them: a port that a container publishes on a
machine's loopback is reached so. An IP address in `Host` is good there, since no page can make one
resolve to another.
"""

import ipaddress
from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import istr

from exporter.event.rejection import Code, Refusal
from exporter.web.connection import Sockname
from exporter.web.framing import HOST

OPEN_PATHS = frozenset({"/metrics", "/health", "/-/healthy", "/-/ready"})
"""Answers any `Host` may read: probes and scrapers come under all sorts of names."""

READS = frozenset({"GET", "HEAD"})

SITE = istr("Sec-Fetch-Site")
"""How the page that asks stands to us, as its browser says."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Guard:
    """Keeps away what `middleware` refuses; `hosts_allowed` are names without ports.

    The loopback's own names need not be among them.
    """

    def __init__(self, hosts_allowed: Collection[str]) -> None:
        self._allowed = frozenset(map(_plain, hosts_allowed))
        self._is_ours = lru_cache(maxsize=64)(self._is_ours_in_full)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Raise `Refusal` (`forbidden`) for a foreign page and for a `Host` that is not allowed."""
        if _is_from_another_page(request):
            raise Refusal(Code.FORBIDDEN, "pages of another origin may not ask")
        transport = request.transport
        sockname = transport.get_extra_info("sockname") if transport is not None else None
        if not (
            (request.method in READS and request.path in OPEN_PATHS)
            or self._may_ask_for(request.headers.get("Host", ""), sockname)
        ):
            raise Refusal(
                Code.FORBIDDEN,
                "Host is neither a name of this machine nor in web.hosts_allowed",
                path="Host",
            )
        return await handler(request)

    def lets_in(self, headers: Mapping[str, str], sockname: Sockname) -> bool:
        """Return whether the headers of a request show at a glance that it may come in.

        What a browser says of a page, be it ours, takes more than a glance.
        """
        return (
            hdrs.ORIGIN not in headers
            and SITE not in headers
            and self._may_ask_for(headers.get(hdrs.HOST, ""), sockname)
        )

    def _may_ask_for(self, host: str, sockname: Sockname) -> bool:
        """Return whether who came to an address of ours may ask for this `Host`."""
        # Where the connection is gone there is nobody to answer, and nothing to let through.
        on_loopback = sockname is None or _is_loopback(sockname[0])
        return not (on_loopback or self._allowed) or self._is_ours(host, on_loopback=on_loopback)

    def _is_ours_in_full(self, host: str, *, on_loopback: bool) -> bool:
        match = HOST.fullmatch(host)
        if match is None:
            return False
        name = _plain(match[1])
        return (
            name in self._allowed
            or _is_loopback_name(name)
            or (not on_loopback and _is_address(name))
        )


def _is_from_another_page(request: web.Request) -> bool:
    site = request.headers.get(SITE, "")
    if site == "same-origin":
        return False  # No page can say so; a proxy in front may have put another `Host`.
    for origin in request.headers.getall("Origin", ()):
        if not _is_same(origin, request.headers.get("Host", "")):
            return True
    if site not in ("cross-site", "same-site"):
        return False
    if request.method not in READS:
        return True
    # A link to here may be followed; what a page embeds or fetches without asking may not.
    return not _is_followed(request) and request.path not in OPEN_PATHS


def _is_followed(request: web.Request) -> bool:
    headers = request.headers
    return (
        headers.get("Sec-Fetch-Mode", "") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def _is_same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    # The scheme itself is not compared: a proxy in front may have taken the TLS off.
    port = _DEFAULT_PORTS.get(parts.scheme)
    if port is None or not parts.netloc:
        return False
    return parts.netloc.removesuffix(port) == host.lower().removesuffix(port)


@lru_cache(maxsize=64)
def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _is_loopback_name(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    """Return a host's name without case, brackets and the dot of the root."""
    return name.lower().removesuffix(".").removeprefix("[").removesuffix("]")
