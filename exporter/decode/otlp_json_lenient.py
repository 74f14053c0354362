"""JSON that is not quite as OTLP has it, read record by record.

Names in snake_case count as their own in camelCase, also mixed; null is as good as absent, in a
list too; integers may be written with a fraction of zero; ids that are no text are left out. What
then still does not fit is that record's fault alone. Only what holds the records has to be of the
right shape, or there would be no telling what they are.

The envelope is opened without looking at the records, so that no more than one of them is held as
plain dicts and lists, which take several times the room of messages.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from exporter.decode import otlp_json_messages as wire
from exporter.decode.otlp_json_messages import M, snake_case
from exporter.decode.otlp_rules import Unfit, whole_number
from exporter.event.rejection import Code, Refusal

ITEM_MARKS_MAX = 1 << 19
"""Objects, lists and commas of one record or metric that is read leniently."""

BODY_MARKS_MAX = 1 << 21
"""The same of a whole body: a list may be of anything, such as numbers."""

_MARKS = (b"{", b"[", b",")

_NAMES = (
    name
    for message in vars(wire).values()
    if isinstance(message, type) and issubclass(message, wire.Message)
    for name in message.__struct_encode_fields__
)
_CAMEL: dict[str, str] = {snake_case(name): name for name in _NAMES if name != snake_case(name)}
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_WHOLE = frozenset(
    {
        "aggregationTemporality",
        "asInt",
        "code",
        "count",
        "endTimeUnixNano",
        "flags",
        "intValue",
        "observedTimeUnixNano",
        "startTimeUnixNano",
        "timeUnixNano",
    }
)
_VALUE_KINDS = frozenset(wire.AnyValue.__struct_encode_fields__) - {"bytesValue"}
_VALUES = ("value", "body")
"""What holds an AnyValue."""
_METRIC_KINDS = ("sum", "gauge", "histogram", "exponentialHistogram", "summary")

_NULL = Raw(b"null")

_anything: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder()
_raws: "msgspec.json.Decoder[list[Raw] | None]" = msgspec.json.Decoder(list[Raw] | None)

Split = Callable[[Any], Iterable[Any]]


class _Layer:
    """A level of the envelope: whom its items are of (`about`), and the items by either name."""

    def __init__(self, about: str, items: str) -> None:
        self._about = about
        self._items = dict.fromkeys((items, snake_case(items)))
        fields = [(name, Raw, _NULL) for name in (about, *self._items)]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Layer", fields, gc=False))

    def open(self, text: bytes | Raw) -> tuple[Raw, list[Raw]]:
        """Return whom the items are of, and the items. Raises what `msgspec` raises."""
        layer = self._decoder.decode(text)
        for name in self._items:
            items = _raws.decode(getattr(layer, name))
            if items is not None:
                return getattr(layer, self._about), items
        return getattr(layer, self._about), []


class LenientReader:
    """Reads the requests of one signal, whose records are of type `message`.

    `split` makes several records of one, where a part of it may be unfit by itself.
    """

    def __init__(
        self, signal: str, items: str, message: type[Struct], split: Split = lambda item: (item,)
    ) -> None:
        self._request = _Layer("resource", f"resource{signal}")
        self._resource = _Layer("resource", f"scope{signal}")
        self._scope = _Layer("scope", items)
        self._message = message
        self._split = split

    def resources(self, body: bytes) -> Iterator[tuple[wire.Resource | None, list[Raw]]]:
        """Go through the resources, `None` for an unfit one, with the scopes of each.

        Raises `Refusal` (`too_large`), and what `msgspec` raises where the envelope is no such.
        """
        _check(body, BODY_MARKS_MAX)
        for text in self._request.open(body)[1]:
            about, scopes = self._resource.open(text)
            yield _message(about, wire.Resource), scopes

    def scope(self, text: Raw) -> tuple[wire.Scope | None, list[Raw]]:
        """Return a scope, `None` for an unfit one, and its items. Raises as `resources`."""
        about, items = self._scope.open(text)
        return _message(about, wire.Scope), items

    def messages(self, items: Iterable[Raw]) -> Iterator[Any]:
        """Go through records, `None` for an unfit one. Raises as `resources`."""
        for text in items:
            try:
                item = _normalised(_decoded(text))
            except msgspec.ValidationError:  # Of a number that is too large for any type.
                yield None
                continue
            for part in self._split(item):
                yield _converted(part, self._message)


def each_point(metric: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """Make a metric of each data point of a metric, since one may be unfit by itself."""
    if not isinstance(metric, dict):
        yield metric
        return
    common = {name: metric[name] for name in ("name", "unit") if name in metric}
    for kind in _METRIC_KINDS:
        data: Any = metric.get(kind)
        points = data.get("dataPoints") if isinstance(data, dict) else None
        if isinstance(data, dict) and isinstance(points, list):
            for point in points:
                yield common | {kind: data | {"dataPoints": [point]}}
        elif data is not None:
            yield common | {kind: data}


def _message(text: Raw, message: type[M]) -> M | None:
    try:
        return _converted(_normalised(_decoded(text)) or {}, message)
    except msgspec.ValidationError:
        return None


def _converted(value: Any, message: type[M]) -> M | None:  # noqa: ANN401 - any JSON
    try:
        return msgspec.convert(value, message, strict=False)
    except msgspec.ValidationError:
        return None


def _decoded(text: Raw) -> Any:  # noqa: ANN401 - any JSON
    if len(text) > ITEM_MARKS_MAX:
        _check(bytes(text), ITEM_MARKS_MAX)
    return _anything.decode(text)


def _check(text: bytes, marks_max: int) -> None:
    if sum(map(text.count, _MARKS)) > marks_max:
        raise Refusal(Code.TOO_LARGE, "there are more values than can be read leniently")


def _normalised(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value of JSON with its names in camelCase, and its nulls left out."""
    if isinstance(value, list):
        return [_normalised(item) for item in value if item is not None]
    return _fields(value) if isinstance(value, dict) else value


def _fields(written: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in written.items():
        camel = _CAMEL.get(name, name)
        if value is None or (camel in _IDS and not isinstance(value, str)):
            continue
        if camel in _WHOLE and isinstance(value, float) and value.is_integer():
            fields[camel] = int(value)
        elif camel in _WHOLE and isinstance(value, str):
            fields[camel] = _whole(value)
        else:
            fields[camel] = _normalised(value)
    for name in _VALUES:
        if name in fields:
            fields[name] = _value(fields[name])
    array = fields.get("arrayValue")
    if isinstance(array, dict) and isinstance(array.get("values"), list):
        array["values"] = [_value(item) for item in array["values"]]
    return fields


def _value(written: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value without what its message does not declare, and would refuse."""
    if not isinstance(written, dict):
        return written
    return {kind: held for kind, held in written.items() if kind in _VALUE_KINDS}


def _whole(text: str) -> int | str:
    """Return a whole number; the text where it is none, which nothing fits then."""
    try:
        return whole_number(text)
    except Unfit:
        return text
