"""What a run used, as its result tells it a model, shared out over the calls it was made of.

The result is right and a call's own lines are not: their output is what had come when the line was
written, often one token. So a call keeps what its lines tell, and the last call of a model takes
all that its total has beyond. Where the lines tell more than the total, they cannot be trusted, and
the last call takes it whole. Either way the calls of a model add up to its total, part by part.

A total is one since the process began; `exporter.agents.running_total` makes a turn's of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from exporter.agents.claude_code.names import plain_model, undated
from exporter.agents.fields import Fields, Unfit, count, parts, text, usd
from exporter.agents.running_total import Counts, added, began_anew
from exporter.event.rejection import Code
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import NAME_LENGTH_MAX, UNKNOWN, USD_MAX

_MICRO: Final = 1_000_000
_PROMPT: Final = ("input", "cache_read", "cache_write")
_GENERATED: Final = ("output", "reasoning")


class Usage(NamedTuple):
    """What the calls of a model used together; a cost of `None` is unknown."""

    tokens: Counts
    cost_usd: float | None


def line_tokens(usage: Fields) -> Counts:
    """Return the tokens that the line of a message tells of. Raises `Unfit`."""
    told = {
        "input": count(usage, "input_tokens"),
        "output": count(usage, "output_tokens"),
        "cache_read": count(usage, "cache_read_input_tokens"),
        "cache_write": count(usage, "cache_creation_input_tokens"),
    }
    return {part: tokens for part, tokens in told.items() if tokens is not None}


class ModelUsage(NamedTuple):
    """The usage of each model, by the name that its calls are counted under.

    `names` has that name for each that a message may call the model by.
    """

    usages: dict[str, Usage]
    names: dict[str, str]

    def name_of(self, model: str) -> str | None:
        """Return the name that calls of a message's model are counted under, if it is told of."""
        return self.names.get(model) or self.names.get(undated(model))


def model_usage(result: Fields) -> ModelUsage:
    """Return what a result tells of each model. Raises `Unfit`.

    Two entries may be one model, with a longer context and without.
    """
    found = ModelUsage({}, {})
    for key, entry in parts(result, "modelUsage").items():
        if not isinstance(entry, dict):
            raise Unfit(Code.WRONG_TYPE, "modelUsage")
        model = plain_model(key)[:NAME_LENGTH_MAX] or UNKNOWN
        name = plain_model(text(entry, "canonicalModel") or model)
        found.names.update(dict.fromkeys((undated(model), model, name), name))
        found.usages[name] = _together(found.usages.get(name), _usage(entry))
    return found


def since(total: Usage, before: Usage | None) -> Usage:
    """Return what a total tells beyond the one before."""
    if before is None or began_anew(total.tokens, before.tokens):
        return total
    cost_usd = total.cost_usd
    if cost_usd is not None:
        cost_usd = max(cost_usd - (before.cost_usd or 0.0), 0.0)
    return Usage(added(total.tokens, before.tokens), cost_usd)


def _usage(entry: Mapping[str, Any]) -> Usage:
    generated = count(entry, "outputTokens") or 0
    thinking = count(entry, "thinkingTokens")
    tokens = {
        "input": count(entry, "inputTokens") or 0,
        "cache_read": count(entry, "cacheReadInputTokens") or 0,
        "cache_write": count(entry, "cacheCreationInputTokens") or 0,
        "output": generated,
    }
    if thinking is not None:
        tokens["reasoning"] = min(thinking, generated)
        tokens["output"] = generated - tokens["reasoning"]
    return Usage(tokens, usd(entry, "costUSD"))


def _together(one: Usage | None, other: Usage) -> Usage:
    if one is None:
        return other
    tokens = {
        part: min(one.tokens.get(part, 0) + other.tokens.get(part, 0), COUNT_MAX)
        for part in one.tokens | other.tokens
    }
    costs = [usage.cost_usd for usage in (one, other) if usage.cost_usd is not None]
    return Usage(tokens, min(sum(costs), USD_MAX) if costs else None)


def shared_tokens(total: Counts, told: Sequence[Counts]) -> list[Counts]:
    """Return the tokens of each call, the last one's last, of which `told` is what its lines say.

    They add up to `total`, part by part.
    """
    trusted = [
        part
        for group in (_PROMPT, _GENERATED)
        if all(_sum(told, part) <= total.get(part, 0) for part in group)
        for part in group
    ]
    others = [{part: call[part] for part in trusted if part in call} for call in told[:-1]]
    last = {part: tokens - _sum(others, part) for part, tokens in total.items()}
    return [*others, last]


def shared_cost(cost_usd: float, tokens: Sequence[Counts]) -> list[float]:
    """Return the cost of each call, by its tokens; the last takes the rest.

    All but the last are in whole micro-dollars, so that counted in those they add up.
    """
    whole = sum(sum(call.values()) for call in tokens)
    costs = [
        int(cost_usd * _MICRO * sum(call.values()) / whole) / _MICRO if whole else 0.0
        for call in tokens[:-1]
    ]
    return [*costs, max(cost_usd - sum(costs), 0.0)]


def _sum(calls: Sequence[Counts], part: str) -> int:
    return sum(call.get(part, 0) for call in calls)
