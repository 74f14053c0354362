"""Answers as the bytes that aiohttp would write, head and body, on a connection that goes on.

To have aiohttp write one takes 30 us; here the head of the usual one is kept as long as the date in
it holds. A test holds both equal, byte for byte.
"""

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import NamedTuple

from aiohttp import hdrs, web
from multidict import CIMultiDict

from exporter.clock import Clock
from exporter.web.headers import EVERY_ANSWER


class Success(NamedTuple):
    """The body of a 200, and its type."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200

    def response(self) -> web.Response:
        """Return it as aiohttp has it."""
        return web.Response(body=self.body, content_type=self.content_type)


Reply = Success | web.Response
"""An answer to a push."""

LENGTH = "{}"
"""Where the length belongs in a head that is kept; no header before it holds this."""


class Wire:
    """Writes answers that carry the headers that `configured` returns."""

    def __init__(self, *, configured: Callable[[], Mapping[str, str]], clock: Clock) -> None:
        self._configured = configured
        self._clock = clock
        self._second = -1
        self._headers: Mapping[str, str] = {}
        self._kept: dict[str, tuple[bytes, bytes]] = {}

    def written(self, reply: Reply) -> bytes:
        """Return all of an answer."""
        second, headers = int(self._clock.now()), self._configured()
        if second != self._second or headers is not self._headers:
            self._second, self._headers = second, headers
            self._kept.clear()
        if isinstance(reply, Success):
            before, after = self._kept.get(reply.content_type) or self._keep(reply)
            return b"%b%d%b%b" % (before, len(reply.body), after, reply.body)
        body = reply.body if isinstance(reply.body, bytes) else b""
        return self._head(reply, str(len(body))) + body

    def _keep(self, reply: Success) -> tuple[bytes, bytes]:
        """Return the head of all successes of a type, which is kept: around the length."""
        before, _, after = self._head(reply.response(), LENGTH).partition(LENGTH.encode())
        self._kept[reply.content_type] = before, after
        return before, after

    def _head(self, response: web.Response, length: str) -> bytes:
        """Return the head of an answer with its headers in aiohttp's order and form."""
        headers: CIMultiDict[str] = CIMultiDict(response.headers)
        headers[hdrs.CONTENT_LENGTH] = length
        headers[hdrs.DATE] = formatdate(self._second, usegmt=True)
        headers[hdrs.SERVER] = ""
        headers.update(self._headers)
        headers.update(EVERY_ANSWER)
        lines = [f"HTTP/1.1 {response.status} {response.reason}", *map(": ".join, headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()
