"""Attributes of log records, read from the bytes of each.

As objects of protobuf's, eighteen attributes cost 12 us: 3.5 us to go through them, the rest for
what is asked of each. So protobuf leaves them as bytes (`otlp_protobuf_logs`), and here they are
read as nearly all are written: a key, then a value that is a text or a number; nothing else, and no
length longer than need be. That takes 5 us, for three reasons:

- Most attributes of a record are those of the one before. What was read is known by its bytes.
- What stands before the content of a value (the head: the key, the value's length and kind) comes
  again with other contents. It is looked at once, and then known by its bytes too.
- A head says how long the attribute is. If that fits, there can be nothing else in it.

Whatever differs in anything is left to protobuf's own parser, so that it is what protobuf says, or
malformed because protobuf says so. What is ugly: all kinds are read in one place, since a call for
each attribute takes 0.6 us a record.
"""

from struct import Struct
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from exporter.decode.otlp_protobuf_records import attributes
from exporter.decode.otlp_rules import ATTRIBUTES_MAX, TEXT_LENGTH_MAX
from exporter.event.otel import Attributes

KNOWN_MAX: Final = 4096
"""Attributes of a body that are known by their bytes, and heads; then either begins anew."""

_KEY, _VALUE = 0x0A, 0x12
_STRING_VALUE, _BOOL_VALUE, _INT_VALUE, _DOUBLE_VALUE = 0x0A, 0x10, 0x18, 0x21
"""The tags of a KeyValue's fields, and of an AnyValue's."""

_INT_1, _INT_2, _INT_3, _TEXT, _DOUBLE, _BOOL, _INT, _LONG_TEXT = range(1, 9)
"""The kinds of values that are read here: integers of so many bytes or of more, texts, others."""

_HEAD_BYTES: Final = 5
"""Those of a head beside its key: two tags with a length each, and the tag within the value."""

_INT_BYTES_MAX: Final = 10
"""Bytes of the longest integers, which are the negative ones; they are not read here."""

_MORE: Final = 0x80
"""A byte of a number that is not below says that another follows. Lengths are numbers too."""

_Head = tuple[str, int, int]
"""The key, the kind of the value, and how many bytes the whole attribute has.

A plain tuple, and a plain dict of those: CPython takes them apart quicker, 1 us a record.
"""

_NO_HEAD: Final[_Head] = ("", 0, -1)
_heads: dict[bytes, _Head] = {}
_double = Struct("<d").unpack_from


def _learnt(pair: bytes) -> _Head:
    """Return the head of a KeyValue, which is known from now on; `_NO_HEAD` if it has none."""
    written = pair[: pair[1] + _HEAD_BYTES] if len(pair) > 1 else pair
    if len(_heads) >= KNOWN_MAX:
        _heads.clear()
    head = _heads[written] = _head(written)
    return head


def _head(written: bytes) -> _Head:
    key_bytes = len(written) - _HEAD_BYTES
    if not 0 <= key_bytes < _MORE or written[:2] != bytes((_KEY, key_bytes)):
        return _NO_HEAD
    field, value_bytes, tag = written[-3:]
    size_bytes = len(written) - 1 + value_bytes
    kind = _kind(tag, value_bytes)
    if value_bytes >= _MORE > tag > 0:  # What looks like a tag is the length's second byte.
        size_bytes = len(written) + value_bytes - _MORE + (tag << 7)
        kind = _LONG_TEXT
    if field != _VALUE or kind is None:
        return _NO_HEAD
    try:
        return written[2:-3].decode(), kind, size_bytes
    except UnicodeDecodeError:
        return _NO_HEAD


def _kind(tag: int, value_bytes: int) -> int | None:
    """Return of what kind a value is that begins with this tag, and has so many bytes in all."""
    if tag == _STRING_VALUE and 1 < value_bytes < _MORE:
        return _TEXT
    if tag == _INT_VALUE and 1 < value_bytes < 1 + _INT_BYTES_MAX:
        return value_bytes - 1 if value_bytes - 1 <= _INT_3 else _INT
    if tag == _DOUBLE_VALUE and value_bytes == 1 + 8:
        return _DOUBLE
    return _BOOL if tag == _BOOL_VALUE and value_bytes == 1 + 1 else None


def _rarer(kind: int, pair: bytes, at: int) -> str | int | None:
    """Return a value that begins at a place; `None` where it is not written as usual."""
    if kind == _BOOL:
        return pair[at] == 1 if pair[at] <= 1 else None
    if kind == _INT:
        number = pair[-1]
        more = pair[at:-1]
        if number >= _MORE or min(more) < _MORE:
            return None
        for byte in reversed(more):
            number = number << 7 | byte - _MORE
        return number
    # A tag, and the text's own length, which has two bytes as that of its value has.
    tag, low, high = pair[at : at + 3]
    text = pair[at + 3 :]
    if tag != _STRING_VALUE or not low >= _MORE > high or low - _MORE + (high << 7) != len(text):
        return None
    return text.decode()[:TEXT_LENGTH_MAX]


class AttributeReader:
    """Reads the attributes of the log records of one body."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, str]] = {}

    def read(self, pairs: list[bytes]) -> Attributes:  # noqa: C901, PLR0912 - all in one place, as said above
        """Return what `attributes` makes of these messages.

        Raises protobuf's `DecodeError`, or `UnicodeDecodeError`.
        """
        found: Attributes = {}
        known = self._known
        heads = _heads
        for pair in pairs if len(pairs) <= ATTRIBUTES_MAX else _first(pairs):
            same = known.get(pair)
            if same is not None:
                key, value = same
                found[key] = value
                continue
            try:
                at = pair[1] + _HEAD_BYTES
                key, kind, size_bytes = heads[pair[:at]]
            except (IndexError, KeyError):
                key, kind, size_bytes = _learnt(pair)
            if len(pair) == size_bytes:
                if kind == _TEXT:
                    if pair[at] == size_bytes - at - 1:
                        if len(known) >= KNOWN_MAX:
                            known.clear()
                        found[key] = value = pair[at + 1 :].decode()
                        known[pair] = key, value
                        continue
                elif kind == _INT_2:
                    low, last = pair[-2], pair[-1]
                    if last < _MORE <= low:
                        found[key] = low - _MORE + (last << 7)
                        continue
                elif kind == _INT_3:
                    low, middle, last = pair[-3], pair[-2], pair[-1]
                    if last < _MORE <= middle and low >= _MORE:
                        found[key] = low - _MORE + (middle - _MORE << 7) + (last << 14)
                        continue
                elif kind == _DOUBLE:
                    found[key] = _double(pair, at)[0]
                    continue
                elif kind == _INT_1:
                    if pair[-1] < _MORE:
                        found[key] = pair[-1]
                        continue
                else:
                    rare = _rarer(kind, pair, at)
                    if rare is not None:
                        found[key] = rare
                        continue
            found.update(attributes([KeyValue.FromString(pair)]))
        return found


def _first(pairs: list[bytes]) -> list[bytes]:
    """Return as many as are kept. The others have to be right, too."""
    for pair in pairs[ATTRIBUTES_MAX:]:
        KeyValue.FromString(pair)
    return pairs[:ATTRIBUTES_MAX]
