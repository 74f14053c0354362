"""Protobuf's wire format, as far as it takes to cut a large body into records without making any.

An empty record is two bytes on the wire and a hundred or more once it is parsed. So records are
told by their lengths alone and parsed one by one, and what is long enough to do harm by itself is
gone through first, down to the last field. A body has so many fields for all of that, or a few
bytes would keep the machine busy for long. The format is that of
protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

FIELDS_MAX = 3 << 20
"""Fields of one body that are gone through. One of 16 MiB may well have 2.5 million."""

MESSAGES_MAX = 1 << 21
"""Messages in one that is gone through: some take 130 bytes where they are empty."""

DEPTH_MAX = 100
"""Messages inside one another that protobuf's own parser takes."""

_VARINT, _LENGTH, _GROUP_START, _GROUP_END = 0, 2, 3, 4
_FIXED_BYTES = {1: 8, 5: 4, _GROUP_START: 0, _GROUP_END: 0}
_GROUPS = {_GROUP_START: 1, _GROUP_END: -1}
_MORE_FOLLOW = 0x80
_BITS_MAX = 63
"""By so much the last byte of the longest number is shifted."""


class NotProtobufError(Exception):
    """The bytes are no message."""


class TooManyFieldsError(Exception):
    """There is more in a body than is gone through."""


class Wire:
    """Goes through the messages of one body. Raises `NotProtobufError` or `TooManyFieldsError`."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._fields_left = FIELDS_MAX

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Go through the fields of a message that have a length: number, start and end of each.

        Groups, which are out of use and which OTLP has none of, are passed over.
        """
        body = self._body
        at = start
        groups = 0
        while at < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise TooManyFieldsError
            tag, at = _varint(body, at)
            kind = tag & 7
            if kind == _LENGTH:
                size, at = _varint(body, at)
                if size > end - at:
                    raise NotProtobufError
                if not groups:
                    yield tag >> 3, at, at + size
                at += size
            else:
                groups += _GROUPS.get(kind, 0)
                at = _after(body, at, kind)
        if at != end or groups:
            raise NotProtobufError

    def go_through(self, start: int, end: int, descriptor: Any) -> None:  # noqa: ANN401 - protobuf's
        """Go through a message and all in it. The descriptor says which of its fields are messages.

        What nests deeper than the parser takes is left to it.
        """
        messages_left = MESSAGES_MAX
        opened = [(self.fields(start, end), _messages_in(descriptor))]
        while opened:
            fields, messages = opened[-1]
            for number, begin, stop in fields:
                inner = messages.get(number)
                if inner is None:
                    continue
                messages_left -= 1
                if messages_left < 0:
                    raise TooManyFieldsError
                if begin < stop and len(opened) < DEPTH_MAX:
                    opened.append((self.fields(begin, stop), _messages_in(inner)))
                    break
            else:
                opened.pop()


@cache
def _messages_in(descriptor: Any) -> Mapping[int, Any]:  # noqa: ANN401 - as above
    """Return the fields of a message that hold messages, by their numbers."""
    return {field.number: field.message_type for field in descriptor.fields if field.message_type}


def _after(body: bytes, at: int, kind: int) -> int:
    """Return where a field without a length ends that begins here."""
    if kind == _VARINT:
        return _varint(body, at)[1]
    if kind not in _FIXED_BYTES:
        raise NotProtobufError
    return at + _FIXED_BYTES[kind]


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Return the number that is written here, and where it ends."""
    number = bits = 0
    try:
        byte = body[at]
        if byte < _MORE_FOLLOW:
            return byte, at + 1
        # The length of a record has two bytes: without the loop, 0.1 us less a record.
        second = body[at + 1]
        if second < _MORE_FOLLOW:
            return byte - _MORE_FOLLOW + (second << 7), at + 2
        while byte >= _MORE_FOLLOW and bits < _BITS_MAX:
            number |= (byte - _MORE_FOLLOW) << bits
            bits += 7
            at += 1
            byte = body[at]
    except IndexError:
        raise NotProtobufError from None
    if byte >= _MORE_FOLLOW:
        raise NotProtobufError
    return number | byte << bits, at + 1
