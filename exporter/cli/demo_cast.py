"""Who plays in the demo: the agents, the models they ask, the tools they run, what they log.

The names are such as agents and providers use, so that boards read as they will. All the numbers
are made up: they claim nothing of how fast any model is, or what it costs.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

CHANNELS: Final = ("cli", "ide", "ci", "slack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model: its median time to the first token, how fast it goes on, what a call costs.

    `usd_per_million` is of input, output, cache reads and cache writes. Of what is generated,
    `reasoning` is at most that share.
    """

    name: str
    provider: str
    ttft_secs: float
    tokens_per_sec: float
    reasoning: float = 0.0
    usd_per_million: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    caches: bool = True

    @property
    def charges_cache_writes(self) -> bool:
        """Whether what is written to the cache is told apart from what merely goes in."""
        return self.usd_per_million[3] > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: its median duration, and the share of its runs that fail."""

    name: str
    secs: float
    failing: float = 0.01
    edits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent: how much of the work it does, with what, and what it tells of it.

    The first of its `models` does most; `helper` does small things on the side. `channels` weighs
    those of `CHANNELS`. `quotas` are the windows of its subscription.
    """

    name: str
    share: float
    models: tuple[Model, ...]
    helper: Model | None = None
    tools: tuple[tuple[Tool, float], ...]
    channels: tuple[float, float, float, float]
    quotas: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    tells_cost: bool = True
    tells_details_apart: bool = False
    writes_code: bool = True
    traces: bool = False


OPUS: Final = Model(
    name="claude-opus-5",
    provider="anthropic",
    ttft_secs=1.9,
    tokens_per_sec=62,
    reasoning=0.4,
    usd_per_million=(5.0, 25.0, 0.5, 6.25),
)
SONNET: Final = Model(
    name="claude-sonnet-5",
    provider="anthropic",
    ttft_secs=1.2,
    tokens_per_sec=85,
    reasoning=0.3,
    usd_per_million=(3.0, 15.0, 0.3, 3.75),
)
HAIKU: Final = Model(
    name="claude-haiku-4-5",
    provider="anthropic",
    ttft_secs=0.6,
    tokens_per_sec=160,
    usd_per_million=(1.0, 5.0, 0.1, 1.25),
)
CODEX: Final = Model(
    name="gpt-5-codex", provider="openai", ttft_secs=2.6, tokens_per_sec=75, reasoning=0.8
)
GPT_MINI: Final = Model(
    name="gpt-5-mini", provider="openai", ttft_secs=0.9, tokens_per_sec=140, reasoning=0.5
)
GEMINI_PRO: Final = Model(
    name="gemini-3-pro", provider="gcp.gemini", ttft_secs=2.2, tokens_per_sec=95, reasoning=0.6
)
GEMINI_FLASH: Final = Model(
    name="gemini-3-flash", provider="gcp.gemini", ttft_secs=0.7, tokens_per_sec=210, reasoning=0.2
)
KIMI: Final = Model(
    name="kimi-k2",
    provider="moonshot_ai",
    ttft_secs=1.4,
    tokens_per_sec=55,
    usd_per_million=(0.6, 2.5, 0.15, 0.0),
)
GROK: Final = Model(
    name="grok-code-fast",
    provider="x_ai",
    ttft_secs=0.5,
    tokens_per_sec=150,
    reasoning=0.5,
    usd_per_million=(0.2, 1.5, 0.02, 0.0),
)
MISTRAL: Final = Model(
    name="mistral-large",
    provider="mistral_ai",
    ttft_secs=0.8,
    tokens_per_sec=70,
    usd_per_million=(2.0, 6.0, 0.2, 0.0),
)
QWEN: Final = Model(
    name="qwen3-coder-30b",
    provider="my-gpu-box",
    ttft_secs=0.3,
    tokens_per_sec=45,
    caches=False,
)

BASH: Final = Tool(name="bash", secs=1.1, failing=0.08)
READ: Final = Tool(name="read", secs=0.012)
EDIT: Final = Tool(name="edit", secs=0.035, failing=0.04, edits=True)
GREP: Final = Tool(name="grep", secs=0.09)
WEB_SEARCH: Final = Tool(name="web_search", secs=2.4, failing=0.03)
GITHUB: Final = Tool(name="mcp__github__get_issue", secs=0.7, failing=0.02)
POSTGRES: Final = Tool(name="mcp__postgres__query", secs=0.16, failing=0.03)
TICKETS: Final = Tool(name="mcp__tickets__update", secs=0.45, failing=0.05)

_CODING: Final = ((BASH, 5.0), (READ, 6.0), (EDIT, 4.0), (GREP, 3.0))

AGENTS: Final = (
    Agent(
        name="claude-code",
        share=0.36,
        models=(OPUS, SONNET),
        helper=HAIKU,
        tools=(*_CODING, (WEB_SEARCH, 0.7), (GITHUB, 0.8)),
        channels=(0.5, 0.25, 0.15, 0.1),
        quotas=("5h", "7d"),
        queues=("prompts", "subagents"),
    ),
    Agent(
        name="codex",
        share=0.24,
        models=(CODEX, GPT_MINI),
        tools=(*_CODING, (WEB_SEARCH, 0.5), (POSTGRES, 0.4)),
        channels=(0.4, 0.3, 0.3, 0.0),
        quotas=("5h", "7d"),
        queues=("reviews",),
        tells_cost=False,
        tells_details_apart=True,
    ),
    Agent(
        name="gemini-cli",
        share=0.14,
        models=(GEMINI_PRO, GEMINI_FLASH),
        tools=(*_CODING, (WEB_SEARCH, 1.5)),
        channels=(0.7, 0.1, 0.2, 0.0),
        quotas=("24h",),
        tells_cost=False,
    ),
    Agent(
        name="opencode",
        share=0.12,
        models=(KIMI, GROK),
        tools=(*_CODING, (GITHUB, 0.5)),
        channels=(0.8, 0.2, 0.0, 0.0),
    ),
    Agent(
        name="support-bot",
        share=0.14,
        models=(MISTRAL, QWEN),
        tools=((POSTGRES, 4.0), (TICKETS, 2.0), (WEB_SEARCH, 1.0)),
        channels=(0.0, 0.0, 0.1, 0.9),
        queues=("tickets", "embeddings"),
        writes_code=False,
        traces=True,
    ),
)


class Message(NamedTuple):
    """Something that an agent logs."""

    level: str
    source: str
    text: str
    context: dict[str, Any]


MESSAGES: Final = (
    Message("info", "mcp", "server connected", {"server": "github"}),
    Message("info", "hooks", "hook finished", {"hook": "pre-commit", "duration_ms": 412}),
    Message("info", "permissions", "command allowed for this session", {"tool": "bash"}),
    Message("info", "git", "branch created", {"base": "main"}),
    Message("warn", "mcp", "server answers slowly", {"server": "postgres", "duration_ms": 5210}),
    Message("warn", "git", "the working tree is not clean", {"files": 3}),
    Message("error", "mcp", "server disconnected", {"server": "github", "attempt": 2}),
    Message("error", "hooks", "hook failed", {"hook": "post-edit", "exit_code": 2}),
)
MESSAGE_WEIGHTS: Final = (4.0, 4.0, 3.0, 3.0, 1.5, 1.5, 0.4, 0.4)
