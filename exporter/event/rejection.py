"""Why something pushed was not taken: a closed set of codes, and never the pushed value itself."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    """The reasons. The web stage holds the table from code to HTTP status."""

    # Of one event in a batch.
    MALFORMED = "malformed"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    INVALID_VALUE = "invalid_value"
    INVALID_TIME = "invalid_time"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    TOO_NEW = "too_new"

    # Of a whole push.
    TOO_DEEP = "too_deep"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    TOO_MANY_EVENTS = "too_many_events"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_KEY = "invalid_key"
    TIMEOUT = "timeout"
    QUEUE_FULL = "queue_full"
    JOURNAL_FAILING = "journal_failing"
    NOT_ACCEPTING = "not_accepting"
    INTERNAL_ERROR = "internal_error"

    # Of a question.
    INVALID_PARAMETER = "invalid_parameter"

    # Of who asks.
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"


class Rejection(Struct, frozen=True):
    """One event of a batch that was not taken: its position, why, and where in it."""

    index: int
    code: Code
    path: str = "$"


class Refusal(Exception):  # noqa: N818 - it may mean no more than "later"
    """A whole push, or a question, that is not taken.

    `code` says why; `detail` is a sentence for a person, of our own words only; `path` names what
    it is about, where that is one thing; `retry_after_secs` is set where the same may succeed
    later; `headers` are what the answer must carry beside it, as `WWW-Authenticate` of a 401.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        path: str | None = None,
        retry_after_secs: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.path = path
        self.retry_after_secs = retry_after_secs
        self.headers = headers or {}
