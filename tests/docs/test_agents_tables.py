"""What the tables of docs/agents.md tell is what becomes of agents' records and lines."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from exporter.agents.registry import AGENTS
from exporter.app import Exporter
from exporter.client.usage import tokens_of
from exporter.config import Config, Storage, Web
from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event
from tests.agents.records import NOW, log_record, span
from tests.clock import ManualClock
from tests.docs.agent_samples import CONTENT, SECRET, of_run, told, translated
from tests.web import push, scrape

PAGE = Path("docs/agents.md").read_text()

BESIDE = {
    "agent_completion_input_tokens",
    "agent_completion_output_tokens",
    "agent_unpriced_completions_total",
    "agent_sessions_active",
}
"""Families that come with every completion, or with every session, and so are in no table."""


def table(first: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so, the head first."""
    rows = re.search(rf"^\| {re.escape(first)} .*(?:\n\|.*)+", PAGE, re.MULTILINE)
    assert rows, first
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows[0].splitlines()]
    return [cells[0], *cells[2:]]


def shown() -> Iterator[tuple[str, str, str]]:
    """Yield the families that the page tells of, each with an agent and what it is from."""
    (_, *agents), *rows = table("metric |")
    assert agents == list(AGENTS)
    for metrics, *cells in rows:
        for agent, cell in zip(agents, cells, strict=True):
            for family in re.findall(r"`(\w+)", metrics):
                for kind in re.findall(r"\w+", cell):
                    yield family, agent, kind


def exposed(samples: dict[str, float]) -> Iterator[tuple[str, str, str]]:
    """Yield the families that have a value, each with an agent and what it is from."""
    for sample, value in samples.items():
        found = re.search(r'^(\w+?)(?:_bucket|_sum|_count)?\{.*agent="([^/]+)/(\w+)"', sample)
        if found and value:
            yield found[1], found[2], found[3]


async def test_what_appears_is_what_the_table_says() -> None:
    """Every family of every agent, by whether its records and lines come to it."""
    config = Config(web=Web(listen_address=("127.0.0.1:0",)), storage=Storage(path=""))
    running = Exporter(config, clock=ManualClock(NOW))
    await running.start()
    async with aiohttp.ClientSession(f"http://{running.addresses[0]}") as client:
        for agent in AGENTS:
            for kind, events in told(agent).items():
                for event in events:
                    event.agent, event.id = f"{agent}/{kind}", None
                reply = await push(client, *map(msgspec.to_builtins, events))
                assert not reply["rejected"]
        samples = await scrape(client)
    await running.stop()
    assert {one for one in exposed(samples) if one[0] not in BESIDE} == set(shown())


@pytest.mark.parametrize("agent", AGENTS)
def test_telemetry_and_stream_name_a_call_alike_where_the_table_says_so(agent: str) -> None:
    """By the ids of the events that both make of one run."""
    (cell,) = [row[2] for row in table("agent |") if row[0] == agent]
    events = told(agent)
    streamed = {event.id for event in events.pop("stream", [])}
    exported = {event.id for kind in events.values() for event in kind}
    if not streamed or not exported:
        assert cell == ""
    else:
        assert cell.startswith("in part" if streamed & exported else "no")


def test_nothing_of_the_content_is_in_any_event() -> None:
    """Not what stands in an attribute that the page names, nor what tools put out and answer."""
    section = PAGE.partition("## What is never stored\n\n")[2].partition(", and every other")[0]
    assert re.findall(r"`([a-z_.]+)`", section) == list(CONTENT)
    for agent in AGENTS:
        for kind, events in told(agent).items():
            assert SECRET not in str(msgspec.to_builtins(events)), f"{agent}, {kind}"


def logged(service: str, name: str, **attributes: Any) -> list[Event]:  # noqa: ANN401 - as they are
    """Return what a log record of a call tells."""
    return translated([log_record(service, name, model="m", **attributes)])


