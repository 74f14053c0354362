"""Events as JSON, whatever a program put into them.

Most are encoded as they are. One that cannot be, or is long, is made anew from copies within
bounds: text that is no UTF-8 is mended, what is no JSON becomes the name of its type, and nothing
of an object is called. Instants may be `datetime`.
"""

import json
import math
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, Final

EVENT_BYTES_MAX: Final = 64 * 1024
"""What is longer is cut."""

VALUES_MAX: Final = 1_000
CHARACTERS_MAX: Final = 32 * 1024
TEXT_LENGTH_MAX: Final = 4096
DEPTH_MAX: Final = 16
BRACKETS_MAX: Final = 32
"""With no more of them, nothing nests deeper than the exporter takes."""

INTEGER_MAX: Final = 1 << 63
CUT: Final = "[cut]"


def encoded(event: dict[str, Any], defaults: dict[str, Any]) -> bytes:
    """Return an event as JSON, with defaults for what it leaves out, and cut where it is long.

    What is `None` is left out. Raises whatever a value that changes meanwhile makes it raise.
    """
    fields = defaults | {name: value for name, value in event.items() if value is not None}
    try:
        text = _encode(fields).encode()
    except (ValueError, TypeError, RecursionError):
        return _cut(fields)
    if len(text) > EVENT_BYTES_MAX or text.count(b"{") + text.count(b"[") > BRACKETS_MAX:
        return _cut(fields)
    return text


def _cut(fields: dict[str, Any]) -> bytes:
    return _encode(_Cutter().value(fields, DEPTH_MAX)).encode()


def _substitute(value: object) -> float | str:
    """Return what stands for something that JSON does not have."""
    return value.timestamp() if isinstance(value, datetime) else type(value).__name__


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_substitute
).encode


class _Cutter:
    """Copies one event within bounds that hold for all of it."""

    def __init__(self) -> None:
        self._values_left = VALUES_MAX
        self._characters_left = CHARACTERS_MAX

    def value(self, value: object, depth: int) -> Any:  # noqa: ANN401 - it is JSON
        """Return a copy of a value that nests no deeper than `depth`."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            return int(value) if -INTEGER_MAX <= value < INTEGER_MAX else CUT
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(float(value))
        if isinstance(value, dict | list | tuple):
            return self._container(value, depth - 1) if depth else CUT
        substitute = _substitute(value)
        return self._text(substitute) if isinstance(substitute, str) else substitute

    def _container(
        self, container: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int
    ) -> dict[str, Any] | list[Any]:
        if isinstance(container, dict):
            pairs = self._within(list(container.items()))
            return {self._name(key): self.value(value, depth) for key, value in pairs}
        return [self.value(item, depth) for item in self._within(container)]

    def _within(self, items: Iterable[Any]) -> Iterable[Any]:
        """Yield items while there is room for values."""
        for item in islice(items, VALUES_MAX):
            if not self._values_left:
                return
            self._values_left -= 1
            yield item

    def _name(self, key: object) -> str:
        return self._text(key if isinstance(key, str) else type(key).__name__)

    def _text(self, text: str) -> str:
        length = min(TEXT_LENGTH_MAX, self._characters_left)
        self._characters_left -= min(len(text), length)
        # A lone surrogate is no UTF-8, and costs a whole batch.
        return text[:length].encode("utf-8", "replace").decode()
