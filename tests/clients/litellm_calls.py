"""A program that asks models through LiteLLM, whose own OpenTelemetry callback tells of it.

It prints what LiteLLM itself says of its calls: how many there were, and their tokens.
"""

import asyncio
import contextlib
import importlib
import json
import os
from collections import Counter
from typing import Any

# Untyped on purpose: to type-check the library takes minutes.
litellm: Any = importlib.import_module("litellm")
logging_worker: Any = importlib.import_module("litellm.litellm_core_utils.logging_worker")

PRICES = {
    "input_cost_per_token": 0.001,
    "output_cost_per_token": 0.01,
    "litellm_provider": "openai",
    "mode": "chat",
}
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "a secret"}]}
ANSWERED: dict[str, Any] = {**ASKED, "mock_response": "forty-two"}
REFUSED: dict[str, Any] = {**ASKED, "mock_response": "litellm.RateLimitError"}

told: Counter[str] = Counter()


def note(answer: Any) -> None:  # noqa: ANN401 - of any kind that LiteLLM has
    """Add up what an answer used."""
    told["success"] += 1
    told["input"] += answer.usage.prompt_tokens
    told["output"] += answer.usage.completion_tokens


async def ask() -> None:
    """Ask for one answer, and for one in pieces."""
    note(await litellm.acompletion(model="openai/priced", **ANSWERED))
    usage = {"include_usage": True}
    pieces = await litellm.acompletion(
        model="openai/priced", stream=True, stream_options=usage, **ANSWERED
    )
    note(litellm.stream_chunk_builder([piece async for piece in pieces]))


async def ask_in_vain(**given: str) -> None:
    """Ask for an answer that is refused."""
    with contextlib.suppress(litellm.RateLimitError):
        await litellm.acompletion(model="openai/priced", **REFUSED, **given)
    told["error"] += 1


async def main() -> None:
    """Ask, and wait until LiteLLM has told of it all."""
    litellm.register_model({"openai/priced": PRICES})
    litellm.suppress_debug_info = True
    litellm.callbacks = ["otel"]
    await ask()
    await ask_in_vain()
    # The newer telemetry tells of one attempt for each call id.
    for _ in range(1 if "LITELLM_OTEL_V2" in os.environ else 2):
        await ask_in_vain(litellm_call_id="one-and-the-same")
    await logging_worker.GLOBAL_LOGGING_WORKER.flush()
    print(json.dumps(told))  # noqa: T201 - for the test


if __name__ == "__main__":
    asyncio.run(main())
