"""Secrets that only the name beside them tells: `password=…`, `"api_key": "…"`, `Cookie: …`.

A name counts by how it ends, so that `OPENAI_API_KEY` and `x-api-key` do. A colon or an equals sign
must follow, as it is written in prose, in code, in a URL, in JSON, or in JSON inside JSON.

The ugly part is prose. "Unexpected token: identifier" and "api key: missing" are what people debug
with, so after a weak name a short plain word or number is no secret; and after any name it is none
to say that there is no value. Where in doubt the value goes, and the name stays.

Names are looked for in small letters, because a pattern that ignores case takes far longer. Time is
linear: behind a name and its sign, which are short, nothing can fail, and only a value that is left
as it is, which is short too, is read again.
"""

import re
from typing import Final

from exporter.pipeline.secrets import REDACTED

# What may stand before `key` and before `token`.
_KEY_OF = (
    r"(?:api|access|secret|private|account|subscription|storage|shared|master|admin|sign|signing"
    r"|encryption|service|auth|license|ssh|azure|openai|anthropic|claude|gemini|google|groq|mistral"
    r"|cohere|deepseek|openrouter|together|fireworks|perplexity|cerebras|huggingface|hf|xai)"
)
_GRANTS = (
    r"(?:api|access|refresh|auth|bearer|session|csrf|xsrf|security|oauth|personal|bot|webhook"
    r"|deploy|registry|user|service|secret|github|gh|gitlab|slack|hf|huggingface|npm"
    r"|(?<![a-z])id)"
)
_STRONG = (
    rf"(?:passw(?:or)?ds?|pass(?:phrase|code)|secrets?|{_KEY_OF}[_-]?keys?[12]?"
    rf"|{_GRANTS}[_-]?token|shared[_-]?access[_-]?signature|jwt)"
)
_WEAK = (
    rf"(?P<weak>token|credentials?|(?<![a-z])auth|{_KEY_OF} key(?: provided| given| used)?"
    r"|(?<![a-z])pwd(?![\"']?[=:]\s?[\"']?[/~]))"
)
_SIGN = r"""(?P<sign>\\{0,7}["'`]?\]?\s{0,4}(?:=>|:=|[=:]|%3[ad])\s{0,4})"""

_QUOTED = r"""[bruf]?(?P<quote>\\{0,7}["'`])(?P<quoted>(?s:.*?))(?:(?<!\\)(?P=quote)|\Z)"""
_BRACKETED = r"(?P<bracketed>\[[^\]]*+(?:\]|\Z)|\([^)]*+(?:\)|\Z)|\{[^}]*+(?:\}|\Z))"
_BARE = rf"""(?P<bare>{_BRACKETED}?+[^\s"'`&;…]*+)"""
_FIELD = r"""[\w-]{1,40}+=(?:"[^"]*+(?:"|\Z)|[^\s,;"']*+)"""
_FIELDS = (
    rf"(?P<bare>{_BRACKETED}|(?:[a-z][a-z0-9-]{{0,31}}[ ]{{1,4}})?(?:{_FIELD}|[^\s,;\"'`…]++)"
    rf"(?:[,;][ ]?{_FIELD})*+|)"
)

_FLAG = r"--(?:[a-z0-9]{1,24}-){0,4}(?P<weak>password|secret|token|(?:api|access|secret)-key)"
_PATTERNS: Final = (
    re.compile(rf"(?:authorization|cookie)(?P<weak>){_SIGN}(?:{_QUOTED}|{_FIELDS})"),
    re.compile(rf"(?:{_STRONG}|{_WEAK}){_SIGN}(?:{_QUOTED}|{_BARE})"),
    re.compile(rf"{_FLAG}(?P<sign>[\"']?,?\s{{1,4}})(?:{_QUOTED}|{_BARE})"),
)
# The end of any of the names, and its sign.
_HINT: Final = re.compile(
    r"(?:key|token|secret|pass|pwd|signature|jwt|credential|auth|cookie)[a-z0-9 ]{0,10}"
    r"""\\{0,7}["'`]?\]?\s{0,4}(?:[=:]|%3)|--"""
)
_QUERY: Final = re.compile(
    r"([?&;](?:key|sig|signature|code|auth|pass|pwd|x-(?:amz|goog)-[a-z-]{1,24})=)[^\s&\"'`<>…]++",
    re.IGNORECASE | re.ASCII,
)
_NO_VALUES: Final = ("null", "none", "nil", "true", "false", "undefined")
_PLAIN: Final = re.compile(
    r"(?:[A-Z]?+(?:[a-z]*+|[A-Z]*+)(?:[-_./:][A-Za-z]?+[a-z]*+)*+)[.,;:!?)\]}>]*", re.ASCII
)
_NUMBER: Final = re.compile(r"[0-9][0-9.,]{0,8}[a-z%]{0,3}[.,;:!?)\]}>]*", re.ASCII)
_PLAIN_LENGTH_MAX: Final = 24
_CLOSING: Final = ".,:!?)]}>…"
_SMALL: Final = {ord(letter): ord(letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def without_named_secrets(text: str) -> str:
    """Return the text with `[redacted]` in the place of every value with a telling name."""
    lowered = _lowered(text)
    if _HINT.search(lowered):
        for pattern in _PATTERNS:
            text = _replaced(pattern, text)
    return _QUERY.sub(rf"\1{REDACTED}", text)


def _lowered(text: str) -> str:
    """Return the text in small letters, each where the letter was."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_SMALL)


def _replaced(pattern: re.Pattern[str], text: str) -> str:
    lowered = _lowered(text)
    pieces: list[str] = []
    done = position = 0
    while found := pattern.search(lowered, position):
        start, end = _value(found, text)
        if start == end:
            position = found.end("sign")
            continue
        pieces += [text[done:start], REDACTED]
        done = position = end
    return "".join([*pieces, text[done:]])


def _value(found: re.Match[str], text: str) -> tuple[int, int]:
    """Return where the secret begins and ends; nowhere, where the value is none."""
    quoted = found["quote"] is not None
    start, end = found.span("quoted" if quoted else "bare")
    value = text[start:end]
    if _is_none(value) or (found["weak"] and _is_innocent(found, value)):
        return start, start
    if not quoted:
        # What closes a sentence, or a bracket that was opened before it, is no part of the value.
        end = max(start + len(value.rstrip(_CLOSING)), found.end("bracketed"))
    return start, end


def _is_none(value: str) -> bool:
    """Return whether the value is empty or says that there is none, be it cut short."""
    word = value.rstrip(_CLOSING).lower()
    return any(none.startswith(word) for none in _NO_VALUES)


def _is_innocent(found: re.Match[str], value: str) -> bool:
    """Return whether a value behind a weak name is what prose would say."""
    if len(value) > _PLAIN_LENGTH_MAX:
        return False
    if _NUMBER.fullmatch(value):
        return True
    structured = "=" in found["sign"] or found["sign"][0] in "\\\"'`"
    return not structured and _PLAIN.fullmatch(value) is not None
