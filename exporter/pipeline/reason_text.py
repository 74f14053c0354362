"""Why a completion failed, as its error text tells it: the last resort, and never surer than that.

The limits are asked first, in `exporter.pipeline.limit_text`; the other reasons have a set of
phrases each, asked in the order in which they stand: a connection that timed out is a timeout.
"""

import re
from typing import Final

from exporter.event.error_type import ErrorType
from exporter.pipeline.limit_text import limit_kind
from exporter.pipeline.phrases import Phrases, excerpt_of


def _any_of(*words: str, pattern: str) -> Phrases:
    return Phrases(words, re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", re.ASCII))


PHRASES: Final = {
    ErrorType.TIMEOUT: _any_of(
        *("time", "deadline", "took"),
        pattern=r"timed?[ _-]?outs?|deadline exceeded|etimedout|took too long",
    ),
    ErrorType.CONNECTION: _any_of(
        *("conn", "unreach", "enotfound", "eai_again", "pipe", "dns", "resolution", "not known"),
        *("getaddrinfo", "network", "hang up", "fetch", "premature"),
        pattern=(
            r"econn(?:refused|reset|aborted)|enotfound|eai_again|ehostunreach|enetunreach|epipe"
            r"|connection (?:was |is )?(?:refused|reset|closed|aborted|lost|terminated|failed)"
            r"|connection error|closed connection|(?:unable|failed) to connect"
            r"|(?:could not|couldn't|cannot|can't) connect"
            r"|dns|name resolution|name or service not known|getaddrinfo|network error|unreachable"
            r"|socket hang up|fetch failed|broken pipe|premature close|server disconnected"
        ),
    ),
    ErrorType.OVERLOADED: _any_of(
        *("overloaded", "capacity", "unavailable", "demand", "busy"),
        pattern=(
            r"overloaded(?:_error)?|(?:at|over) capacity|no capacity|unavailable|high demand"
            r"|server (?:is )?busy"
        ),
    ),
    ErrorType.CONTEXT_LENGTH: _any_of(
        *("context", "too long", "token", "length"),
        pattern=(
            r"context[ _-](?:length|window|size|limit)(?:_exceeded)?|(?:prompt|input) (?:is )?too"
            r" long|input token count|maximum (?:number of tokens|prompt length)|max tokens allowed"
            r"|model token limit|reduce the length|range of input length|too many (?:input )?tokens"
        ),
    ),
    ErrorType.REFUSAL: _any_of(
        *("refusal", "content", "polic", "safety", "responsible"),
        pattern=(
            r"refusal|content[ _](?:filter(?:ing|ed)?|policy|management policy)(?:_violation)?"
            r"|(?:usage|safety) polic(?:y|ies)|safety (?:filters?|settings|system|reasons)"
            r"|responsible ai|prohibited[ _]content"
        ),
    ),
    ErrorType.CANCELLED: _any_of(
        *("abort", "cancel", "interrupted"),
        pattern=r"abort(?:ed)?|cancell?ed|cancellation|interrupted",
    ),
    ErrorType.AUTH: _any_of(
        *("auth", "forbidden", "denied", "api", "token", "logged in"),
        pattern=(
            r"unauthori[sz]ed|unauthenticated|forbidden|(?:permission|access) denied"
            r"|(?:invalid|incorrect|missing) (?:x-)?api[ _-]key"
            r"|api key (?:is )?(?:not valid|invalid|expired|missing|not found)"
            r"|authentication(?:_error)?|invalid bearer token|token (?:has |is )?expired"
            r"|not logged in"
        ),
    ),
    ErrorType.SERVER_ERROR: _any_of(
        *("internal", "gateway"), pattern=r"internal (?:server )?error|bad gateway"
    ),
}


def reason_in(error: str | None) -> ErrorType | None:
    """Return what an error text speaks of; `None` where that is nothing known, or there is none."""
    if not error:
        return None
    excerpt = excerpt_of(error)
    if limit := limit_kind(excerpt):
        return limit
    return next((reason for reason, phrases in PHRASES.items() if phrases.are_in(excerpt)), None)
