"""Gemini CLI and its fork Qwen Code: telemetry, and the lines of Gemini's stream-json.

Formats: Gemini CLI's documentation of its telemetry and of its headless mode, and Qwen Code's
source. Qwen Code emits the same records under its own prefix. Its spans tell its calls a second
time, as Gemini CLI's do, so spans are passed over.
"""

from typing import Final

from exporter.agents.agent import Agent
from exporter.agents.gemini_cli import names
from exporter.agents.gemini_cli.logs import LogEvents
from exporter.agents.gemini_cli.points import Points
from exporter.agents.gemini_cli.stream import GeminiStream

AGENT: Final = Agent(
    name=names.NAME,
    services=frozenset({names.NAME}),
    events=(names.PREFIX,),
    log=LogEvents(names.NAME, names.PREFIX, provider=names.PROVIDER),
    point=Points(names.NAME, names.PREFIX),
    stream=GeminiStream,
)

QWEN_CODE: Final = Agent(
    name=names.QWEN_CODE,
    services=frozenset({names.QWEN_CODE}),
    events=(names.QWEN_CODE_PREFIX,),
    log=LogEvents(names.QWEN_CODE, names.QWEN_CODE_PREFIX, provider=None),
    point=Points(names.QWEN_CODE, names.QWEN_CODE_PREFIX),
)
