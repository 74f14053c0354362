"""Events taken although they are not quite as they should be.

Fields we do not know are left out and counted; names too long for a label are cut; optional names
that are empty or null count as left out.

The events of a batch come from one sender, who writes them all alike. So the names that earlier
events had too many are taken out of the next one unasked, and the strict conversion tells whether
that was all. Only when it fails are all the names looked through.
"""

from typing import Any

import msgspec

from exporter.decode.diagnosis import diagnose
from exporter.event.rejection import Code
from exporter.event.tokens import Tokens
from exporter.event.types import EVENT_CLASSES, NAME_LENGTH_MAX, UNKNOWN, Event, type_name

_CLASSES = {type_name(event_class): event_class for event_class in EVENT_CLASSES}
_FIELDS = {
    name: frozenset(event_class.__struct_encode_fields__) | {"type"}
    for name, event_class in _CLASSES.items()
}
_TOKEN_FIELDS = frozenset(Tokens.__struct_encode_fields__)
_CUT_IF_LONG = ("agent", "channel", "model", "provider", "queue", "source", "tool", "window")
_LEFT_OUT_IF_EMPTY = ("id", "agent", "session_id", "request_id", "trace_id", "channel")

EXPECTED_NAMES_MAX = 32
"""Unknown names of one kind of object that are remembered: each event is asked for all of them."""

_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class Misfit(Exception):  # noqa: N818 - it does not leave this stage
    """One item that is JSON and no event of ours: why, where, and of what type it claims to be."""

    def __init__(self, problem: tuple[Code, str], event_type: str = UNKNOWN) -> None:
        super().__init__(problem)
        self.problem = problem
        self.event_type = event_type


class LenientDecoder:
    """Decodes the events of one batch, one after the other: strictly until one needs leniency."""

    def __init__(self) -> None:
        self._unknown = {name: _UnknownNames(known) for name, known in _FIELDS.items()}
        self._unknown_tokens = _UnknownNames(_TOKEN_FIELDS)
        self._needed = False
        self._names_misfit = False

    def decode(self, item: bytes | msgspec.Raw) -> tuple[Event, int]:
        """Return the event, and how many fields of it are not known and were left out.

        Raises `Misfit`, or what `msgspec` raises where the item is no JSON.
        """
        if not self._needed:
            try:
                return _event.decode(item), 0
            except msgspec.ValidationError:
                pass
        decoded = self._decode_leniently(item)
        self._needed = True
        return decoded

    def _decode_leniently(self, item: bytes | msgspec.Raw) -> tuple[Event, int]:
        fields = _anything.decode(item)
        event_type = _type_of(fields)
        tokens = fields.get("tokens")
        parts = tokens if isinstance(tokens, dict) else {}
        unknown = self._unknown[event_type].leave_out_expected(fields)
        unknown += self._unknown_tokens.leave_out_expected(parts)
        if self._names_misfit:
            _fit_names(fields)
        try:
            return msgspec.convert(fields, _CLASSES[event_type]), unknown
        except msgspec.ValidationError as error:
            message = str(error)
        more = self._unknown[event_type].leave_out(fields) + self._unknown_tokens.leave_out(parts)
        fitted = _fit_names(fields)
        if not more and not fitted:
            raise Misfit(diagnose(message), event_type)
        self._names_misfit |= fitted
        return _converted(fields, event_type), unknown + more


class _UnknownNames:
    """The names that objects of one kind have beside the known ones."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._expected: set[str] = set()

    def leave_out_expected(self, fields: dict[str, Any]) -> int:
        """Take out the names that were met before; return how many of them were there."""
        count = len(fields)
        for name in self._expected:
            fields.pop(name, None)
        return count - len(fields)

    def leave_out(self, fields: dict[str, Any]) -> int:
        """Take out all that is not known; return how many names that was."""
        unknown = fields.keys() - self._known
        for name in unknown:
            del fields[name]
        if len(unknown) + len(self._expected) <= EXPECTED_NAMES_MAX:
            self._expected |= unknown
        return len(unknown)


def _type_of(fields: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the type that an item says it is. Raises `Misfit`."""
    if not isinstance(fields, dict):
        raise Misfit((Code.NOT_AN_OBJECT, "$"))
    event_type = fields.get("type")
    if event_type is None:
        raise Misfit((Code.MISSING_FIELD, "$.type"))
    if not isinstance(event_type, str) or event_type not in _CLASSES:
        raise Misfit((Code.UNKNOWN_TYPE, "$.type"))
    return event_type


def _converted(fields: dict[str, Any], event_type: str) -> Event:
    try:
        return msgspec.convert(fields, _CLASSES[event_type])
    except msgspec.ValidationError as error:
        raise Misfit(diagnose(str(error)), event_type) from None


def _fit_names(fields: dict[str, Any]) -> bool:
    """Leave out optional names that are empty, cut what is too long; return whether any was."""
    fitted = False
    for name in _LEFT_OUT_IF_EMPTY:
        if fields.get(name, 0) in ("", None):
            del fields[name]
            fitted = True
    for name in _CUT_IF_LONG:
        value = fields.get(name)
        if isinstance(value, str) and len(value) > NAME_LENGTH_MAX:
            fields[name] = value[:NAME_LENGTH_MAX]
            fitted = True
    return fitted
