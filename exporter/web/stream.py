"""`GET /api/v1/stream`: the event ring live, as server-sent events.

A reader holds nothing but its place in the ring. In rounds it takes what the ring has after that
place, a chunk at a time, sends it, and waits for news. So a slow reader costs one chunk, whatever
happens meanwhile; what left the ring before it came round is told to it as a gap. The ring never
waits for a reader, and does not know of any.

What is ugly: aiohttp does not tell a handler that its client went away until the handler writes,
so a reader that is gone keeps its place among the streams until its next round. Places are
therefore counted by who is still connected.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, get_args

import msgspec
from aiohttp import web

from exporter.event.rejection import Code, Refusal
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import Level
from exporter.store.answers import RingEvent
from exporter.web.query import choice, integer

CHUNK_BYTES = 64 * 1024

STREAMS_MAX = 100
HEARTBEAT_SECS = 15.0
WRITE_SECS_MAX = 10.0

ROUND_SECS = 0.1
"""The least time between two rounds of one reader, so that a flood of events costs each reader ten
rounds a second and not the whole event loop; a person reads no faster."""

RETRY_SECS = 5

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    # Or nginx would hold the events back until it has a buffer full of them.
    "X-Accel-Buffering": "no",
}

_RETRY = f"retry: {RETRY_SECS * 1000}\n\n".encode()
_RESTART = b"event: restart\ndata: {}\n\n"

Matches = Callable[[RingEvent], bool]


class Ring(Protocol):
    """The part of the store that is read here."""

    def events_after(self, seq: int) -> list[RingEvent]:
        """Return the events numbered above `seq`, the oldest first."""
        ...


class Gap(msgspec.Struct):
    """Events that left the ring unread: the numbers of the first and the last."""

    first: int
    last: int


class StreamRoute:
    """Serves the ring to at most `streams_max` readers.

    `wake` must be called when events were added, `end_all` when who may read has changed, `close`
    first thing when the exporter stops. The times are those of the constants above.
    """

    def __init__(
        self,
        *,
        store: Ring,
        streams_max: int = STREAMS_MAX,
        heartbeat_secs: float = HEARTBEAT_SECS,
        write_secs_max: float = WRITE_SECS_MAX,
        round_secs: float = ROUND_SECS,
    ) -> None:
        self._store = store
        self._streams_max = streams_max
        self._heartbeat_secs = heartbeat_secs
        self._write_secs_max = write_secs_max
        self._round_secs = round_secs
        self._open: set[asyncio.Transport] = set()
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._closed = False

    def add_to(self, app: web.Application) -> None:
        """Serve the route from this application."""
        app.router.add_get("/api/v1/stream", self.handle, allow_head=False)

    def wake(self) -> None:
        """Let every reader that waits look at the ring; costs next to nothing without readers."""
        if self._open:
            self._news.set()
            self._news = asyncio.Event()

    def close(self) -> None:
        """End every stream now, and take no more."""
        self._closed = True
        self.end_all()

    def end_all(self) -> None:
        """End every stream now; whoever still may read asks again."""
        self._ended.set()
        self._ended = asyncio.Event()
        self.wake()
        for transport in self._open:
            # Who has not read what was sent would hold the end up with the rest of it.
            if transport.get_write_buffer_size():
                transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Stream until the reader goes, stops reading, or is ended."""
        ended = self._ended
        matches = _filter(request)
        after = _place(request)
        self._admit()
        response = web.StreamResponse(headers=HEADERS)
        transport = request.transport
        if transport is None:
            return response  # The reader has gone already.
        self._open.add(transport)
        try:
            await response.prepare(request)
            await self._follow(response, after, matches, ended)
            # The connection is as old as the word by which it came in.
            response.force_close()
        except TimeoutError:
            transport.abort()
        except ConnectionError:
            pass  # The reader has gone, as readers do.
        finally:
            self._open.discard(transport)
        return response

    def _admit(self) -> None:
        if self._closed:
            raise Refusal(Code.NOT_ACCEPTING, "stopping", retry_after_secs=RETRY_SECS)
        connected = sum(not transport.is_closing() for transport in self._open)
        if connected >= self._streams_max:
            raise Refusal(
                Code.RATE_LIMITED, "too many streams are open", retry_after_secs=RETRY_SECS
            )

    async def _follow(
        self,
        response: web.StreamResponse,
        after: int | None,
        matches: Matches,
        ended: asyncio.Event,
    ) -> None:
        newest = self._newest()
        place = newest if after is None else after
        greeting = _RETRY
        if place > newest:
            # Numbers the ring has not reached are of an earlier ring, which did not survive.
            place, greeting = 0, _RETRY + _RESTART
        await self._write(response, greeting)
        while not ended.is_set():
            news = self._news
            chunk, place, whole = self._chunk(place, matches)
            if chunk:
                await self._write(response, chunk)
            await _within(self._round_secs, ended)
            if whole and not await _within(self._heartbeat_secs, news):
                await self._write(response, _heartbeat(place))

    def _newest(self) -> int:
        events = self._store.events_after(0)
        return events[-1].seq if events else 0

    def _chunk(self, place: int, matches: Matches) -> tuple[bytes, int, bool]:
        """Return what to send next, the place after it, and whether the ring holds no more."""
        frames = bytearray()
        for event in self._store.events_after(place):
            if len(frames) >= CHUNK_BYTES:
                return bytes(frames), place, False
            if event.seq > place + 1:
                frames += _frame("gap", event.seq - 1, Gap(place + 1, event.seq - 1))
            place = event.seq
            if matches(event):
                frames += _frame("event", place, event)
        return bytes(frames), place, True

    async def _write(self, response: web.StreamResponse, chunk: bytes) -> None:
        """Send, or raise `TimeoutError` where the reader does not read."""
        async with asyncio.timeout(self._write_secs_max):
            await response.write(chunk)


def _heartbeat(place: int) -> bytes:
    """Return what says that the stream lives, and where it is.

    The number alone is no event to a reader, but it is where it would go on: what did not match
    its filter must not look like a gap to it.
    """
    return b": still here\nid: %d\n\n" % place


def _frame(name: str, seq: int, data: RingEvent | Gap) -> bytes:
    # JSON holds no line end, which would end the data.
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name.encode(), msgspec.json.encode(data))


def _filter(request: web.Request) -> Matches:
    levels: tuple[Level, ...] = get_args(Level)
    level = choice(request, "level", levels, None)
    source = request.query.get("source")
    return lambda event: (
        (level is None or event.level == level) and (source is None or event.source == source)
    )


def _place(request: web.Request) -> int | None:
    """Return the number after which to begin, or `None` for what is yet to come.

    A browser that lost the stream asks for the same address, and adds the header: it is newer.
    """
    after = integer(request, "after", default=-1, minimum=0, maximum=COUNT_MAX)
    last_seen = request.headers.get("Last-Event-ID", "")
    if not last_seen:
        return after if after >= 0 else None
    if last_seen.isascii() and last_seen.isdigit() and len(last_seen) <= len(str(COUNT_MAX)):
        return int(last_seen)
    raise Refusal(Code.INVALID_PARAMETER, "Last-Event-ID must be a number", path="Last-Event-ID")


async def _within(secs: float, event: asyncio.Event) -> bool:
    """Return whether the event came within so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(secs):
            return await event.wait()
    return False