USED: dict[str, Any] = {"input_tokens": 100, "output_tokens": 50}
GENAI: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.usage.output_tokens": 50,
    "gen_ai.usage.reasoning.output_tokens": 20,
}
OPENAI: dict[str, Any] = {
    "prompt_tokens": 100,
    "prompt_tokens_details": {"cached_tokens": 30},
    "completion_tokens": 50,
    "completion_tokens_details": {"reasoning_tokens": 20},
}
ANTHROPIC: dict[str, Any] = {
    **USED,
    "cache_read_input_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 20},
}
GEMINI: dict[str, Any] = {
    "prompt_token_count": 100,
    "cached_content_token_count": 30,
    "candidates_token_count": 50,
    "thoughts_token_count": 20,
}
GEMINI_LOG: dict[str, Any] = {
    "input_token_count": 100,
    "cached_content_token_count": 30,
    "output_token_count": 50,
    "thoughts_token_count": 20,
}
CODEX_LOG: dict[str, Any] = {
    "event.kind": "response.completed",
    "input_token_count": "100",
    "cached_token_count": 30,
    "output_token_count": "50",
    "reasoning_token_count": 20,
}
CODEX: dict[str, Any] = {**USED, "cached_input_tokens": 30, "reasoning_output_tokens": 20}
CODEX_INFO: dict[str, Any] = {"total_token_usage": CODEX, "last_token_usage": CODEX}
CLAUDE: dict[str, Any] = {
    "inputTokens": 100,
    "cacheReadInputTokens": 30,
    "outputTokens": 50,
    "thinkingTokens": 20,
}
OPENCODE: dict[str, Any] = {"input": 100, "cache": {"read": 30}, "output": 50, "reasoning": 20}
PI: dict[str, Any] = {"input": 100, "cacheRead": 30, "output": 50, "reasoning": 20}
GEMINI_RUN: dict[str, Any] = {**USED, "cached": 30, "total_tokens": 170}

SOURCES: dict[str, list[list[Event]]] = {
    "Claude Code, log": [logged("claude-code", "api_request", **USED, cache_read_tokens=30)],
    "Claude Code, stream": [
        of_run("claude-code", [{"type": "result", "modelUsage": {"m": CLAUDE}}]),
    ],
    "Codex, log, stream and session files": [
        logged("codex", "codex.sse_event", **CODEX_LOG),
        of_run("codex", [{"type": "turn.completed", "usage": CODEX}]),
        of_run(
            "codex",
            [{"type": "event_msg", "payload": {"type": "token_count", "info": CODEX_INFO}}],
        ),
    ],
    "Gemini CLI and Qwen Code, log": [
        logged("gemini-cli", "gemini_cli.api_response", **GEMINI_LOG),
        logged("qwen-code", "qwen-code.api_response", **GEMINI_LOG),
    ],
    "Gemini CLI, stream": [of_run("gemini-cli", [{"type": "result", "stats": GEMINI_RUN}])],
    "opencode, log and stream": [
        logged("opencode", "api_request", **USED, cache_read_tokens=30, reasoning_tokens=20),
        of_run("opencode", [{"type": "step_finish", "part": {"tokens": OPENCODE}}]),
    ],
    "Pi, stream": [
        of_run("pi", [{"type": "message_end", "message": {"role": "assistant", "usage": PI}}]),
    ],
    "GenAI conventions": [translated([span("anything", "chat m", **GENAI)])],
}
"""A call that used 100, 30 cached, 50 and 20 of reasoning, as each source tells it."""

LIBRARIES = {
    "OpenAI's libraries, LiteLLM": OPENAI,
    "Anthropic's library": ANTHROPIC,
    "Gemini's answers (`usage()`)": GEMINI,
}
"""The same as what the client is given."""


def test_every_source_of_tokens_is_in_the_table() -> None:
    """And there is no other."""
    assert [row[0] for row in table("source | input")[1:]] == [*SOURCES, *LIBRARIES]


@pytest.mark.parametrize("row", table("source | input")[1:], ids=lambda row: row[0])
def test_tokens_are_made_disjoint_as_the_table_says(row: list[str]) -> None:
    """What is within the input or the output is taken out of it, and nothing else is."""
    source, cached, reasoned, _ = row
    expected = (70 if cached == "yes" else 100, 30 if reasoned == "yes" else 50)
    if source in LIBRARIES:
        parts = tokens_of(LIBRARIES[source])
        assert (parts["input"], parts["output"]) == expected
        return
    for events in SOURCES[source]:
        (call,) = (event for event in events if isinstance(event, Completion))
        tokens = call.tokens or Tokens()
        assert (tokens.input, tokens.output) == expected
        assert tokens.cache_read == 30
        assert (tokens.reasoning == 20) == (source != "Claude Code, log")
