"""How many values a push holds, found out before they are made.

An empty object is two bytes on the wire and a hundred in memory once it is decoded, a packed one
next to nothing on the wire. What the fields of ours can hold is bounded by their number, so it is
contexts and unknown fields that have to be looked at. A body below `COUNTED_BYTES_MIN` is too short
to do harm and is not; of a longer one the bytes that begin or part values are counted, which is
cheap and never too few. Only where they are too many are the texts, which may hold such bytes too,
told from the rest.
"""

import re
from itertools import islice
from typing import Any

import msgspec

from exporter.event.rejection import Code, Refusal
from exporter.event.types import Event, Log

VALUES_MAX = 100_000
"""Values of one event, and of all the contexts of a batch; what is empty counts twice."""

COUNTED_BYTES_MIN = 1 << 20

_MARKS = (b"{", b"[", b",")
_UP_TO_A_MARK = re.compile(rb'(?:[^"{\[,]++|"(?:[^"\\]++|\\.)*+"?)*+([{\[,])?', re.DOTALL)
"""It fits anywhere, so that no text is gone through twice, whatever is wrong with it."""


def may_hold_large_contexts(body: bytes) -> bool:
    """Return whether the contexts of a body might together hold more than `VALUES_MAX` values.

    It may err towards yes. The name of the field may be written with escapes.
    """
    return (
        len(body) >= COUNTED_BYTES_MIN
        and (b'"context"' in body or (b"\\" in body and b"\\u00" in body))
        and _has_marks_for_more(body)
    )


def holds_too_many_values(item: bytes | msgspec.Raw) -> bool:
    """Return whether one event, which need not be JSON, holds more than `VALUES_MAX` values."""
    if len(item) <= VALUES_MAX:
        return False
    text = bytes(item)
    if not _has_marks_for_more(text):
        return False
    marks = (found for found in _UP_TO_A_MARK.finditer(text) if found[1])
    return next(islice(marks, VALUES_MAX, None), None) is not None


class ContextBudget:
    """What the contexts of one batch may still hold."""

    def __init__(self) -> None:
        self._left = VALUES_MAX

    def spend(self, event: Event) -> None:
        """Take off what an event holds. Raises `Refusal` (`too_large`) where there is no more."""
        if isinstance(event, Log) and event.context is not None:
            self._left -= values_in(event.context)
        if self._left < 0:
            raise Refusal(Code.TOO_LARGE, f"the contexts hold more than {VALUES_MAX} values")


def values_in(context: dict[str, Any]) -> int:
    """Return how many values a context holds, at any depth; what is empty counts twice."""
    values = 0
    unseen: list[dict[str, Any] | list[Any]] = [context]
    while unseen:
        parent = unseen.pop()
        values += len(parent) or 1
        children = parent.values() if isinstance(parent, dict) else parent
        unseen += [child for child in children if isinstance(child, dict | list)]
    return values


def _has_marks_for_more(text: bytes) -> bool:
    return sum(map(text.count, _MARKS)) > VALUES_MAX
