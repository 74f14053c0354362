"""One connection: aiohttp's protocol, with our answer to what it cannot parse, and bounded waits.

Where aiohttp's parser gives up, no route and no middleware is asked. Left to itself aiohttp then
answers with the bytes it stumbled on and logs a traceback that holds them as well, though they may
be a secret; and it waits without end for a client that does not read its answer.

What is ugly: attributes that aiohttp calls its own are read here, and some are set. It tells nobody
when a request begins or ends; `idle` looks at what its keep-alive timer looks at. aiohttp's task
waits for requests on a future. While a push is on the fast path that future is put away, so that
the connection is busy in the eyes of aiohttp, and what comes meanwhile waits its turn.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, cast

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage

from exporter.fault import whereabouts
from exporter.web.headers import EVERY_ANSWER
from exporter.web.problem import Problem, problem

LINGER_SECS = 5
"""How long what a client still sends is read and ignored after it was refused.

Closing at once would reset the connection, and the client might never see why."""

READ_BYTES = 40 * 1024
"""aiohttp reads on until it holds twice as much of a body that nobody takes, on each connection. A
larger one is never here whole, and so never on the fast path; 100 log records in protobuf are."""

STALL_SECS_MAX = 30
"""How long a client may leave its answer unread."""

Sockname = str | tuple[Any, ...] | None
"""The address of ours that a connection came to; `None` once it is gone."""

log = logging.getLogger(__name__)


class FastPath(Protocol):
    """Answers requests that are here whole, without aiohttp's making a task of each."""

    def may_take(
        self, message: RawRequestMessage, payload: StreamReader, sockname: Sockname
    ) -> bool:
        """Return whether it takes a request that came to an address of ours."""
        ...

    def take(
        self, message: RawRequestMessage, payload: StreamReader, tell: Callable[[bytes], None]
    ) -> None:
        """Take a request; its answer, head and body, is told once, at once or later."""
        ...


class Connection(web.RequestHandler):
    """Reads requests and writes answers, for aiohttp's `manager`.

    `header_secs` is what the headers of a request may take, and how long the connection is kept
    between requests: aiohttp has one setting for both. `began` is told of each request, `lost` of
    the end of the connection. What `fast_path` takes never comes to aiohttp's task.
    """

    __slots__ = ("_began", "_fast_path", "_link", "_lost", "_put_away", "_stalled")

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        header_secs: float,
        began: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
        fast_path: FastPath | None = None,
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
        self._fast_path = fast_path
        self._put_away: asyncio.Future[None] | None = None
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
        if self._put_away is not None:
            self._put_away.cancel()
        self._link = None
        self._stop_waiting()
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        requests = self._request_count
        waiter, self._waiter = self._waiter, None
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if self._request_count != requests:
            self._began(self)
            self._break_off_body()
            self._go_on()

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

    def _go_on(self) -> None:
        """Have what has come answered, on the fast path or by aiohttp's task, if that waits."""
        waiter = self._waiter
        if waiter is None or waiter.done() or not self._messages:
            return
        message, payload = self._messages[0]
        if (
            self._fast_path is None
            or len(self._messages) > 1
            or self._closes
            or self._paused
            or self._reading_paused
            or not isinstance(message, RawRequestMessage)
            or not self._fast_path.may_take(message, payload, self.sockname)
        ):
            waiter.set_result(None)
            return
        self._messages.clear()
        if self._parser is not None:
            self._parser.message_consumed()
        self._put_away, self._waiter = waiter, None
        self._fast_path.take(message, payload, self._answer)

    def _answer(self, answer: bytes) -> None:
        """Write the answer to what went the fast path, and have aiohttp's task wait again."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(answer)
        waiter, self._put_away = self._put_away, None
        if waiter is None or waiter.done():
            return
        if self._closes:
            waiter.cancel()
            if self.transport is not None:
                self.transport.close()
            return
        self._waiter = waiter
        self._keep_alive()
        self._go_on()

    @property
    def _closes(self) -> bool:
        return self._close or self._force_close

    def _keep_alive(self) -> None:
        """Wait for the next request as long as aiohttp does after its own answers."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )

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
