"""Claude Code: its telemetry, and the lines of `claude -p --output-format stream-json --verbose`.

Formats: Claude Code's monitoring documentation, and that of its command line.
"""

from typing import Final

from exporter.agents.agent import Agent
from exporter.agents.claude_code.logs import read_log
from exporter.agents.claude_code.names import NAME, SERVICE
from exporter.agents.claude_code.points import read_point
from exporter.agents.claude_code.spans import read_span
from exporter.agents.claude_code.stream import ClaudeCodeStream

AGENT: Final = Agent(
    name=NAME,
    services=frozenset({SERVICE}),
    scopes=("com.anthropic.claude_code",),
    events=("claude_code.",),
    log=read_log,
    span=read_span,
    point=read_point,
    stream=ClaudeCodeStream,
)
