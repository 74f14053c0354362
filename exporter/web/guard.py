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
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.event.rejection import Code, Refusal
from exporter.web.framing import HOST

OPEN_PATHS = frozenset({"/metrics", "/health", "/-/healthy", "/-/ready"})
"""Answers any `Host` may read: probes and scrapers come under all sorts of names."""

READS = frozenset({"GET", "HEAD"})

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def guard(hosts_allowed: Collection[str]) -> Middleware:
    """Return the middleware; `hosts_allowed` are names, besides the loopback's own, without ports.

    It raises `Refusal` (`forbidden`) for a foreign page and for a `Host` that is not allowed.
    """
    allowed = frozenset(map(_plain, hosts_allowed))

    @lru_cache(maxsize=64)
    def is_ours(host: str, *, on_loopback: bool) -> bool:
        match = HOST.fullmatch(host)
        if match is None:
            return False
        name = _plain(match[1])
        return name in allowed or _is_loopback_name(name) or (not on_loopback and _is_address(name))

    @web.middleware
    async def keep_pages_away(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _is_from_another_page(request):
            raise Refusal(Code.FORBIDDEN, "pages of another origin may not ask")
        on_loopback = _is_on_loopback(request)
        if (
            (on_loopback or allowed)
            and not (request.method in READS and request.path in OPEN_PATHS)
            and not is_ours(request.headers.get("Host", ""), on_loopback=on_loopback)
        ):
            raise Refusal(
                Code.FORBIDDEN,
                "Host is neither a name of this machine nor in web.hosts_allowed",
                path="Host",
            )
        return await handler(request)

    return keep_pages_away


def _is_from_another_page(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "")
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


def _is_on_loopback(request: web.Request) -> bool:
    transport = request.transport
    name = transport.get_extra_info("sockname") if transport is not None else None
    # Where the connection is gone there is nobody to answer, and nothing to let through.
    return name is None or _is_loopback(name[0])


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
