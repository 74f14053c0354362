"""What was counted before, as bytes and back: what a snapshot keeps of keys, ids and totals.

Keys age by the monotonic clock, which another process need not share. So they are kept with the
wall clock's time, and come back as old as that says, though never from the future.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from exporter.clock import Clock
from exporter.pipeline.cumulative import Total, Totals
from exporter.pipeline.dedupe import Dedupe, Remembered

PREFIX: Final = "dedupe/"
KEYS_PER_PART: Final = 4_000
"""About 3 ms of work."""

TOTALS: Final = f"{PREFIX}totals"
FORGOTTEN: Final = f"{PREFIX}totals_forgotten_at"

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[tuple[str, float]])
_totals_decoder = msgspec.msgpack.Decoder(list[tuple[str, Total]])
_forgotten_decoder = msgspec.msgpack.Decoder(float)


def save(dedupe: Dedupe, clock: Clock) -> Iterator[tuple[str, bytes]]:
    """Yield what is remembered, part by part: a name and msgpack. Nothing may be added between."""
    for name, remembered in _tables(dedupe).items():
        seen = remembered.seen()
        ahead = clock.now() - clock.monotonic()
        while piece := [(key, at + ahead) for key, at in islice(seen, KEYS_PER_PART)]:
            yield f"{PREFIX}{name}", _encode(piece)
    yield FORGOTTEN, _encode(dedupe.totals.forgotten_at)
    last = dedupe.totals.all()
    while totals := list(islice(last, KEYS_PER_PART)):
        yield TOTALS, _encode(totals)


def restore(dedupe: Dedupe, parts: Iterable[tuple[str, bytes]], clock: Clock) -> None:
    """Remember again. Parts of others are passed over; `ValueError` where one cannot be read."""
    tables = _tables(dedupe)
    for name, body in parts:
        _restore_totals(dedupe.totals, name, body)
        remembered = tables.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if remembered is None:
            continue
        for key, at in _decoder.decode(body):
            remembered.add(key, monotonic(at, clock))


def _restore_totals(totals: Totals, name: str, body: bytes) -> None:
    if name == FORGOTTEN:
        totals.forgotten_at = _forgotten_decoder.decode(body)
    elif name == TOTALS:
        for stream, total in _totals_decoder.decode(body):
            totals.put(stream, total)


def monotonic(at: float, clock: Clock) -> float:
    """Return what the monotonic clock would have shown at the Unix second `at`, at most now."""
    return clock.monotonic() - max(0.0, clock.now() - at)


def _tables(dedupe: Dedupe) -> dict[str, Remembered]:
    return {"keys": dedupe.keys, "ids": dedupe.ids}
