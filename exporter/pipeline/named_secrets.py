"""Secrets that only the name beside them tells: `password=…`, `"api_key": "…"`, `Cookie: …`.

A name counts by how it ends, so that `OPENAI_API_KEY` and `x-api-key` do. A colon or an equals sign
must follow, as it is written in prose, in code, in a URL, in JSON, or in JSON inside JSON.

The ugly part is prose. "Unexpected token: identifier" and "api key: missing" are what people debug
with, so after a weak name a short plain word or number is no secret; and after any name it is none
to say that there is no value. Where in doubt the value goes, and the name stays.

Signs are looked for first, and what stands before one is read backwards, for it is the end of a
name that counts: of many names, one attempt tells. It is done in small letters, because a pattern
that ignores case takes far longer. Time is linear: before a sign no more than a name's length is
read, behind it nothing can fail, and only a value that is left as it is, which is short, is read
again.
"""

import re
from typing import Final, Literal

from exporter.pipeline.secrets import REDACTED

# What may stand before `key` and before `token`.
_KEY_OF = """
    api access secret private account subscription storage shared master admin sign signing
    encryption service auth license ssh azure openai anthropic claude gemini google groq mistral
    cohere deepseek openrouter together fireworks perplexity cerebras huggingface hf xai"""
_GRANTS = """
    api access refresh auth bearer session csrf xsrf security oauth personal bot webhook deploy
    registry user service secret github gh gitlab slack hf huggingface npm"""


def _backwards(words: str) -> str:
    return f"(?:{'|'.join(sorted(word[::-1] for word in words.split()))})"


# All of these are read from the sign towards the beginning of the text.
_STRONG = (
    rf"(?:s?d(?:ro)?wssap|(?:esarhp|edoc)ssap|s?terces|[12]?s?yek[_-]?{_backwards(_KEY_OF)}"
    rf"|nekot[_-]?(?:{_backwards(_GRANTS)}|di(?![a-z]))|erutangis[_-]?ssecca[_-]?derahs|twj)"
)
_WEAK = (
    r"(?P<weak>nekot|s?laitnederc|htua(?![a-z])"
    rf"|(?:dedivorp |nevig |desu )?yek {_backwards(_KEY_OF)}|(?P<pwd>dwp)(?![a-z]))"
)
_NAME: Final = re.compile(
    r"""(?P<sign>\s{0,4}\]?["'`]?\\{0,7})"""
    rf"(?:(?P<fields>noitazirohtua|eikooc)|{_STRONG}|{_WEAK})"
)
_NAME_LENGTH_MAX: Final = 48
_PATH: Final = re.compile(r"\s?[\"']?[/~]")
_SIGN: Final = re.compile(r"=>?|:=?|\uff1a|%3[ad]")

_QUOTED = r"""[bruf]?(?P<quote>\\{0,7}["'`])(?P<quoted>(?s:.*?))(?:(?<!\\)(?P=quote)|\Z)"""
_BRACKETED = r"(?P<bracketed>\[[^\]]*+(?:\]|\Z)|\([^)]*+(?:\)|\Z)|\{[^}]*+(?:\}|\Z))"
_BARE = rf"""(?P<bare>{_BRACKETED}?+[^\s"'`&;…]*+)"""
_FIELD = r"""[\w-]{1,40}+=(?:"[^"]*+(?:"|\Z)|[^\s,;"']*+)"""
_FIELDS = (
    rf"(?P<bare>{_BRACKETED}|(?:[a-z][a-z0-9-]{{0,31}}[ ]{{1,4}})?(?:{_FIELD}|[^\s,;\"'`…]++)"
    rf"(?:[,;][ ]?{_FIELD})*+|)"
)

