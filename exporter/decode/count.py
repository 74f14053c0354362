"""How many items an array holds, found out without holding them.

The decoder builds a whole array before it checks a length, so 16 MiB of `{},` would be six million
objects by the time they are refused. Here what is in an object is passed over and never made, and
reading stops one past the bound. Most bodies are not read at all: an item needs bytes of its own,
and counting those is cheap.

The ugly part is an array that holds anything but objects: the decoder makes such an item before it
asks, and it might be one of millions of values. A short body may do so. Of a long one the items are
found where they lie, which takes some room for each, so too many commas have it refused.
"""

from typing import Any

import msgspec

from exporter.event.rejection import Code, Refusal

SHORT_BYTES_MAX = 5 << 18
"""How long a body may be of which any one item may be made."""

FOUND_ITEMS_MAX = 500_000
"""How many items may be found where they lie, at some sixty bytes each."""


class _Item:
    """What every item is decoded into: one and the same object."""


class _EnoughError(Exception):
    """The bound is passed, whatever follows."""


_ITEM = _Item()
_raws: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM_BYTES_MIN = len(b"1,")


def holds_more_than(body: bytes, items_max: int, *, mark: bytes) -> bool:
    """Return whether a JSON array holds more than `items_max` items of the kind that count.

    `mark` is what each of them, but for one, has to itself: `"type"` where only events count, the
    comma where anything does. Raises what `msgspec` raises where the array is no JSON as far as it
    is read, and `Refusal` (`too_large`) where it holds too much beside objects to be counted.
    """
    if len(body) < _ITEM_BYTES_MIN * items_max or body.count(mark) < items_max:
        return False
    try:
        return _holds_more_objects_than(body, items_max)
    except msgspec.ValidationError:
        pass  # Not all of them are objects.
    if len(body) < SHORT_BYTES_MAX:
        return _holds_more_of_any_than(body, items_max)
    if body.count(b",") >= FOUND_ITEMS_MAX:
        raise Refusal(Code.TOO_LARGE, "an array of other things than events holds too much")
    return len(_raws.decode(body)) > items_max


def _holds_more_objects_than(body: bytes, items_max: int) -> bool:
    count = 0

    class Passed(msgspec.Struct, gc=False):
        """An object of which nothing is kept."""

        def __post_init__(self) -> None:
            nonlocal count
            count += 1
            if count > items_max:
                raise _EnoughError

    try:
        msgspec.json.decode(body, type=list[Passed])
    except _EnoughError:
        return True
    return False


def _holds_more_of_any_than(body: bytes, items_max: int) -> bool:
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
