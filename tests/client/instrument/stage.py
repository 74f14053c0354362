"""The libraries' clients against the providers, and every way to ask that is observed."""

import asyncio
import importlib
import json
import urllib.request
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from exporter.client import Telemetry
from tests.client.providers import ANTHROPIC_PARTS, OPENAI_PARTS
from tests.client.totals import Totals

# The libraries are untyped on purpose: to type-check them takes minutes.
Foreign = Any

MODEL = "some-model"
PROMPT = "the secret of life"
CHAT: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}]}
RESPONSE: dict[str, Any] = {"model": MODEL, "input": PROMPT}
MESSAGE: dict[str, Any] = {**CHAT, "max_tokens": 64}
STREAM = {"stream": True}
CHAT_STREAM: dict[str, Any] = {**STREAM, "stream_options": {"include_usage": True}}


class Stage:
    """The libraries' clients against the providers, and an exporter that is told of them."""

    def __init__(self, provider: str, url: str, agent: str) -> None:
        self.url = url
        self.agent = agent
        self.telemetry = Telemetry(url, agent=agent)
        openai = importlib.import_module("openai")
        anthropic = importlib.import_module("anthropic")
        to_openai = {"base_url": f"{provider}/v1", "api_key": "key", "max_retries": 0}
        to_anthropic = {**to_openai, "base_url": provider}
        self.openai = openai.OpenAI(**to_openai)
        self.anthropic = anthropic.Anthropic(**to_anthropic)
        self.async_openai: Foreign = None
        self.async_anthropic: Foreign = None
        self._make_async_openai = partial(openai.AsyncOpenAI, **to_openai)
        self._make_async_anthropic = partial(anthropic.AsyncAnthropic, **to_anthropic)

    def totals(self) -> Totals:
        """Return what the exporter has counted of this stage."""
        assert self.telemetry.flush(10)
        return Totals(self.url, self.agent)

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of this stage that the exporter shows."""
        assert self.telemetry.flush(10)
        with urllib.request.urlopen(f"{self.url}/api/v1/calls") as response:  # noqa: S310 - ours
            calls: list[dict[str, Any]] = json.load(response)["calls"]
        return [call for call in calls if call["agent"] == self.agent]

    def run(self, ask: Callable[["Stage"], Any]) -> Foreign:
        """Return what `ask` gives, awaited if it has to be, with clients for this one loop."""
        self.async_openai = self._make_async_openai()
        self.async_anthropic = self._make_async_anthropic()
        answer = ask(self)
        if not isinstance(answer, Awaitable):
            return answer

        async def awaited() -> Foreign:
            async with self.async_openai, self.async_anthropic:
                return await answer

        return asyncio.run(awaited())


def read(stream: Foreign) -> list[Any]:
    """Read a stream to its end and close it."""
    with stream:
        return list(stream)


async def read_async(stream: Foreign) -> list[Any]:
    """Enter a stream, or the manager of one, and read it to its end."""
    async with stream as entered:
        return [chunk async for chunk in entered]


def entered(manager: Foreign) -> list[Any]:
    """Enter the manager of a stream and read it to its end."""
    with manager as stream:
        return list(stream)


Ask = Callable[[Stage], Any]

WHOLE: dict[str, tuple[Ask, dict[str, float]]] = {
    "chat": (lambda s: s.openai.chat.completions.create(**CHAT), OPENAI_PARTS),
    "chat parsed": (lambda s: s.openai.chat.completions.parse(**CHAT), OPENAI_PARTS),
    "async chat": (lambda s: s.async_openai.chat.completions.create(**CHAT), OPENAI_PARTS),
    "async chat parsed": (lambda s: s.async_openai.chat.completions.parse(**CHAT), OPENAI_PARTS),
    "response": (lambda s: s.openai.responses.create(**RESPONSE), OPENAI_PARTS),
    "response parsed": (lambda s: s.openai.responses.parse(**RESPONSE), OPENAI_PARTS),
    "async response": (lambda s: s.async_openai.responses.create(**RESPONSE), OPENAI_PARTS),
    "message": (lambda s: s.anthropic.messages.create(**MESSAGE), ANTHROPIC_PARTS),
    "message parsed": (lambda s: s.anthropic.messages.parse(**MESSAGE), ANTHROPIC_PARTS),
    "async message": (lambda s: s.async_anthropic.messages.create(**MESSAGE), ANTHROPIC_PARTS),
    "beta message": (lambda s: s.anthropic.beta.messages.create(**MESSAGE), ANTHROPIC_PARTS),
}


async def chunks(opening: Awaitable[Any]) -> list[Any]:
    """Open a stream and read it to its end."""
    return await read_async(await opening)


STREAMED: dict[str, tuple[Ask, dict[str, float]]] = {
    "chat": (
        lambda s: read(s.openai.chat.completions.create(**CHAT, **CHAT_STREAM)),
        OPENAI_PARTS,
    ),
    "chat without usage": (
        lambda s: read(s.openai.chat.completions.create(**CHAT, **STREAM)),
        {},
    ),
    "async chat": (
        lambda s: chunks(s.async_openai.chat.completions.create(**CHAT, **CHAT_STREAM)),
        OPENAI_PARTS,
    ),
    "chat helper": (
        lambda s: entered(
            s.openai.chat.completions.stream(**CHAT, stream_options={"include_usage": True})
        ),
        OPENAI_PARTS,
    ),
    "response": (
        lambda s: read(s.openai.responses.create(**RESPONSE, **STREAM)),
        OPENAI_PARTS,
    ),
    "async response": (
        lambda s: chunks(s.async_openai.responses.create(**RESPONSE, **STREAM)),
        OPENAI_PARTS,
    ),
    "response helper": (lambda s: entered(s.openai.responses.stream(**RESPONSE)), OPENAI_PARTS),
    "message": (
        lambda s: read(s.anthropic.messages.create(**MESSAGE, **STREAM)),
        ANTHROPIC_PARTS,
    ),
    "async message": (
        lambda s: chunks(s.async_anthropic.messages.create(**MESSAGE, **STREAM)),
        ANTHROPIC_PARTS,
    ),
    "message helper": (lambda s: entered(s.anthropic.messages.stream(**MESSAGE)), ANTHROPIC_PARTS),
    "async message helper": (
        lambda s: read_async(s.async_anthropic.messages.stream(**MESSAGE)),
        ANTHROPIC_PARTS,
    ),
    "beta message helper": (
        lambda s: entered(s.anthropic.beta.messages.stream(**MESSAGE)),
        ANTHROPIC_PARTS,
    ),
}