_VALUE: Final = re.compile(rf"\s{{0,4}}(?:{_QUOTED}|{_BARE})")
_VALUE_OF_FIELDS: Final = re.compile(rf"\s{{0,4}}(?:{_QUOTED}|{_FIELDS})")
_FLAG: Final = re.compile(
    r"--(?:[a-z0-9]{1,24}-){0,4}(?:password|secret|token|(?:api|access|secret)-key)"
    r"(?P<sign>[\"']?,?\s{1,4})"
)
_WORDS: Final = (
    "key", "token", "secret", "pass", "pwd", "signature", "jwt", "credential", "auth", "cookie",
)  # fmt: skip
# Other places of a secret: a word that it never goes without, and what to do.
_PLACES: Final = (
    (
        "=",
        re.compile(
            r"([?&;](?:key|sig|signature|code|auth|pass|pwd|x-(?:amz|goog)-[a-z-]{1,24})=)"
            r"[^\s&\"'`<>…]++",
            re.IGNORECASE | re.ASCII,
        ),
    ),
    (
        "</",
        re.compile(
            r"(<(password|passwd|secret|token|api[_-]?key|access[_-]?token)>)[^<]++(?=</\2>)",
            re.IGNORECASE | re.ASCII,
        ),
    ),
    (
        "-key ",
        re.compile(
            r"(\bx-api-key {1,4})(?=[\w-]{0,31}[0-9])[\w.-]{12,}+", re.IGNORECASE | re.ASCII
        ),
    ),
    ("curl ", re.compile(r"""(\s(?:-u|--user)[ =]["']?[^\s:"'/]{1,64}+:)[^\s"'…]++""")),
)
_NO_VALUES: Final = frozenset(
    word[:length]
    for word in ("null", "none", "nil", "true", "false", "undefined")
    for length in range(len(word) + 1)
)
_PLAIN: Final = re.compile(
    r"(?:[A-Z]?+(?:[a-z]*+|[A-Z]*+)(?:[-_./:][A-Za-z]?+[a-z]*+)*+)[.,;:!?)\]}>]*", re.ASCII
)
_NUMBER: Final = re.compile(r"[0-9][0-9.,]{0,8}[a-z%]{0,3}[.,;:!?)\]}>]*", re.ASCII)
_PLAIN_LENGTH_MAX: Final = 24
_GONE: Final = (REDACTED, REDACTED + "…")
_CLOSING: Final = ".,:!?)]}>…"
_SMALL: Final = {ord(letter): ord(letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

# What prose may say behind a weak name: plain words and numbers, or numbers.
Leniency = Literal["plain", "number"] | None


def may_hold_named_secrets(text: str) -> bool:
    """Return whether there may be a value with a telling name, after a quick look."""
    lowered = text.lower()
    for word in _WORDS:
        if word in lowered:
            return _SIGN.search(lowered) is not None or "--" in text or _is_elsewhere(text)
    return _is_elsewhere(text)


def without_named_secrets(text: str) -> str:
    """Return the text with `[redacted]` in the place of every value with a telling name."""
    text = _replaced(text)
    if "--" in text:
        text = _replaced_behind_flags(text)
    return _elsewhere(text)


def _is_elsewhere(text: str) -> bool:
    return any(word in text and pattern.search(text) for word, pattern in _PLACES)


def _elsewhere(text: str) -> str:
    for word, pattern in _PLACES:
        if word in text:
            text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def _lowered(text: str) -> str:
    """Return the text in small letters, each where the letter was."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_SMALL)


def _replaced(text: str) -> str:
    lowered = _lowered(text)
    pieces: list[str] = []
    done = position = 0
    while sign := _SIGN.search(lowered, position):
        begin, position = sign.span()
        name = _NAME.match(lowered[max(begin - _NAME_LENGTH_MAX, done) : begin][::-1])
        if name is None or (name["pwd"] and _PATH.match(lowered, position)):
            continue
        found = (_VALUE_OF_FIELDS if name["fields"] else _VALUE).match(lowered, position)
        start, end = _value(found, text, _leniency(name, sign[0]))
        if start != end:
            pieces += [text[done:start], REDACTED]
            done = position = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _replaced_behind_flags(text: str) -> str:
    lowered = _lowered(text)
    pieces: list[str] = []
    done = position = 0
    while flag := _FLAG.search(lowered, position):
        position = flag.end()
        quoted = flag["sign"][0] in "\"'"
        found = _VALUE.match(lowered, position)
        start, end = _value(found, text, "number" if quoted else "plain")
        if start != end:
            pieces += [text[done:start], REDACTED]
            done = position = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _leniency(name: re.Match[str], sign: str) -> Leniency:
    """Return what a value behind this name and sign may be, and no secret."""
    if name["weak"] is None:
        return None
    structured = "=" in sign or name["sign"][-1:] in {"\\", '"', "'", "`"}
    return "number" if structured else "plain"


def _value(found: re.Match[str] | None, text: str, leniency: Leniency) -> tuple[int, int]:
    """Return where the secret begins and ends; nowhere, where the value is none."""
    if found is None:  # Never, for a value may be empty.
        return 0, 0
    quoted = found["quote"] is not None
    start, end = found.span("quoted" if quoted else "bare")
    value = text[start:end]
    if value in _GONE or _is_none(value) or (leniency and _is_innocent(leniency, value)):
        return start, start
    if not quoted:
        # What closes a sentence, or a bracket that was opened before it, is no part of the value.
        end = max(start + len(value.rstrip(_CLOSING)), found.end("bracketed"))
    return start, end


def _is_none(value: str) -> bool:
    """Return whether the value is empty or says that there is none, be it cut short."""
    return value.rstrip(_CLOSING).lower() in _NO_VALUES


def _is_innocent(leniency: Leniency, value: str) -> bool:
    """Return whether a value behind a weak name is what prose would say."""
    if len(value) > _PLAIN_LENGTH_MAX:
        return False
    if _NUMBER.fullmatch(value):
        return True
    return leniency == "plain" and _PLAIN.fullmatch(value) is not None
