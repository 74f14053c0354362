"""The body of a push: read within its limits of size, of time, and of what all pushes may hold."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from exporter.decode.content import too_large
from exporter.event.rejection import Code, Refusal

RETRY_AFTER_SECS = 1

BROKEN_OFF = (ConnectionError, PayloadEncodingError, web.RequestPayloadError)


class Bodies:
    """Reads bodies; `held_bytes_max` bounds what all of them that are being read may hold.

    `bytes_max` bounds one body, as it comes over the wire; `timeout_secs` is what it may take.
    """

    def __init__(self, *, bytes_max: int, held_bytes_max: int, timeout_secs: float) -> None:
        self.bytes_max = bytes_max
        self.held_bytes_max = held_bytes_max
        self.timeout_secs = timeout_secs
        self._held_bytes = 0

    def check_length(self, request: web.Request) -> None:
        """Raise `Refusal` (`too_large`) where the length that is announced is over the limit."""
        if (request.content_length or 0) > self.bytes_max:
            raise too_large(self.bytes_max)

    async def read(self, request: web.Request) -> bytes:
        """Return the body of a request, still packed.

        Raises `Refusal`: `too_large` as soon as that is known, `queue_full` where the bodies being
        read hold too much already, `timeout` where it does not come in time, `truncated` where it
        breaks off.
        """
        self.check_length(request)
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(self.timeout_secs):
                await self._read_into(pieces, request)
        except TimeoutError:
            raise Refusal(Code.TIMEOUT, "the body did not arrive in time") from None
        except HTTPRequestEntityTooLarge:
            raise too_large(self.bytes_max) from None
        except BROKEN_OFF:
            raise Refusal(Code.TRUNCATED, "the body breaks off") from None
        finally:
            self._held_bytes -= sum(map(len, pieces))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _read_into(self, pieces: list[bytes], request: web.Request) -> None:
        size_bytes = 0
        while piece := await request.content.readany():
            size_bytes += len(piece)
            if size_bytes > self.bytes_max:
                raise too_large(self.bytes_max)
            if self._held_bytes and self._held_bytes + len(piece) > self.held_bytes_max:
                raise Refusal(
                    Code.QUEUE_FULL, "too much is coming in", retry_after_secs=RETRY_AFTER_SECS
                )
            self._held_bytes += len(piece)
            pieces.append(piece)
