"""A program that leaves it to its environment where its telemetry goes, as most programs do.

It is set up as `opentelemetry-instrument` sets programs up: as a distribution of OpenTelemetry.
"""

import os
import sys
from typing import Any

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator


class Configurator(_OTelSDKConfigurator):
    """The SDK's own, which each distribution derives from."""


def main(service: str) -> None:
    """Tell of a call, a failure and some lines of code; all is sent when the program ends."""
    for signal in ("TRACES", "METRICS", "LOGS"):
        os.environ.setdefault(f"OTEL_{signal}_EXPORTER", "otlp")
    configurator: Any = Configurator
    configurator().configure(resource_attributes={"service.name": service})
    called = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}
    with trace.get_tracer("program").start_as_current_span("chat gpt-5", attributes=called):
        pass
    events = _logs.get_logger("com.anthropic.claude_code.events")
    failed = {"event.name": "api_error", "model": "claude-opus-5", "status_code": "529"}
    events.emit(attributes=failed)
    lines = metrics.get_meter("program").create_counter("claude_code.lines_of_code.count")
    lines.add(12, {"type": "added"})


if __name__ == "__main__":
    main(sys.argv[1])
