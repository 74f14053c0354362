"""Limits told in words: whether an error text speaks of one, and of which kind.

This is the last resort, for a failure that brings no status code and no error type. Two tables of
phrases, one a kind, are compiled to one alternation each. In a phrase a blank stands for any
separator or none, so that `rate limit exceeded` also finds `RATE_LIMIT_EXCEEDED` and
`rateLimitExceeded`; the ends of a phrase fall on the ends of words. A text that speaks of both
kinds is about the quota: providers refuse for a quota with a 429 too.

The ugly part is the number 429, which may just as well be a line, a port or a duration. It counts
only where the words before it make it a status, or where it opens the text or stands in brackets,
and never where a unit or more digits follow.
"""

import re

from exporter.event.error_type import ErrorType
from exporter.pipeline.phrases import Excerpt, Phrases

_UNITS = (
    r"(?:ms|milli\w{0,9}|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|times?|tokens?"
    r"|[kmgt]?i?b|[kmg]?bytes?|chars?|characters?|words?|lines?|rows?|files?|items?|messages?"
    r"|requests?|calls?|attempts?|tests?|tools?|users?|usd|dollars?|percent)"
)
_NOT_A_MEASURE = rf"(?![0-9a-z_%]|[.,:/-][0-9]|[ -]?{_UNITS}(?![a-z]))"
_STATUS_WORD = (
    r"(?:(?<![a-z0-9])(?<!exit\x20)(?:status|code|https?(?:/[0-9](?:\.[0-9])?)?)"
    r"|status[_-]?code|error(?:[_-]?code)?|exception)"
    r"(?=[^0-9a-z])[\"'\\]{0,2}(?:\x20(?:is|was|of))?\x20?[:=]?\x20?[\"'(\[\\]{0,2}"
)
_ANSWER_WORD = r"(?:^|(?<![a-z0-9])(?:got|received|returned|returns|failed|with)[:\x20]{1,2})"
_STATUS_FOLLOWS = (
    r"(?=$|[^a-z0-9\x20]|\x20(?-i:[^a-z0-9])"
    r"|\x20(?:status|error|response|from|too|rate|client|resource|http)(?![a-z]))"
)
_STATUS_429 = (
    rf"{_STATUS_WORD}429{_NOT_A_MEASURE}",
    rf"{_ANSWER_WORD}429{_NOT_A_MEASURE}{_STATUS_FOLLOWS}",
    r"(?<![^\x20])(?:\(429\)|\[429\])",
)

_FEW_WORDS = r"(?:\x20[^\x20]{1,32}){0,4}\x20"
# A context, turn or rate limit that was hit is something else.
_OTHER_LIMITS = r"(?:context|token|input|output|rate|turn|file|size|max)"

_RATE_PHRASES = (
    r"rate limits? (?:has been |was |is )?(?:exceeded|reached|hit|error|exception)",
    r"rate limit(?:ed|ing)",
    rf"(?:exceed(?:ed|s|ing)?|hit|reached){_FEW_WORDS}rate limits?",
    r"rate exceeded",
    r"too many requests",
    r"too many concurrent",
    r"too many tokens, please wait",
    r"on (?:tokens|requests) per (?:min|minute|hour|day)",
    r"(?:capacity|hourly) limits?",
    r"resource (?:has been )?exhausted",
    r"throttl(?:ed|ing)(?: exception)?",
)

_QUOTA_PHRASES = (
    r"(?:daily|weekly|monthly)(?:\x20[a-z]{1,16})? limits?",
    r"(?:subscription|plan|tier|spend(?:ing)?|billing(?: hard| soft)?) limits?",
    # "Server is temporarily limiting requests (not your usage limit)" says what it is not.
    r"(?<!not\x20your\x20)usage limits?",
    r"usage caps?",
    r"session limits? reached",
    r"(?:5|five) hour limits?",
    rf"(?:hit|reached) your(?:\x20(?!{_OTHER_LIMITS})[^\x20]{{1,32}}){{0,3}} limits?",
    r"quota (?:has been |was |is |limit )?(?:exceeded|exhausted|reached|limit|will reset)",
    rf"(?:exceed(?:ed|s|ing)?|exhausted){_FEW_WORDS}quota",
    r"exhausted your capacity",
    r"subscription quota",
    r"out of (?:quota|credits?|extra usage)",
    r"insufficient (?:quota|balance|credits?|funds)",
    r"credit balance is too low",
    r"payment required",
)


def _any_of(phrases: tuple[str, ...], *, words: tuple[str, ...]) -> Phrases:
    """Return phrases that begin and end where words do."""
    alternatives = "|".join(phrase.replace(" ", "[ _-]?") for phrase in phrases)
    return Phrases(words, re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z0-9])", re.ASCII))


QUOTA = _any_of(
    _QUOTA_PHRASES,
    words=("limit", "quota", "usage", "capacity", "credit", "insufficient", "payment"),
)
RATE = _any_of(
    _RATE_PHRASES,
    words=("limit", "rate", "many", "exhausted", "throttl", "tokens", "requests"),
)
_STATUS = re.compile("|".join(_STATUS_429), re.IGNORECASE | re.ASCII)


def limit_kind(excerpt: Excerpt) -> ErrorType | None:
    """Return which limit an error text speaks of, or `None` where it speaks of none.

    `RATE_LIMIT` passes by itself within the hour; `QUOTA` is what a plan or a budget allows.
    """
    if QUOTA.are_in(excerpt):
        return ErrorType.QUOTA
    if RATE.are_in(excerpt) or _is_status_429_in(excerpt.text):
        return ErrorType.RATE_LIMIT
    return None


def _is_status_429_in(text: str) -> bool:
    return "429" in text and _STATUS.search(text) is not None
