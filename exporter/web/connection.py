"""One connection: aiohttp's protocol, with our answer to what it cannot parse, and bounded waits.

Where aiohttp's parser gives up, no route and no middleware is asked. Left to itself aiohttp then
answers with the bytes it stumbled on and logs a traceback that holds them as well, though they may
be a secret; and it waits without end for a client that does not read its answer.

What is ugly: attributes that aiohttp calls its own are read here. It tells nobody when a request
begins or ends; `idle` looks at what its keep-alive timer looks at.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from aiohttp import HttpVersion11, web

from exporter.fault import whereabouts
from exporter.web.headers import EVERY_ANSWER
from exporter.web.problem import Problem, problem

LINGER_SECS = 5
"""How long what a client still sends is read and ignored after it was refused.

Closing at once would reset the connection, and the client might never see why."""

READ_BYTES = 32 * 1024
"""aiohttp reads on until it holds twice as much of a body that nobody takes."""

STALL_SECS_MAX = 30
"""How long a client may leave its answer unread."""

log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """Reads requests and writes answers, for aiohttp's `manager`.

    `header_secs` is what the headers of a request may take, and how long the connection is kept
    between requests: aiohttp has one setting for both. `began` is told of each request, `lost` of
    the end of the connection.
    """

    __slots__ = ("_began", "_link", "_lost", "_stalled")

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        header_secs: float,
        began: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=header_secs,
            lingering_time=LINGER_SECS,
            read_bufsize=READ_BYTES,
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type] # how aiohttp itself says that there is none
        )
        self._began = began
        self._lost = lost
        self._link: asyncio.Transport | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is being answered: none has come yet, or the last one is done."""
        if self._task_handler is None or self._task_handler.done():
            return True
        return self._waiter is not None and not self._waiter.done()

    def drop(self) -> None:
        """Close the connection at once, whatever is still to be sent."""
        if self._link is not None:
            self._link.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        super().connection_made(transport)
        # Kept, because aiohttp lets go of it when it closes, and a close waits for the reader.
        self._link = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of everything."""
        super().connection_lost(exc)
        self._link = None
        self._stop_waiting()
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            self._began(self)
            self._break_off_body()

    def pause_writing(self) -> None:
        """Wait for the reader, but not for ever."""
        super().pause_writing()
        self._stalled = self._loop.call_later(STALL_SECS_MAX, self.drop)

    def resume_writing(self) -> None:
        """Go on: the reader has read."""
        super().resume_writing()
        self._stop_waiting()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Return the answer to what could not be parsed, or to a fault of ours; then close.

        Raises `ConnectionError` where half an answer is out already.
        """
        if request.writer.output_size > 0:
            raise ConnectionError
        if status < 500:  # noqa: PLR2004 - the first of the server's own errors
            return malformed(request)
        fields = whereabouts(exc) if exc is not None else {}
        log.error("a request could not be answered", extra={"fields": fields})
        return _last(Problem("internal server error", 500, "internal_error"))

    def _break_off_body(self) -> None:
        """Fail the body that is being read, where what came can be no part of it.

        Nothing follows a body before its end, unless it is the parser's giving up. aiohttp would
        answer that once the body is read, which then waits for what can no longer come.
        """
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError())
            request.content.feed_eof()
            self.close()

    def _stop_waiting(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def malformed(request: web.BaseRequest) -> web.Response:
    """Return the answer to what is no proper HTTP, after which nothing more can be read.

    It is in our version: the one that was asked in may be none.
    """
    # aiohttp answers in the version of the request, which it remembers here once it was read.
    request._cache["version"] = HttpVersion11  # noqa: SLF001 - it cannot be told otherwise
    return _last(Problem("malformed request", 400, "malformed_request"))


def _last(document: Problem) -> web.Response:
    response = problem(document, headers={**EVERY_ANSWER, "Connection": "close"})
    response.force_close()
    return response
