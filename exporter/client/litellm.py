"""LiteLLM's calls as completions: a callback for its SDK, its router and its proxy.

    import litellm
    from exporter.client import Telemetry
    from exporter.client.litellm import AgentExporterLogger

    litellm.callbacks = [AgentExporterLogger(Telemetry(agent="my-agent"))]

LiteLLM may tell of one call twice, from its thread and from the event loop, and its router asks
several times under one call id. So a call is known by that id and the instant it began, which both
tellings share and no two attempts do. Answers from LiteLLM's cache are left out, because no model
was asked; so are embeddings and the like. Messages are not looked at.

Source: LiteLLM's documentation of custom callbacks.
"""

import contextlib
import importlib
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self

from exporter.client.telemetry import Telemetry
from exporter.client.usage import field, tokens_of

_COMPLETIONS: Final = frozenset(
    (
        "completion",
        "text_completion",
        "responses",
        "anthropic_messages",
        "generate_content",
        "generate_content_stream",
    )
)

_PROVIDERS: Final = {
    "anthropic_text": "anthropic",
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "azure_text": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "codestral": "mistral_ai",
    "cohere_chat": "cohere",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "text-completion-codestral": "mistral_ai",
    "text-completion-openai": "openai",
    "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "watsonx_text": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""LiteLLM's names of providers that OpenTelemetry calls something else."""


_PRICE_UNKNOWN: Final = ("response_cost_failure_debug_information", "zero_cost_diagnostic")
"""Where LiteLLM says why a cost of 0 is none."""

ID_LENGTH_MAX: Final = 96
"""Characters of LiteLLM's id that fit into an event's, with the instant behind them."""

Event = dict[str, Any]


class AgentExporterLogger:
    """A LiteLLM `CustomLogger` that tells `telemetry` of every completion.

    LiteLLM is imported when one is made, not before. Raises `ImportError` where it is missing.
    """

    def __new__(cls, telemetry: Telemetry) -> Self:  # noqa: ARG004 - it is for `__init__`
        """Make one that is of LiteLLM's own class as well, because LiteLLM asks for it."""
        base = importlib.import_module("litellm.integrations.custom_logger").CustomLogger
        logger = cls if issubclass(cls, base) else type(cls.__name__, (cls, base), {})
        return super().__new__(logger)

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__()
        self._telemetry = telemetry

    # LiteLLM passes the arguments by these names.

    def log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """Tell of a call that was answered, a stream once it is whole."""
        with contextlib.suppress(Exception):
            self._tell(kwargs, start_time, end_time, _answered(kwargs, response_obj, start_time))

    def log_failure_event(
        self,
        kwargs: Mapping[str, Any],
        response_obj: object,  # noqa: ARG002 - LiteLLM passes it all the same
        start_time: object,
        end_time: object,
    ) -> None:
        """Tell of a call that failed: the class of its exception and the status, not the text."""
        with contextlib.suppress(Exception):
            self._tell(kwargs, start_time, end_time, _failed(kwargs.get("exception")))

    async def async_log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """Do the same for a call that was awaited."""
        self.log_success_event(kwargs, response_obj, start_time, end_time)

    async def async_log_failure_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """Do the same for a call that was awaited."""
        self.log_failure_event(kwargs, response_obj, start_time, end_time)

    def _tell(
        self, kwargs: Mapping[str, Any], start_time: object, end_time: object, outcome: Event
    ) -> None:
        if _is_completion(kwargs):
            call = _call(kwargs, start_time, end_time)
            self._telemetry.event({"type": "completion", **call, **outcome})


def _is_completion(kwargs: Mapping[str, Any]) -> bool:
    """Return whether a model was asked to write something."""
    kind = kwargs.get("call_type")
    asked = not isinstance(kind, str) or kind in _COMPLETIONS or kind[1:] in _COMPLETIONS
    return asked and not kwargs.get("cache_hit")


def _call(kwargs: Mapping[str, Any], start_time: object, end_time: object) -> Event:
    started_at, ended_at = _unix_secs(start_time), _unix_secs(end_time)
    provider = kwargs.get("custom_llm_provider")
    call_id = kwargs.get("litellm_call_id")
    call: Event = {
        "model": kwargs.get("model") or "unknown",
        "provider": _PROVIDERS.get(provider, provider) if isinstance(provider, str) else None,
        "completed_at": ended_at,
        "latency_ms": _elapsed_ms(started_at, ended_at),
    }
    if call_id and started_at is not None:
        call["id"] = f"litellm:{str(call_id)[:ID_LENGTH_MAX]}:{round(started_at * 1e6)}"
    return call


def _answered(kwargs: Mapping[str, Any], response: object, start_time: object) -> Event:
    outcome: Event = {"success": True, "tokens": tokens_of(response), "cost_usd": _cost_usd(kwargs)}
    if kwargs.get("stream"):
        first_at = _unix_secs(kwargs.get("completion_start_time"))
        outcome["ttft_ms"] = _elapsed_ms(_unix_secs(start_time), first_at)
    choices = field(response, "choices")
    if isinstance(choices, list) and choices:
        outcome["finish_reason"] = field(choices[0], "finish_reason")
    return outcome


def _failed(exception: object) -> Event:
    return {
        "success": False,
        "error_type": None if exception is None else type(exception).__name__,
        "status_code": _status_code(exception),
    }


def _cost_usd(kwargs: Mapping[str, Any]) -> float | None:
    """Return what the call cost; 0 only where it was free, not where its price is not known."""
    cost = kwargs.get("response_cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < math.inf:
        return None
    return float(cost) if cost or not any(map(kwargs.get, _PRICE_UNKNOWN)) else None


def _status_code(exception: object) -> int | None:
    status = getattr(exception, "status_code", None)
    return status if isinstance(status, int) else None


def _unix_secs(instant: object) -> float | None:
    return instant.timestamp() if isinstance(instant, datetime) else None


def _elapsed_ms(start_at: float | None, end_at: float | None) -> float | None:
    if start_at is None or end_at is None:
        return None
    return max(0.0, (end_at - start_at) * 1000.0)
