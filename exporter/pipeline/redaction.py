"""What must not be kept: secrets anywhere, and content, taken out of texts and contexts.

This is the one place. It stands before the journal, so that nothing behind it - a disk, a log, a
page - ever holds what was taken out. A text is only looked at as far as it could be kept; where it
is cut first, the last word goes too, for half a secret is not known for one.

A quick look tells that most texts hold nothing. The thorough one costs up to a microsecond a
character or two, so a batch is allowed only so much of it, and no sender can hold up the others:
where that is spent, a text that may hold a secret is not kept.
"""

from typing import Any, Final

import msgspec

from exporter.pipeline.named_secrets import may_hold_named_secrets, without_named_secrets
from exporter.pipeline.secrets import REDACTED, may_hold_secrets, without_secrets
from exporter.pipeline.telling_names import meaning_of

TEXT_LENGTH_MAX: Final = 8_192
"""Characters of a text that are looked at; no text is kept at such length."""

CONTEXT_BYTES_MAX: Final = 8_192
"""Bytes of a context, as JSON, that is kept."""

OMITTED: Final = "[omitted]"

_NOTHING: Final = (None, False, "", OMITTED, REDACTED)

ALLOWED_LENGTH: Final = 2**19
"""Characters of one batch's texts that are looked at thoroughly."""

TOO_MUCH: Final = "[omitted: too much to redact]"

_LAST_WORD_LENGTH_MAX: Final = 1_024
_KNOWN_LENGTH_MAX: Final = 1_024
_KNOWN_TEXTS_MAX: Final = 1_024
_BREAKS: Final = " \t\r\n\"',;&"
_PASSES_MAX: Final = 4
_DEPTH_MAX: Final = 32
_VALUES_MAX: Final = CONTEXT_BYTES_MAX // len("1,")
_CHARACTERS_MAX: Final = 8 * CONTEXT_BYTES_MAX
_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**64 - 1
"""The integers that the journal's encoding holds; JSON has longer ones."""

_TOO_LARGE: Final = f"context over {CONTEXT_BYTES_MAX} bytes"


class Redactor:
    """Takes out of the texts and the contexts of one batch what must not be kept.

    A text that comes again is not looked at again.
    """

    def __init__(self, allowed_length: int = ALLOWED_LENGTH) -> None:
        self._length_left = allowed_length
        self._known: dict[str, str] = {}

    def text(self, text: str, *, length_max: int) -> str:
        """Return a text without secrets, at most `length_max` characters long; a cut shows.

        Doing it twice changes nothing.
        """
        seen_length = min(length_max + _LAST_WORD_LENGTH_MAX, TEXT_LENGTH_MAX)
        whole = len(text) <= seen_length
        clean = self._clean(text if whole else _start_of(text, seen_length))
        if whole and len(clean) <= length_max:
            return clean
        return _cut(clean, length_max - 1) + "…"

    def context(self, context: dict[str, Any]) -> dict[str, Any]:
        """Return a context without secrets and without content.

        Values beside a sensitive name become `[redacted]`, content `[omitted]`, whatever it is made
        of; names that are secrets themselves become one `[redacted]`. What is too large, too deep
        or cannot be written as JSON is left out whole, and `omitted` says so. Doing it twice
        changes nothing.
        """
        try:
            clean = _Walk(self).members(context, 1)
            size_bytes = len(msgspec.json.encode(clean))
        except _TooLargeError:
            return {"omitted": _TOO_LARGE}
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            return {"omitted": "context is no JSON"}
        return clean if size_bytes <= CONTEXT_BYTES_MAX else {"omitted": _TOO_LARGE}

    def _clean(self, text: str) -> str:
        if not (may_hold_secrets(text) or may_hold_named_secrets(text)):
            return text
        known = self._known.get(text)
        if known is not None:
            return known
        if len(text) > self._length_left:
            return TOO_MUCH
        self._length_left -= len(text)
        clean = _without_any_secrets(text)
        if len(text) <= _KNOWN_LENGTH_MAX and len(self._known) < _KNOWN_TEXTS_MAX:
            self._known[text] = clean
        return clean


def redacted(text: str, *, length_max: int) -> str:
    """Return a single text as `Redactor` does."""
    return Redactor().text(text, length_max=length_max)


def redacted_context(context: dict[str, Any]) -> dict[str, Any]:
    """Return a single context as `Redactor` does."""
    return Redactor().context(context)


class _TooLargeError(Exception):
    """There is more than could be kept."""


class _Walk:
    """One way through a context, with bounds on what is looked at."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._values = 0
        self._characters = 0

    def members(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        """Return the members of an object, clean."""
        return {self._text(name): self._member(name, members[name], depth) for name in members}

    def _member(self, name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON
        meaning = meaning_of(name)
        if meaning == "secret" and value not in _NOTHING:
            return REDACTED
        if meaning == "content" and isinstance(value, str | list | dict) and value:
            return OMITTED
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON
        self._values += 1
        if self._values > _VALUES_MAX:
            raise _TooLargeError
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and not _INT_MIN <= value <= _INT_MAX:
            return float(value)  # As most readers of JSON would; what is past that too is no JSON.
        if not isinstance(value, dict | list):
            return value
        if depth == _DEPTH_MAX:
            raise _TooLargeError
        if isinstance(value, dict):
            return self.members(value, depth + 1)
        return [self._value(item, depth + 1) for item in value]

    def _text(self, text: str) -> str:
        self._characters += min(len(text), TEXT_LENGTH_MAX)
        if self._characters > _CHARACTERS_MAX:
            raise _TooLargeError
        return self._redactor.text(text, length_max=TEXT_LENGTH_MAX)


def _without_any_secrets(text: str) -> str:
    """Return the text without secrets: where one went, another may come to light."""
    for _ in range(_PASSES_MAX):
        clean = without_named_secrets(without_secrets(text))
        if clean == text:
            break
        text = clean
    return text


def _start_of(text: str, length: int) -> str:
    """Return as much of a long text as is looked at, without the word in which it is cut."""
    start = text[:length]
    last_break = max(map(start.rfind, _BREAKS))
    return start[: max(last_break, length - _LAST_WORD_LENGTH_MAX)]


def _cut(text: str, length: int) -> str:
    """Return the start of a text, ending before a `[redacted]` that it would cut in two."""
    mark = text.find(REDACTED, max(length - len(REDACTED) + 1, 0), length + len(REDACTED) - 1)
    return text[:length] if mark < 0 else text[:mark]
