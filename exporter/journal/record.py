"""How a group of batches lies in the journal: records of msgpack, each with its length before it.

What is kept is what the pipeline made of a push, enriched and redacted, never the bytes that came.
A large batch is several records, so that no single encoding holds the interpreter for long.
"""

import struct
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from exporter.event.types import Event
from exporter.journal.journal import Entry

RECORD_EVENTS_MAX = 1_000
"""About 0.5 ms of encoding. A whole number of the pieces in which events are taken in, for a replay
must have the same ones (`exporter.pipeline.turns`)."""

_LENGTH = struct.Struct("<I")


class Record(Struct, array_like=True, omit_defaults=True, gc=False):
    """A batch, or a part of a large one: its arrival in Unix seconds, its events, its key.

    `summary` is an imported summary, encoded, in place of events.
    """

    received_at: float
    events: list[Event]
    idempotency_key: str | None = None
    summary: bytes | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


def pack(entries: Sequence[Entry]) -> bytearray:
    """Return a group of batches as one body."""
    body = bytearray()
    for entry in entries:
        for record in _records(entry):
            encoded = _encode(record)
            body += _LENGTH.pack(len(encoded))
            body += encoded
    return body


def unpack(body: bytes) -> Iterator[Record]:
    """Yield the records of a body; raises `ValueError` where it is not one."""
    position, end = 0, len(body)
    view = memoryview(body)
    while position < end:
        if end - position < _LENGTH.size:
            raise ValueError("a record breaks off")
        (length,) = _LENGTH.unpack_from(body, position)
        position += _LENGTH.size
        if length > end - position:
            raise ValueError("a record breaks off")
        yield _decode(view[position : position + length])
        position += length


def _records(entry: Entry) -> Iterator[Record]:
    events, key = entry.events, entry.idempotency_key
    summary = None if entry.summary is None else _encode(entry.summary)
    yield Record(entry.received_at, list(events[:RECORD_EVENTS_MAX]), key, summary)
    for start in range(RECORD_EVENTS_MAX, len(events), RECORD_EVENTS_MAX):
        yield Record(entry.received_at, list(events[start : start + RECORD_EVENTS_MAX]))
