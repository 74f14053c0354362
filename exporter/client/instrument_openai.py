"""The calls of OpenAI's library that are observed, and how its answers are read.

`chat.completions.stream` and `responses.stream` go through `create`. A stream of chat chunks tells
its usage only to those who ask for it (`stream_options={"include_usage": True}`), because the chunk
with the usage is one more for the program to read.

Source: the OpenAI API reference.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from exporter.client.instrument_call import Noted, text
from exporter.client.instrument_method import Library, Method, as_awaited, as_called
from exporter.client.usage import field, tokens_of

_CHAT: Final = "openai.resources.chat.completions"
_RESPONSES: Final = "openai.resources.responses"

_PROVIDERS_BY_HOST: Final = {
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "openrouter.ai": "openrouter",
}
"""Others that speak OpenAI's language, by OpenTelemetry's names where it has one."""


def provider_of(client: object) -> str:
    """Return who a client asks, as far as its class and its address tell."""
    if "Azure" in type(client).__name__:
        return "azure.ai.openai"
    host = urlsplit(str(field(client, "base_url") or "")).hostname
    return _PROVIDERS_BY_HOST.get(host or "", "openai")


def read_chat(item: object) -> Noted:
    """Read a chat completion or a chunk of one."""
    choices = field(item, "choices")
    first = choices[0] if isinstance(choices, Sequence) and choices else None
    return Noted(
        tokens=tokens_of(field(item, "usage")),
        generated=first is not None,
        finish_reason=text(field(first, "finish_reason")),
        model=text(field(item, "model")),
    )


def read_response(item: object) -> Noted:
    """Read a response or an event of a stream that makes one."""
    response = field(item, "response")
    kind = text(field(item, "type")) or ""
    if response is None and kind:
        failure = (text(field(item, "code")) or kind) if kind == "error" else None
        return Noted(generated=kind.endswith(".delta"), failure=failure)
    whole = item if response is None else response
    return Noted(
        tokens=tokens_of(field(whole, "usage")),
        finish_reason=_why_it_stopped(whole),
        failure=_failure(whole),
        model=text(field(whole, "model")),
    )


def _why_it_stopped(response: object) -> str | None:
    """Return the reason in the words of a chat completion, which has one and a response has not."""
    status = field(response, "status")
    if status == "incomplete":
        return text(field(field(response, "incomplete_details"), "reason"))
    if status != "completed":
        return None
    output = field(response, "output")
    items = output if isinstance(output, Sequence) else ()
    called = any(field(item, "type") == "function_call" for item in items)
    return "tool_calls" if called else "stop"


def _failure(response: object) -> str | None:
    if field(response, "status") != "failed":
        return None
    return text(field(field(response, "error"), "code")) or "failed"


LIBRARY: Final = Library(
    provider_of,
    (
        Method(_CHAT, "Completions", "create", as_called, read_chat),
        Method(_CHAT, "Completions", "parse", as_called, read_chat),
        Method(_CHAT, "AsyncCompletions", "create", as_awaited, read_chat),
        Method(_CHAT, "AsyncCompletions", "parse", as_awaited, read_chat),
        Method(_RESPONSES, "Responses", "create", as_called, read_response),
        Method(_RESPONSES, "Responses", "parse", as_called, read_response),
        Method(_RESPONSES, "AsyncResponses", "create", as_awaited, read_response),
        Method(_RESPONSES, "AsyncResponses", "parse", as_awaited, read_response),
    ),
)
