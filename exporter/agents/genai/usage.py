"""What a call used, by the attributes of the conventions.

Input includes what was read from and written to caches, output includes reasoning. Not everybody
keeps to that: where a part is more than its whole, the whole does not include it.
"""

from typing import Final

import msgspec

from exporter.agents.fields import Fields, count, number, text, usd
from exporter.event.tokens import Tokens
from exporter.event.types import MILLISECONDS_MAX

# The names of each, in the order in which they are asked for: of the conventions, of OpenLLMetry.
_INPUT: Final = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
)
_OUTPUT: Final = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
)
_CACHE_READ: Final = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
)
_CACHE_WRITE: Final = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
_REASONING: Final = ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens")
_TOTAL: Final = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens")

_COST: Final = ("gen_ai.cost.total_cost", "litellm.cost.total", "gen_ai.usage.cost")
_TTFT: Final = ("gen_ai.response.time_to_first_chunk", "gen_ai.response.time_to_first_token")
_FINISH: Final = ("gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason")

_LIST_LENGTH_MAX: Final = 4_096
_reasons: Final = msgspec.json.Decoder(list[str])


def tokens(fields: Fields) -> Tokens:
    """Return the parts, made disjoint. Raises `Unfit`."""
    cache_read, cache_write = _count(fields, _CACHE_READ), _count(fields, _CACHE_WRITE)
    reasoning = _count(fields, _REASONING)
    return Tokens(
        input=_without(_count(fields, _INPUT), (cache_read or 0) + (cache_write or 0)),
        output=_without(_count(fields, _OUTPUT), reasoning or 0),
        reasoning=reasoning,
        cache_read=cache_read,
        cache_write=cache_write,
        total=_count(fields, _TOTAL),
    )


def cost_usd(fields: Fields) -> float | None:
    """Return the cost that LiteLLM or OpenLIT reckoned: 0 of a model they have no price for."""
    return next((cost for name in _COST if (cost := usd(fields, name))), None)


def ttft_ms(fields: Fields) -> float | None:
    """Return the time to the first chunk, which is told in seconds."""
    for name in _TTFT:
        found = number(fields, name, most=MILLISECONDS_MAX / 1_000)
        if found is not None:
            return found * 1_000
    return None


def finish_reason(fields: Fields) -> str | None:
    """Return why the first choice ended: one word, a list of them, or a list written as JSON."""
    for name in _FINISH:
        value = fields.get(name)
        if isinstance(value, str) and value.startswith("[") and len(value) <= _LIST_LENGTH_MAX:
            value = _listed(value)
        if isinstance(value, list) and value:
            value = value[0]
        if found := text({name: value}, name):
            return found
    return None


def _listed(value: str) -> list[str]:
    try:
        return _reasons.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []


def _count(fields: Fields, names: tuple[str, ...]) -> int | None:
    found = (count(fields, name) for name in names)
    return next((value for value in found if value is not None), None)


def _without(whole: int | None, part: int) -> int | None:
    return whole - part if whole is not None and part <= whole else whole
