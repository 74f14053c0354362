"""One model call of the demo: what goes in and comes out, how long it takes, what it costs."""

from typing import Any, Final

from exporter.cli.demo_cast import Agent, Model
from exporter.cli.demo_failures import Failure
from exporter.cli.demo_world import Event, World

GENERATED_MEDIAN: Final = 260
GENERATED: Final = (8, 16_000)

CACHE_MISSES: Final = 0.03
CACHE_BLOCK: Final = 128

MISCOUNTS: Final = 0.004
"""How often the total that is told is not the sum of the parts."""

ODD_FINISHES: Final = {"length": 0.012, "content_filter": 0.002, "error": 0.001}
"""How often a model stops for another reason than was expected."""

_WORDS: Final = {
    "anthropic": {
        "stop": "end_turn",
        "tool_calls": "tool_use",
        "length": "max_tokens",
        "content_filter": "refusal",
        "error": "pause_turn",
    },
    "gcp.gemini": {
        "stop": "STOP",
        "tool_calls": "STOP",
        "length": "MAX_TOKENS",
        "content_filter": "SAFETY",
        "error": "MALFORMED_FUNCTION_CALL",
    },
}
"""Why a model stopped, as it says so; all others say it as it stands."""


class Call:
    """A call that will succeed. `context` tokens were there before, `added` are new.

    It takes `secs`; after it `tokens` say what it used.
    """

    def __init__(
        self, world: World, model: Model, *, context: int, added: int, slowdown: float
    ) -> None:
        self._world = world
        self._model = model
        least, most = GENERATED
        self.generated = max(least, min(most, int(world.around(GENERATED_MEDIAN, 1.0))))
        reasoning = int(self.generated * model.reasoning * world.random.random())
        speed = model.tokens_per_sec * world.between(0.75, 1.2) / slowdown
        self.ttft_secs = slowdown * world.around(model.ttft_secs, 0.3) * (1 + context / 300_000)
        self.secs = self.ttft_secs + self.generated / speed
        self.tokens = {
            **self._prompt(context, added),
            "output": self.generated - reasoning,
            **({"reasoning": reasoning} if model.reasoning else {}),
        }

    def _prompt(self, context: int, added: int) -> dict[str, int]:
        if not self._model.caches:
            return {"input": context + added}
        cached = 0 if self._world.chance(CACHE_MISSES) else context // CACHE_BLOCK * CACHE_BLOCK
        rest = context + added - cached
        if not self._model.charges_cache_writes:
            return {"input": rest, "cache_read": cached}
        return {"input": 4, "cache_read": cached, "cache_write": rest}

    @property
    def cost_usd(self) -> float:
        """What it costs, to a millionth of a dollar."""
        parts = ("input", "output", "cache_read", "cache_write")
        counts = {**self.tokens, "output": self.generated}
        prices = dict(zip(parts, self._model.usd_per_million, strict=True))
        return round(sum(counts.get(part, 0) * prices[part] for part in parts) / 1e6, 6)

    def finish(self, expected: str) -> str:
        """Return why it stopped, in its provider's word; nearly always what was expected."""
        shares = {**ODD_FINISHES, expected: 1 - sum(ODD_FINISHES.values())}
        reason = self._world.one_of([*shares], [*shares.values()])
        return _WORDS.get(self._model.provider, {}).get(reason, reason)

    def events(self, agent: Agent, common: Event, *, expected: str) -> list[Event]:
        """Return what its agent tells of it once it has ended."""
        completion = _completion(common, self._model, self.secs) | {"tokens": self._told_tokens()}
        detail: dict[str, Any] = {
            "ttft_ms": round(self.ttft_secs * 1000, 1),
            "finish_reason": self.finish(expected),
        }
        if agent.tells_cost:
            completion["cost_usd"] = self.cost_usd
        if agent.traces:
            completion["trace_id"] = f"{self._world.random.getrandbits(128):032x}"
        if not agent.tells_details_apart:
            return [completion | detail]
        model = {"model": self._model.name, "provider": self._model.provider}
        return [completion, common | {"type": "completion_detail"} | model | detail]

    def _told_tokens(self) -> dict[str, int]:
        if self._model.provider != "gcp.gemini":
            return self.tokens
        # It counts what tools were given, too, at times.
        extra = 64 if self._world.chance(MISCOUNTS) else 0
        return self.tokens | {"total": sum(self.tokens.values()) + extra}


def failed(common: Event, model: Model, failure: Failure, secs: float) -> Event:
    """Return what is told of a call that failed after so many seconds."""
    event = _completion(common, model, secs) | {
        "success": False,
        "error": failure.text,
        "error_type": failure.error_type,
    }
    if failure.status_code is not None:
        event["status_code"] = failure.status_code
    if failure.resets_at is not None:
        event["resets_at"] = failure.resets_at
    return event


def _completion(common: Event, model: Model, secs: float) -> Event:
    return common | {
        "type": "completion",
        "model": model.name,
        "provider": model.provider,
        "latency_ms": round(secs * 1000, 1),
    }
