"""How Codex counts tokens: its input holds what came from the cache, its output the reasoning."""

from typing import Final

from exporter.agents.fields import Fields, count
from exporter.agents.running_total import Counts
from exporter.event.tokens import COUNT_MAX, Tokens

_USAGE: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_output_tokens",
    "cache_read": "cached_input_tokens",
    "cache_write": "cache_write_input_tokens",
    "total": "total_tokens",
}


def told_counts(fields: Fields, names: dict[str, str] = _USAGE) -> Counts:
    """Return the counts that a usage tells, by our names for them, but not disjoint.

    Raises `Unfit`.
    """
    told = {part: count(fields, name) for part, name in names.items()}
    return {part: tokens for part, tokens in told.items() if tokens is not None}


def disjoint(told: Counts) -> Tokens:
    """Return the disjoint parts of what a usage tells.

    A part that is larger than what it is part of is cut to that.
    """
    tokens = Tokens(**told)
    if tokens.total is None and tokens.input is not None and tokens.output is not None:
        tokens.total = min(tokens.input + tokens.output, COUNT_MAX)
    if tokens.input is not None:
        if tokens.cache_read is not None:
            tokens.cache_read = min(tokens.cache_read, tokens.input)
            tokens.input -= tokens.cache_read
        if tokens.cache_write is not None:
            tokens.cache_write = min(tokens.cache_write, tokens.input)
            tokens.input -= tokens.cache_write
    if tokens.output is not None and tokens.reasoning is not None:
        tokens.reasoning = min(tokens.reasoning, tokens.output)
        tokens.output -= tokens.reasoning
    return tokens
