"""LiteLLM's calls, with answers of its own making, and what an exporter counted of them."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from exporter.client import Telemetry
from exporter.client.litellm import AgentExporterLogger
from exporter.client.usage import tokens_of
from tests.client.totals import Totals
from tests.e2e.processes import eventually, exporter

# Without it the import fetches a list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
# Untyped on purpose: to type-check the library takes minutes.
litellm: Any = pytest.importorskip("litellm")

pytestmark = pytest.mark.filterwarnings(
    # Pydantic, of types that LiteLLM declares.
    "ignore:Item '.*' on TypedDict class '.*' is using the `ReadOnly` qualifier:UserWarning"
)

PROMPT = "the secret of life"
ANSWER = "forty-two, and nobody may know"
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": PROMPT}]}
MOCKED: dict[str, Any] = {**ASKED, "mock_response": ANSWER}
REFUSED: dict[str, Any] = {**ASKED, "mock_response": "litellm.RateLimitError"}

litellm.register_model(
    {
        "openai/priced": {
            "input_cost_per_token": 0.001,
            "output_cost_per_token": 0.01,
            "litellm_provider": "openai",
            "mode": "chat",
            "cache_read_input_token_cost": 0.0001,
            "cache_creation_input_token_cost": 0.001,
        },
        "openai/free": {
            "input_cost_per_token": 0,
            "output_cost_per_token": 0,
            "litellm_provider": "openai",
            "mode": "chat",
            "cache_read_input_token_cost": 0,
            "cache_creation_input_token_cost": 0,
        },
    }
)


BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _call(**kwargs: object) -> dict[str, object]:
    """Return what LiteLLM passes of a call of its own."""
    return {"model": "m", "call_type": "completion", "litellm_call_id": str(uuid.uuid4())} | kwargs


class Told:
    """LiteLLM with one callback, and an exporter that is told of its calls."""

    def __init__(self, url: str, agent: str) -> None:
        self._url = url
        self._agent = agent
        self.telemetry = Telemetry(url, agent=agent)
        self.logger: Any = AgentExporterLogger(self.telemetry)

    def totals(self) -> Totals:
        """Return what the exporter has counted so far."""
        assert self.telemetry.flush(10)
        return Totals(self._url, self._agent)

    def once_counted(self, completions: int) -> Totals:
        """Return what was counted as soon as there are so many: LiteLLM tells in its own time."""

        def counted() -> Totals | None:
            totals = self.totals()
            return totals if sum(totals.outcomes.values()) >= completions else None

        return eventually(counted, "the callback")

    async def once_counted_async(self, completions: int) -> Totals:
        """Do the same while the event loop goes on, on which LiteLLM tells."""
        return await asyncio.to_thread(self.once_counted, completions)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the exporter keeps all it stores."""
    return tmp_path_factory.mktemp("exporter")


@pytest.fixture(scope="module")
def exporter_url(directory: Path) -> Iterator[str]:
    """Run an exporter."""
    with exporter(directory) as url:
        yield url


@pytest.fixture
def told(
    exporter_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Told]:
    """Have LiteLLM tell of its calls for one test."""
    told = Told(exporter_url, request.node.name)
    monkeypatch.setattr(litellm, "callbacks", [told.logger])
    with closing(told.telemetry):
        yield told
    # LiteLLM copies its callbacks into further lists.
    litellm.logging_callback_manager._reset_all_callbacks()  # noqa: SLF001 - the only way out


def test_the_logger_is_one_of_litellm_s_own(told: Told) -> None:
    """LiteLLM takes it for a `CustomLogger`, and those of classes derived from it too."""
    base = litellm.integrations.custom_logger.CustomLogger
    derived = type("Derived", (AgentExporterLogger,), {})(told.telemetry)
    both = type("Both", (AgentExporterLogger, base), {})(told.telemetry)
    for logger in (told.logger, derived, both):
        assert isinstance(logger, base)
        assert isinstance(logger, AgentExporterLogger)


