"""Why a completion failed: a closed set, because it becomes a label."""

from enum import StrEnum


class ErrorType(StrEnum):
    """The reasons that are told apart; everything else is `OTHER`."""

    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    AUTH = "auth"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    OVERLOADED = "overloaded"
    CONTEXT_LENGTH = "context_length"
    REFUSAL = "refusal"
    BAD_REQUEST = "bad_request"
    SERVER_ERROR = "server_error"
    CANCELLED = "cancelled"
    OTHER = "other"
