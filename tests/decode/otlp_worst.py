"""The exports that take the most memory for their size, found by trying.

`python -m tests.decode.otlp_worst NAME` decodes one, and prints what came of it and how many bytes
of memory that took at most. It is a process of its own because protobuf's memory is its own, too.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exporter.decode.otlp import Encoding
from exporter.decode.otlp_json import MARKS_MAX
from exporter.decode.otlp_json_lenient import BODY_MARKS_MAX, ITEM_MARKS_MAX
from exporter.decode.otlp_wire import MESSAGES_MAX
from exporter.event.rejection import Code, Refusal
from tests.decode.otlp_bodies import LOGS, METRICS, TRACES, Signal

BODY_BYTES = 1 << 24
RECORDS_MAX = 50_000

TAKEN = "taken"

_LOGS = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%b]}]}]}'
_SPANS = b'{"resourceSpans":[{"scopeSpans":[{"spans":[%b]}]}]}'
_ATTRIBUTES = _LOGS % b'{"attributes":[%b]}'
_LIST = _ATTRIBUTES % b'{"key":"a","value":{"arrayValue":{"values":[%b]}}}'
_POINTS = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[%b]}}]}]}]}'
_ODD = b'{"key":1},'
_NESTED = b'{"a":' * 200 + b"0" + b"}" * 200
_RECORDS = (1, 2, 2)
"""The fields, from the outermost in, that lead to a record."""


class Worst(NamedTuple):
    """An export, and what comes of it."""

    outcome: str
    signal: Signal
    encoding: Encoding
    body: Callable[[], bytes]


def filled(form: bytes, item: bytes) -> bytes:
    """Return a body of the largest size: an item, over and over."""
    return form % b",".join([item] * (BODY_BYTES // (len(item) + 1) - len(form)))


def repeated(form: bytes, item: bytes, marks_max: int, *, before: bytes = b"") -> bytes:
    """Return a body with as many of an item as just stay below a bound on marks."""
    marks = sum(map(item.count, (b"{", b"[")))
    if marks_max != MARKS_MAX:
        marks += item.count(b",") + 1
    return form % (before + b",".join([item] * ((marks_max - 40) // marks)))


def field(number: int, content: bytes) -> bytes:
    """Return a field of protobuf that has a length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def within(path: tuple[int, ...], content: bytes) -> bytes:
    """Return a message that holds another at the end of these fields."""
    for number in reversed(path):
        content = field(number, content)
    return content


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(written + bytes([number]))


def _empty(number: int, *, fields: int = BODY_BYTES // 2 - 50) -> bytes:
    return field(number, b"") * fields


def _nested(levels: int) -> bytes:
    """Return lists inside one another, as the content of a value."""
    opened = []
    size = 0
    for number in (1, 5) * levels:
        opened.append(varint(number << 3 | 2) + varint(size))
        size += len(opened[-1])
    return b"".join(reversed(opened))


WORST = {
    "records": Worst(Code.TOO_LARGE, LOGS, "json", lambda: filled(_LOGS, b"{}")),
    "attributes": Worst(Code.TOO_LARGE, LOGS, "json", lambda: filled(_ATTRIBUTES, b"{}")),
    "nested lists": Worst(Code.TOO_DEEP, LOGS, "json", lambda: _LIST % (b"[" * 100_000)),
    "small spans": Worst(
        Code.TOO_MANY_EVENTS, TRACES, "json", lambda: repeated(_SPANS, b"{}", MARKS_MAX)
    ),
    "small points": Worst(
        Code.TOO_MANY_EVENTS, METRICS, "json", lambda: repeated(_POINTS, b"{}", MARKS_MAX)
    ),
    "small values": Worst(TAKEN, LOGS, "json", lambda: repeated(_LIST, b"{}", MARKS_MAX)),
    "numbers for records": Worst(Code.TOO_LARGE, LOGS, "json", lambda: filled(_LOGS, b"1")),
    "fewer numbers for records": Worst(
        Code.TOO_MANY_EVENTS, LOGS, "json", lambda: repeated(_LOGS, b"1", BODY_MARKS_MAX)
    ),
    "a large odd record": Worst(
        TAKEN, LOGS, "json", lambda: repeated(_ATTRIBUTES, _NESTED, ITEM_MARKS_MAX, before=_ODD)
    ),
    "a larger odd record": Worst(
        Code.TOO_LARGE, LOGS, "json", lambda: repeated(_ATTRIBUTES, b"1", BODY_MARKS_MAX)
    ),
    "protobuf resources": Worst(Code.TOO_LARGE, LOGS, "protobuf", lambda: _empty(1)),
    "protobuf scopes": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within((1,), _empty(2))
    ),
    "protobuf records": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within((1, 2), _empty(2))
    ),
    "protobuf attributes": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within(_RECORDS, _empty(6))
    ),
    "protobuf attributes of a resource": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within((1, 1), _empty(1))
    ),
    "protobuf fields that are unknown": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within((1,), _empty(3))
    ),
    "protobuf numbers": Worst(
        Code.TOO_LARGE, LOGS, "protobuf", lambda: within(_RECORDS, b"\x10\0" * (BODY_BYTES // 2))
    ),
    "protobuf small points": Worst(
        Code.TOO_MANY_EVENTS, METRICS, "protobuf",
        lambda: within((*_RECORDS, 10), _empty(1, fields=MESSAGES_MAX - 20)),
    ),
    "protobuf points, too many to look at": Worst(
        Code.TOO_LARGE, METRICS, "protobuf",
        lambda: within((*_RECORDS, 10), _empty(1, fields=MESSAGES_MAX + 1)),
    ),
    "protobuf nested lists": Worst(
        Code.MALFORMED, LOGS, "protobuf", lambda: within((*_RECORDS, 6, 2), _nested(1_000_000))
    ),
    "protobuf small values": Worst(
        TAKEN, LOGS, "protobuf",
        lambda: within((*_RECORDS, 6, 2, 5), _empty(1, fields=MESSAGES_MAX - 20)),
    ),
    "protobuf packed buckets": Worst(
        TAKEN, METRICS, "protobuf",
        lambda: within((*_RECORDS, 10, 1, 8, 2), bytes(BODY_BYTES - 100)),
    ),
}  # fmt: skip


def main(name: str) -> None:
    """Decode an export, and print the outcome and the most bytes that took."""
    worst = WORST[name]
    body = worst.body()
    worst.signal.read(b"{}" if worst.encoding == "json" else b"", worst.encoding)
    Path("/proc/self/clear_refs").write_text("5")  # Forgets the most memory there was so far.
    before = _memory_bytes("VmRSS")
    try:
        worst.signal.read(body, worst.encoding, records_max=RECORDS_MAX)
        outcome = TAKEN
    except Refusal as refused:
        outcome = refused.code
    sys.stdout.write(f"{outcome} {_memory_bytes('VmHWM') - before}\n")


def _memory_bytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise LookupError(name)
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(sys.argv[1])
