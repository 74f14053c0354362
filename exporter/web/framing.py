"""Requests that aiohttp's parsers let through, though another reader may see something else there.

Where two readers of one connection disagree on where a request ends or whom it is for, a request
can be hidden inside another. So what has more than one meaning is refused, before any route is
looked for. aiohttp has two parsers, one of them only where its extension cannot be installed; this
is stricter than either.
"""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web
from multidict import CIMultiDictProxy

from exporter.web.connection import malformed
from exporter.web.problem import http_problem

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:,\[\]/?#@]+)(?::[0-9]*)?")
"""What `Host` may hold: a name or an address, and perhaps a port."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def strictly(handler: Handler) -> Handler:
    """Return a handler that takes proper requests only, and whose errors are problems too.

    Unlike a middleware it also sees what fails before middlewares are asked, as an expectation.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if not _is_proper(request):
            return malformed(request)
        try:
            return await handler(request)
        except web.HTTPException as error:
            return http_problem(error)

    return handle


def _is_proper(request: web.BaseRequest) -> bool:
    if request.version not in (HttpVersion10, HttpVersion11):
        return False
    if "Transfer-Encoding" in request.headers and not _is_chunked(request):
        return False
    return _names_one_host(request)


def _is_chunked(request: web.BaseRequest) -> bool:
    codings = request.headers.getall("Transfer-Encoding")
    return [coding.lower() for coding in codings] == ["chunked"] and (
        request.version == HttpVersion11
    )


def names_a_host(headers: CIMultiDictProxy[str]) -> bool:
    """Return whether headers name one host, and one that can be meant."""
    hosts = headers.getall(hdrs.HOST, ())
    return len(hosts) == 1 and HOST.fullmatch(hosts[0]) is not None


def _names_one_host(request: web.BaseRequest) -> bool:
    hosts = request.headers.getall("Host", [])
    if len(hosts) > 1 or (not hosts and request.version == HttpVersion11):
        return False
    if hosts and hosts[0] and not HOST.fullmatch(hosts[0]):
        return False
    target = request.raw_path
    if target.startswith("/") or target == "*":
        return True
    try:
        return hosts == [urlsplit(target).netloc]
    except ValueError:
        return False
