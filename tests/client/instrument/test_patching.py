"""What is replaced in the libraries, and that it is put back."""

import importlib
import subprocess
import sys
from typing import Any

import pytest

from exporter.client import Telemetry
from exporter.client.instrument import instrument, uninstrument
from exporter.client.instrument_anthropic import LIBRARY as ANTHROPIC
from exporter.client.instrument_openai import LIBRARY as OPENAI
from tests.client.instrument.stage import CHAT, MESSAGE, STREAMED, Foreign, Stage
from tests.client.providers import ANSWER
from tests.client.totals import Totals

openai: Any = pytest.importorskip("openai")
anthropic: Any = pytest.importorskip("anthropic")


def test_to_instrument_again_counts_no_call_twice(stage: Stage) -> None:
    """Only the last one told is told."""
    instrument(stage.telemetry)
    with Telemetry(stage.url, agent=f"{stage.agent} again") as other:
        instrument(other, anthropic=False)
        stage.openai.chat.completions.create(**CHAT)
        stage.anthropic.messages.create(**MESSAGE)
        assert other.flush(10)
    provider = "agent_completions_total"
    assert stage.totals().by("provider", provider) == {"anthropic": 1}
    assert Totals(stage.url, f"{stage.agent} again").by("provider", provider) == {"openai": 1}


def _methods() -> dict[tuple[str, str, str], object]:
    found = {}
    for method in (*OPENAI.methods, *ANTHROPIC.methods):
        owner = getattr(importlib.import_module(method.module), method.class_name)
        found[method[:3]] = vars(owner)[method.name]
    return found


def test_every_method_is_put_back() -> None:
    """To undo leaves on every class the very function that was there; to undo again, nothing."""
    before = _methods()
    instrument(Telemetry())
    instrument(Telemetry())
    during = _methods()
    assert all(during[method] is not before[method] for method in before)
    uninstrument()
    uninstrument()
    assert _methods() == before


def test_what_another_put_on_top_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """To undo under another's replacement takes nothing of it away, and tells nothing more."""
    completions = openai.resources.chat.completions.Completions
    ours = completions.create

    def theirs(*args: object, **kwargs: object) -> object:
        return ours(*args, **kwargs)

    monkeypatch.setattr(completions, "create", theirs)
    uninstrument()
    assert completions.create is theirs
    assert stage.openai.chat.completions.create(**CHAT).choices[0].message.content == ANSWER
    assert stage.totals().outcomes == {}
    monkeypatch.undo()
    completions.create = ours.__wrapped__


def test_calls_go_on_where_nothing_is_told(provider_url: str) -> None:
    """With a client that is not enabled, every call gives its answer."""
    stage = Stage(provider_url, "", "nobody")
    assert not stage.telemetry.enabled
    instrument(stage.telemetry)
    try:
        with stage.openai, stage.anthropic:
            assert ANSWER in str(stage.openai.chat.completions.create(**CHAT))
            assert ANSWER in str(STREAMED["message helper"][0](stage))
            with pytest.raises(openai.RateLimitError):
                stage.openai.chat.completions.create(**CHAT | {"model": "failing-429"})
    finally:
        uninstrument()


@pytest.mark.parametrize(
    ("library", "client_name", "base_url", "provider"),
    [
        (OPENAI, "OpenAI", "https://api.openai.com/v1/", "openai"),
        (OPENAI, "AsyncOpenAI", "http://127.0.0.1:8000/v1/", "openai"),
        (OPENAI, "OpenAI", "https://api.groq.com/openai/v1/", "groq"),
        (OPENAI, "OpenAI", "https://api.x.ai/v1", "x_ai"),
        (OPENAI, "AsyncAzureOpenAI", "https://mine.openai.azure.com/", "azure.ai.openai"),
        (ANTHROPIC, "Anthropic", "https://api.anthropic.com", "anthropic"),
        (ANTHROPIC, "AsyncAnthropicBedrock", "https://bedrock", "aws.bedrock"),
        (ANTHROPIC, "AnthropicVertex", "https://vertex", "gcp.vertex_ai"),
    ],
)
def test_the_provider_is_who_the_client_asks(
    library: Foreign, client_name: str, base_url: str, provider: str
) -> None:
    """It goes by the client's class and address, in OpenTelemetry's names."""
    client = type(client_name, (), {"base_url": base_url})()
    assert library.provider_of(client) == provider


_WITHOUT_LIBRARIES = """
import sys
from exporter.client import Telemetry
from exporter.client.instrument import instrument, uninstrument
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"openai", "anthropic", "httpx", "pydantic"}, loaded
sys.modules["openai"] = sys.modules["anthropic"] = None  # as where they are not installed
instrument(Telemetry())
uninstrument()
"""


def test_libraries_that_are_missing_are_passed_over() -> None:
    """The import loads no library, and to instrument without them does nothing."""
    subprocess.run([sys.executable, "-W", "error", "-c", _WITHOUT_LIBRARIES], check=True)
