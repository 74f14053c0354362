"""What every push goes through, whatever it carries: read, unpacked, decoded, offered, counted."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from exporter.clock import Clock
from exporter.decode.content import unpack
from exporter.event.rejection import Code, Refusal
from exporter.pipeline.batch import Batch, Receipt
from exporter.pipeline.intake import Intake
from exporter.pipeline.tally import Tally
from exporter.web.body import Bodies
from exporter.web.problem import STATUS, Problem, Refused, problem

LARGE_BYTES = 256 * 1024
"""From here on a body of events is decoded in a thread, so that others are not kept waiting.

Below, it holds the event loop for a few milliseconds at the most."""

LARGE_PACKED_BYTES = 4 * 1024
UNPACKED_BYTES_MAX = 64 * 1024
"""Up to here a body is unpacked on the event loop, if it becomes no longer than that."""

CLIENT_GONE = 499
"""What a push counts as whose client went away before it could be answered."""

D = TypeVar("D")
T = TypeVar("T")

Push = Callable[[web.Request], Awaitable[web.Response]]
"""Takes a push in and answers it; raises `Refusal`."""


class Reception:
    """Receives pushes for the routes that take them. `answered` counts by route and status code.

    `observe` is told how many seconds each push took.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        tally: Tally,
        clock: Clock,
        observe: Callable[[float], None],
        bodies: Bodies,
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._observe = observe
        self._bodies = bodies
        self._one_at_a_time = asyncio.Lock()
        self._one_large_at_a_time = asyncio.Lock()
        self.tally = tally
        self.answered: Counter[tuple[str, str]] = Counter()

    def now(self) -> float:
        """Return the instant at which what is received now arrives, in Unix seconds."""
        return self._clock.now()

    async def answer(
        self, request: web.Request, route: str, push: Push, refused: Refused
    ) -> web.Response:
        """Answer one push, and count what became of it."""
        began = self.begin()
        status = CLIENT_GONE
        try:
            response = await push(request)
            status = response.status
        except Refusal as refusal:
            self.tally.rejections[refusal.code] += 1
            response = refused(request, refusal)
            status = response.status
        except Exception:
            status = STATUS[Code.INTERNAL_ERROR]
            raise
        finally:
            self.end(route, status, began)
        return response

    def begin(self) -> float:
        """Return when a push began, for `end`."""
        return self._clock.monotonic()

    def end(self, route: str, status: int, began: float) -> None:
        """Count a push that is answered."""
        self.answered[route, str(status)] += 1
        self._observe(self._clock.monotonic() - began)

    async def decoded(
        self,
        request: web.Request,
        decode: Callable[[bytes], D],
        *,
        large_bytes: int = LARGE_BYTES,
        at_once: Callable[[bytes], D | None] | None = None,
    ) -> tuple[D, int]:
        """Return what the body holds and how large it is; the body itself is let go of.

        A body of `large_bytes` is decoded in a thread, one at a time, and so is one that `at_once`
        returns `None` for. Others get a turn between any two of the rest: many that come at once
        must not add up.
        """
        encoding = ",".join(request.headers.getall("Content-Encoding", ())) or None
        async with self._bodies.read(request) as body:

            def decode_body() -> tuple[D, int]:
                content = unpack(body, encoding, bytes_max=self._bodies.bytes_max)
                return decode(content), len(content)

            small = self._unpacked_small(body, encoding) if encoding else body
            if small is not None and len(small) < large_bytes:
                async with self._one_at_a_time:
                    content = decode(small) if at_once is None else at_once(small)
                    await asyncio.sleep(0)  # The next one to decode waits for the lock.
                if content is not None:
                    return content, len(small)
            return await self._in_thread(decode_body)

    async def decoded_in_thread(self, body: bytes, decode: Callable[[bytes], D]) -> D:
        """Return what a body holds that is here whole, not packed, but is not decoded at once."""
        with self._bodies.holding(len(body)):
            return await self._in_thread(lambda: decode(body))

    async def _in_thread(self, decode_body: Callable[[], T]) -> T:
        async with self._one_large_at_a_time:
            return await asyncio.to_thread(decode_body)

    def _unpacked_small(self, body: bytes, encoding: str) -> bytes | None:
        """Return what a small body is unpacked; `None` where it is not small, packed or unpacked.

        Raises `Refusal`.
        """
        if len(body) >= LARGE_PACKED_BYTES:
            return None
        try:
            return unpack(body, encoding, bytes_max=min(UNPACKED_BYTES_MAX, self._bodies.bytes_max))
        except Refusal as refusal:
            if refusal.code is Code.TOO_LARGE:
                return None
            raise

    def offer(self, batch: Batch) -> asyncio.Future[Receipt]:
        """Have a batch written; what comes of it is its receipt. Raises `Refusal`, as that does."""
        return self._intake.offer(batch)

    async def invite(
        self,
        request: web.Request,
        route: str,
        check: Callable[[web.Request], object],
        refused: Refused,
    ) -> web.StreamResponse | None:
        """Say `100 Continue` to a push that may come; `check` raises `Refusal` where it may not."""
        if request.headers.get("Expect", "").lower() != "100-continue":
            return problem(Problem("expectation failed", 417, "expectation_failed"))
        try:
            check(request)
            self._bodies.check_length(request)
        except Refusal as refusal:
            self.tally.rejections[refusal.code] += 1
            response = refused(request, refusal)
            self.answered[route, str(response.status)] += 1
            return response
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None
