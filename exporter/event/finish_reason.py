"""Why a model stopped: a closed set, because it becomes a label."""

from enum import StrEnum


class FinishReason(StrEnum):
    """The reasons that are told apart; everything else is `OTHER`."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    ERROR = "error"
    OTHER = "other"
