"""The body of a push: read within its limits of size, of time, and of what all pushes may hold.

A body that is not small needs a place to be read, and while it waits for one nothing more of it is
taken from the wire. So a crowd of large ones is held by the kernel, and by those who send.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from exporter.decode.content import too_large
from exporter.event.rejection import Code, Refusal

RETRY_AFTER_SECS = 1

LARGE_BYTES = 64 * 1024
"""Up to here a body needs no place, so that few who send slowly cannot keep out most who push."""

LARGE_AT_ONCE_MAX = 64

BROKEN_OFF = (ConnectionError, PayloadEncodingError, web.RequestPayloadError)


class Bodies:
    """Reads bodies; `held_bytes_max` bounds what all of them that are held may hold.

    `bytes_max` bounds one body, as it comes over the wire; `timeout_secs` is what it may take,
    waiting for a place included.
    """

    def __init__(self, *, bytes_max: int, held_bytes_max: int, timeout_secs: float) -> None:
        self.bytes_max = bytes_max
        self.held_bytes_max = held_bytes_max
        self.timeout_secs = timeout_secs
        self._held_bytes = 0
        self._places = asyncio.Semaphore(LARGE_AT_ONCE_MAX)

    def check_length(self, request: web.Request) -> None:
        """Raise `Refusal` (`too_large`) where the length that is announced is over the limit."""
        if (request.content_length or 0) > self.bytes_max:
            raise too_large(self.bytes_max)

    def has_room(self, size_bytes: int) -> bool:
        """Return whether a body of this size would be held."""
        held_bytes = self._held_bytes
        return size_bytes <= self.bytes_max and (
            not held_bytes or held_bytes + size_bytes <= self.held_bytes_max
        )

    def read(self, request: web.Request) -> AbstractAsyncContextManager[bytes]:
        """Return the body of a request, still packed; it counts as held until it is let go of.

        Entering raises `Refusal`: `too_large` as soon as that is known, `queue_full` where the
        bodies that are held hold too much already or too many large ones are being read, `timeout`
        where it does not come in time, `truncated` where it breaks off.
        """
        return _Held(self, request)

    @contextmanager
    def holding(self, size_bytes: int) -> Iterator[None]:
        """Count a body that was read already as held. Raises `Refusal` (`queue_full`)."""
        if not self.has_room(size_bytes):
            raise _too_much()
        self._held_bytes += size_bytes
        try:
            yield
        finally:
            self._held_bytes -= size_bytes

    async def whole(self, body: "_Body") -> bytes:
        """Return all of a body, which counts as held from here on. Raises as `read`."""
        self.check_length(body.request)
        content = body.request.content
        if content.is_eof() and content.exception() is None:
            # It came with its headers, as most do. No timer, no generator: 12 us a push less.
            piece = content.read_nowait()
            self._hold(body, piece)
            return piece
        try:
            async with asyncio.timeout(self.timeout_secs):
                return await self._read(body)
        except TimeoutError:
            if body.waits:
                raise _too_much() from None
            raise Refusal(Code.TIMEOUT, "the body did not arrive in time") from None
        except HTTPRequestEntityTooLarge:
            raise too_large(self.bytes_max) from None
        except BROKEN_OFF:
            raise Refusal(Code.TRUNCATED, "the body breaks off") from None

    def let_go(self, body: "_Body") -> None:
        """Let go of what is held of a body."""
        self._held_bytes -= body.size_bytes

    async def _read(self, body: "_Body") -> bytes:
        pieces: list[bytes] = []
        placed = False
        try:
            while True:
                if body.large and not placed:
                    await self._place(body)
                    placed = True
                piece = await body.request.content.readany()
                if not piece:
                    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
                self._hold(body, piece)
                pieces.append(piece)
        finally:
            if placed:
                self._places.release()

    async def _place(self, body: "_Body") -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        transport = body.request.transport
        if transport is None:
            raise ConnectionError
        body.waits = True
        transport.pause_reading()
        await self._places.acquire()
        body.waits = False
        # Not where it waits in vain: then nothing more of it is to be held, not even for a moment.
        if not transport.is_closing():
            transport.resume_reading()

    def _hold(self, body: "_Body", piece: bytes) -> None:
        if body.size_bytes + len(piece) > self.bytes_max:
            raise too_large(self.bytes_max)
        if self._held_bytes and self._held_bytes + len(piece) > self.held_bytes_max:
            raise _too_much()
        self._held_bytes += len(piece)
        body.size_bytes += len(piece)


class _Body:
    """One body: how much of it is held, and whether it waits for its place."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.size_bytes = 0
        self.waits = False

    @property
    def large(self) -> bool:
        """Whether it needs a place: it is not small, and not all of it has come."""
        size_bytes = max(self.size_bytes, self.request.content_length or 0)
        return size_bytes > LARGE_BYTES and not self.request.content.is_eof()


class _Held:
    """Holds a body as long as it is needed."""

    def __init__(self, bodies: Bodies, request: web.Request) -> None:
        self._bodies = bodies
        self._body = _Body(request)

    async def __aenter__(self) -> bytes:
        try:
            return await self._bodies.whole(self._body)
        except BaseException:
            self._bodies.let_go(self._body)
            raise

    async def __aexit__(self, *_raised: object) -> None:
        self._bodies.let_go(self._body)


def _too_much() -> Refusal:
    return Refusal(Code.QUEUE_FULL, "too much is coming in", retry_after_secs=RETRY_AFTER_SECS)
