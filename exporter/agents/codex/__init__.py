"""Codex: its telemetry, the lines of `codex exec --json`, and those of its session files.

Formats: the documentation of Codex's configuration (`otel`) and of its command line.

Its spans and metrics are passed over. The log events tell each call and each tool; its metric
`codex.thread.started` tells what `codex.conversation_starts` does, which `codex exec` sends too.
"""

from typing import Final

from exporter.agents.agent import Agent
from exporter.agents.codex.logs import read_log
from exporter.agents.codex.names import NAME, PREFIX, SERVICES
from exporter.agents.codex.stream import CodexStream

AGENT: Final = Agent(
    name=NAME,
    services=SERVICES,
    events=(PREFIX,),
    log=read_log,
    stream=CodexStream,
)
