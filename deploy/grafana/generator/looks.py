"""What panels look like: colours with fixed meanings, thresholds, what stands for no value.

Colours are names of Grafana's theme, so that they fit its light and its dark form. A tile that only
tells is blue; one that judges goes by thresholds.
"""

from collections.abc import Mapping
from typing import Any, Final

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason

Json = dict[str, Any]

OUTCOMES: Final = {"success": "green", "error": "red"}
LEVELS: Final = {"info": "blue", "warn": "orange", "error": "red"}
DECISIONS: Final = {"accepted": "green", "rejected": "orange"}
RESULTS: Final = {"accepted": "green", "duplicate": "blue", "rejected": "red"}
QUANTILES: Final = {"p50": "light-blue", "p95": "blue", "p99": "dark-blue"}
CODES: Final = {"2xx": "green", "4xx": "orange", "5xx": "red"}
TOKENS: Final = {
    "input": "blue",
    "output": "green",
    "reasoning": "purple",
    "cache_read": "light-blue",
    "cache_write": "dark-blue",
}
FINISHES: Final[dict[str, str]] = {
    FinishReason.STOP: "green",
    FinishReason.TOOL_CALLS: "blue",
    FinishReason.LENGTH: "yellow",
    FinishReason.CONTENT_FILTER: "orange",
    FinishReason.ERROR: "red",
    FinishReason.OTHER: "text",
}
ERROR_TYPES: Final[dict[str, str]] = {
    ErrorType.RATE_LIMIT: "orange",
    ErrorType.QUOTA: "dark-orange",
    ErrorType.AUTH: "purple",
    ErrorType.TIMEOUT: "yellow",
    ErrorType.CONNECTION: "dark-yellow",
    ErrorType.OVERLOADED: "light-red",
    ErrorType.CONTEXT_LENGTH: "blue",
    ErrorType.REFUSAL: "light-blue",
    ErrorType.BAD_REQUEST: "dark-blue",
    ErrorType.SERVER_ERROR: "red",
    ErrorType.CANCELLED: "text",
    ErrorType.OTHER: "dark-red",
}

NO_TRAFFIC: Final = "No traffic"
"""Only for what any completed call brings about. Where all may be well without, say so instead."""

NO_DATA: Final = "No data"
NOT_TOLD: Final = "Not told"
NONE: Final = "None"
NO_ERRORS: Final = "No errors"
NO_QUOTA: Final = "No quota known"
NO_COST: Final = "No cost known"
NO_REQUESTS: Final = "No requests"
NO_TOOLS: Final = "No tool calls"
NO_PUSHES: Final = "No pushes"
NO_JOURNAL: Final = "No journal"


def thresholds(base: str, *steps: tuple[float, str]) -> Json:
    """Return a colour, and others from some values on."""
    higher = [{"color": colour, "value": value} for value, colour in steps]
    return {"mode": "absolute", "steps": [{"color": base, "value": None}, *higher]}


NEUTRAL: Final = thresholds("blue")
NONE_IS_GOOD: Final = thresholds("green", (1, "red"))
FEW_ARE_GOOD: Final = thresholds("green", (0.01, "orange"), (0.05, "red"))
MOST_IS_GOOD: Final = thresholds("red", (0.9, "orange"), (0.99, "green"))
FULL_IS_BAD: Final = thresholds("green", (0.75, "orange"), (0.9, "red"))


def no_value(text: str) -> list[Json]:
    """Return the mapping that shows NaN as a text."""
    shown = {"text": text, "color": "text", "index": 0}
    return [{"type": "special", "options": {"match": "nan+null", "result": shown}}]


def values(*texts: tuple[int, str, str]) -> list[Json]:
    """Return the mapping of numbers to texts and colours."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, text, colour) in enumerate(texts)
    }
    return [{"type": "value", "options": options}]


LIMITED: Final = values((0, "free", "green"), (1, "limited", "red"))


def fixed_colours(colours: Mapping[str, str]) -> list[Json]:
    """Return the overrides that give series their colours by name."""
    return [
        override(str(name), color={"mode": "fixed", "fixedColor": colour})
        for name, colour in colours.items()
    ]


def override(name: str, **properties: object) -> Json:
    """Return what differs for the field of that name; `__` in a property's name is a dot."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value} for key, value in properties.items()
        ],
    }