def test_a_completion_counts_with_its_tokens_and_its_cost(told: Told) -> None:
    """An answer is one completion of the provider, at LiteLLM's price."""
    answer = litellm.completion(model="openai/priced", **MOCKED)
    totals = told.once_counted(1)
    usage = answer.usage
    assert totals.outcomes == {"success": 1}
    assert totals.by("provider", "agent_completions_total") == {"openai": 1}
    assert totals.by("model", "agent_completions_total") == {"priced": 1}
    assert totals.tokens == {"input": usage.prompt_tokens, "output": usage.completion_tokens}
    cost = usage.prompt_tokens * 0.001 + usage.completion_tokens * 0.01
    assert totals.by("source", "agent_cost_usd_total") == {"reported": pytest.approx(cost)}
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.sum("agent_completion_duration_seconds_count") == 1
    assert totals.sum("agent_completion_ttft_seconds_count") == 0


def test_a_stream_counts_once_when_it_is_whole(told: Told) -> None:
    """Its chunks are one completion, with a time to the first token."""
    chunks = list(litellm.completion(model="openai/priced", stream=True, **MOCKED))
    assert len(chunks) > 1
    totals = told.once_counted(1)
    assert totals.outcomes == {"success": 1}
    assert totals.tokens["output"] > 0
    assert totals.sum("agent_completion_ttft_seconds_count") == 1


async def test_an_awaited_completion_counts_once(told: Told) -> None:
    """It counts as one that is not awaited, and so does its stream."""
    await litellm.acompletion(model="gemini/some-model", **MOCKED)
    stream = await litellm.acompletion(model="gemini/some-model", stream=True, **MOCKED)
    assert [chunk async for chunk in stream]
    totals = await told.once_counted_async(2)
    assert totals.outcomes == {"success": 2}
    assert totals.by("provider", "agent_completions_total") == {"gcp.gemini": 2}
    assert totals.sum("agent_completion_ttft_seconds_count") == 1


def test_a_failure_is_raised_and_counted(told: Told) -> None:
    """The exception reaches the program; its class and its status tell what kind it was."""
    with pytest.raises(litellm.RateLimitError):
        litellm.completion(model="openai/priced", **REFUSED)
    totals = told.once_counted(1)
    assert totals.outcomes == {"error": 1}
    assert totals.errors == {"rate_limit": 1}
    assert totals.sum("agent_cost_usd_total") == 0


async def test_an_awaited_failure_counts_once(told: Told) -> None:
    """A failure that is awaited is one failure."""
    with pytest.raises(litellm.RateLimitError):
        await litellm.acompletion(model="openai/priced", **REFUSED)
    assert (await told.once_counted_async(1)).errors == {"rate_limit": 1}


async def test_each_attempt_of_a_router_counts(told: Told) -> None:
    """What fails and what is asked instead count each, though all go by one call id."""
    deployments = [
        {"model_name": "first", "litellm_params": {"model": "openai/priced", **_mock(REFUSED)}},
        {"model_name": "second", "litellm_params": {"model": "openai/free", **_mock(MOCKED)}},
    ]
    router = litellm.Router(
        model_list=deployments, fallbacks=[{"first": ["second"]}], num_retries=1, retry_after=0
    )
    await router.acompletion(model="first", litellm_call_id="one-and-the-same", **ASKED)
    totals = await told.once_counted_async(3)
    assert totals.outcomes == {"error": 2, "success": 1}
    assert totals.by("model", "agent_completions_total") == {"priced": 2, "free": 1}


def _mock(call: dict[str, Any]) -> dict[str, Any]:
    return {"api_key": "key", "mock_response": call["mock_response"]}


@pytest.mark.parametrize(("model", "unpriced"), [("openai/free", 0), ("openai/unheard-of", 1)])
def test_free_is_told_from_unpriced(model: str, unpriced: int, told: Told) -> None:
    """A model that costs nothing is priced; one without a price is not."""
    litellm.completion(model=model, **MOCKED)
    totals = told.once_counted(1)
    assert totals.sum("agent_cost_usd_total") == 0
    assert totals.sum("agent_unpriced_completions_total") == unpriced


@pytest.mark.parametrize("why", ["zero_cost_diagnostic", "response_cost_failure_debug_information"])
def test_a_cost_of_0_that_litellm_doubts_is_unknown(why: str, told: Told) -> None:
    """Where LiteLLM says why a cost of 0 is none, the call is not priced."""
    kwargs = _call(response_cost=0.0, **{why: {"reason": "missing_pricing"}})
    told.logger.log_success_event(kwargs, None, BEGAN, BEGAN)
    assert told.totals().sum("agent_unpriced_completions_total") == 1


