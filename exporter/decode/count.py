"""How many items an array holds, found out without holding them.

The decoder builds a whole array before it checks a length, so 16 MiB of `{},` would be six million
objects by the time they are refused. Here every item is let go of as soon as it has been read, and
reading stops one past the bound. Most bodies are not read at all: an item needs bytes of its own,
and counting those is cheap.
"""

from typing import Any

import msgspec


class _Item:
    """What every item is decoded into: one and the same object."""


class _EnoughError(Exception):
    """The bound is passed, whatever follows."""


_ITEM = _Item()
_ITEM_BYTES_MIN = len(b"1,")


def holds_more_than(body: bytes, items_max: int, *, mark: bytes) -> bool:
    """Return whether a JSON array holds more than `items_max` items of the kind that count.

    `mark` is what each of them, but for one, has to itself: `"type"` where only events count, the
    comma where anything does. Raises what `msgspec` raises where the array is no JSON as far as it
    is read.
    """
    if len(body) < _ITEM_BYTES_MIN * items_max or body.count(mark) < items_max:
        return False
    count = 0

    def take(_type: type, _value: Any) -> _Item:  # noqa: ANN401 - any JSON
        nonlocal count
        count += 1
        if count > items_max:
            raise _EnoughError
        return _ITEM

    try:
        msgspec.json.decode(body, type=list[_Item], dec_hook=take)
    except _EnoughError:
        return True
    return False
