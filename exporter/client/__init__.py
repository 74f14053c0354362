"""The push client for programs of one's own: standard library only, and it never gets in the way.

    from exporter.client import Telemetry

    telemetry = Telemetry(agent="my-agent")  # the URL comes from AGENT_EXPORTER_URL
    with telemetry.completion("gpt-6", provider="openai") as call:
        response = ask()
        call.usage(response)

No prompt, no argument and no answer is ever looked at. Nothing here raises into the program that
uses it, waits for the network on its threads, or sends anything where no URL is set.
"""

from exporter.client.calls import CompletionCall, RequestCall, ToolCall
from exporter.client.telemetry import Telemetry

__all__ = ["CompletionCall", "RequestCall", "Telemetry", "ToolCall"]