def test_only_completions_count(told: Told) -> None:
    """An embedding is none, and neither is what the cache answers: no model was asked."""
    litellm.embedding(model="text-embedding-3-small", input=["one"], mock_response=[0.5])
    # LiteLLM's own cache works only with its proxy's requirements installed.
    told.logger.log_success_event(_call(cache_hit=True), None, BEGAN, BEGAN)
    litellm.completion(model="openai/free", **MOCKED)
    totals = told.once_counted(1)
    assert totals.by("model", "agent_completions_total") == {"free": 1}


async def test_a_call_that_is_told_twice_counts_once(told: Told) -> None:
    """The thread and the event loop may both tell of a call: it is the same one."""
    ended = BEGAN + timedelta(seconds=2)
    call = _call()
    told.logger.log_success_event(call, None, BEGAN, ended)
    await told.logger.async_log_success_event(call, None, BEGAN, ended)
    told.logger.log_success_event(_call(), None, BEGAN, ended)
    totals = told.totals()
    assert totals.outcomes == {"success": 2}
    assert totals.sum("agent_completion_duration_seconds_sum") == 4


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("azure", "azure.ai.openai"),
        ("bedrock", "aws.bedrock"),
        ("gemini", "gcp.gemini"),
        ("groq", "groq"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("xai", "x_ai"),
    ],
)
def test_a_provider_goes_by_opentelemetry_s_name(theirs: str, ours: str, told: Told) -> None:
    """LiteLLM's name is used where OpenTelemetry has no other."""
    told.logger.log_success_event(_call(custom_llm_provider=theirs), None, BEGAN, BEGAN)
    assert told.totals().by("provider", "agent_completions_total") == {ours: 1}


@pytest.mark.parametrize("odd", [None, "odd", -1, float("nan"), object(), [], {}])
def test_nothing_odd_raises(odd: Any, told: Told) -> None:  # noqa: ANN401 - anything at all
    """Whatever LiteLLM may pass some day, the call goes on, and what makes sense counts."""
    kwargs = dict.fromkeys(("custom_llm_provider", "response_cost", "completion_start_time"), odd)
    told.logger.log_success_event(_call() | kwargs, odd, odd, odd)
    told.logger.log_failure_event(_call(exception=odd), odd, odd, odd)
    told.logger.log_success_event(odd, odd, odd, odd)
    assert told.totals().outcomes["error"] == 1


def test_its_usage_is_read() -> None:
    """The cache of other providers is a part of the prompt in LiteLLM's own usage object."""
    usage = litellm.Usage(
        prompt_tokens=3770,
        completion_tokens=93,
        total_tokens=3863,
        reasoning_tokens=13,
        cache_read_input_tokens=2521,
        cache_creation_input_tokens=1247,
    )
    parts = {"input": 2, "output": 80, "reasoning": 13, "cache_read": 2521, "cache_write": 1247}
    assert tokens_of(usage) == {**parts, "total": 3863}
    assert tokens_of(SimpleNamespace(usage=usage)) == {**parts, "total": 3863}


def test_no_prompt_and_no_answer_leaves_the_program(told: Told, directory: Path) -> None:
    """Of all that was asked and answered, the exporter has stored not a word."""
    litellm.completion(model="openai/priced", **MOCKED)
    refusal = litellm.BadRequestError(PROMPT, model="priced", llm_provider="openai")
    with pytest.raises(litellm.BadRequestError):
        litellm.completion(model="openai/priced", mock_response=refusal, **ASKED)
    told.once_counted(2)
    stored = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert b"priced" in stored
    assert PROMPT.encode() not in stored
    assert ANSWER.encode() not in stored


_IMPORT = """
import socket
import sys

def refuse(*_args):
    raise AssertionError("the import asks the network")

socket.socket.connect = socket.getaddrinfo = refuse
from exporter.client.litellm import AgentExporterLogger
assert "litellm" not in sys.modules
from exporter.client import Telemetry
AgentExporterLogger(Telemetry())
assert "litellm" in sys.modules
"""


def test_litellm_is_imported_when_a_logger_is_made() -> None:
    """Not before; and then it neither asks the network nor warns."""
    subprocess.run([sys.executable, "-W", "error", "-c", _IMPORT], check=True)


def test_without_litellm_a_logger_cannot_be_made() -> None:
    """The exception says what is missing."""
    program = (
        "import sys; sys.modules['litellm'] = None\n"
        "from exporter.client.litellm import AgentExporterLogger\n"
        "try: AgentExporterLogger(None)\n"
        "except ImportError: sys.exit(3)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 3
