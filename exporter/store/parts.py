"""What is saved, cut into parts that each take but a few milliseconds, and made into bytes."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

PART_WEIGHT: Final = 1_000
"""How many small forms make a part: about 2 ms of work."""

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
"""The integers that are saved. What is beyond them, billions of dollars a slot, is cut to them."""

T = TypeVar("T")


def in_parts(forms: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield the forms in lists of about `PART_WEIGHT`, each made when it is asked for."""
    part: list[T] = []
    total = 0
    for form in forms:
        part.append(form)
        total += weight(form)
        if total >= PART_WEIGHT:
            yield part
            part, total = [], 0
    if part:
        yield part


def encode(part: object) -> bytes:
    """Return a part as it is kept."""
    try:
        return msgspec.msgpack.encode(part)
    except OverflowError:
        return msgspec.msgpack.encode(_cut(msgspec.to_builtins(part, builtin_types=_KEPT)))


_KEPT: Final = (bytes, datetime)


def _cut(value: Any) -> Any:  # noqa: ANN401 - any part of a form
    """Return a value whose integers fit."""
    if isinstance(value, dict):
        return {key: _cut(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, INT_MIN), INT_MAX)
    return value
