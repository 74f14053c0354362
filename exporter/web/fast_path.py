"""The fast path: a push that is here whole, and that nothing keeps out, is answered on the spot.

aiohttp makes a request, a task and a response of what it has parsed, and asks the router and the
middlewares; that is 115 us of the 246 that a push of one event took. Most pushes need none of it,
so what the parser made of one is looked at first, in the order in which middlewares are asked:

    plain HTTP/1.1 -> guard -> access -> gate -> the route, its body here and small

Whatever is not plain, or might be refused before its route, goes aiohttp's way and meets the
middlewares. They alone refuse; here is only a shorter way to the yes that they would say as well.
What the route itself answers, refusals included, is the same in every byte.
"""

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import HttpVersion11, StreamReader, hdrs
from aiohttp.http import RawRequestMessage

from exporter.web.access import Access
from exporter.web.body import Bodies
from exporter.web.connection import Sockname
from exporter.web.fast_route import FastRoute
from exporter.web.framing import names_a_host
from exporter.web.guard import Guard
from exporter.web.wire import Wire

LENGTH_DIGITS_MAX = 20
"""What is longer may have zeros before it, by the thousand."""


class PushFastPath:
    """Takes pushes in for `routes`, by path, that `guard`, `access` and `is_open()` would let in.

    Until others get a turn it takes no more of them than one of the largest that a route takes.
    `bodies` says how much all of them may hold, `wire` writes what they are answered.
    """

    def __init__(
        self,
        *,
        guard: Guard,
        access: Access,
        is_open: Callable[[], bool],
        routes: Mapping[str, FastRoute],
        bodies: Bodies,
        wire: Wire,
    ) -> None:
        self._guard = guard
        self._access = access
        self._is_open = is_open
        self._routes = routes
        self._bodies = bodies
        self._wire = wire
        self._left_ratio = 1.0

    def may_take(
        self, message: RawRequestMessage, payload: StreamReader, sockname: Sockname
    ) -> bool:
        """Return whether a request to an address of ours is one to be taken here."""
        route = self._routes.get(message.path)
        return (
            route is not None
            and _is_plain(message)
            and self._guard.lets_in(message.headers, sockname)
            and self._access.lets_anybody_in
            and self._is_open()
            and message.headers.get(hdrs.CONTENT_TYPE) in route.media_types
            and self._has_room(message, payload, route)
        )

    def take(
        self, message: RawRequestMessage, payload: StreamReader, tell: Callable[[bytes], None]
    ) -> None:
        """Take a push in; its answer, head and body, is told at once or once it is committed."""
        if self._left_ratio == 1.0:
            asyncio.get_running_loop().call_soon(self._begin_turn)
        body = payload.read_nowait()
        route = self._routes[message.path]
        self._left_ratio -= len(body) / route.bytes_max
        route.take(message.headers, body, lambda reply: tell(self._wire.written(reply)))

    def _has_room(
        self, message: RawRequestMessage, payload: StreamReader, route: FastRoute
    ) -> bool:
        """Return whether the body is here, small, and may be held and decoded now."""
        if not payload.is_eof() or payload.exception() is not None:
            return False
        length = message.headers.get(hdrs.CONTENT_LENGTH, "0")
        if len(length) > LENGTH_DIGITS_MAX:
            return False
        size_bytes = int(length)
        return size_bytes / route.bytes_max <= self._left_ratio and self._bodies.has_room(
            size_bytes
        )

    def _begin_turn(self) -> None:
        self._left_ratio = 1.0


def _is_plain(message: RawRequestMessage) -> bool:
    """Return whether a request has one meaning only, and nothing to be done but to answer it."""
    headers = message.headers
    return (
        message.method == hdrs.METH_POST
        and message.version == HttpVersion11
        and not (message.should_close or message.chunked or message.upgrade)
        and hdrs.TRANSFER_ENCODING not in headers
        and hdrs.CONTENT_ENCODING not in headers
        and hdrs.EXPECT not in headers
        and names_a_host(headers)
    )
