"""LiteLLM's own OpenTelemetry callback, set up by the environment as its documentation says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.asking import ask, counted
from tests.client.totals import Totals
from tests.e2e.processes import exporter

PROGRAM = Path(__file__).with_name("litellm_calls.py")
EVERYTHING = {
    "LITELLM_OTEL_INTEGRATION_ENABLE_EVENTS": "true",
    "LITELLM_OTEL_INTEGRATION_ENABLE_METRICS": "true",
}
VARIANTS = {
    "litellm": {"OTEL_EXPORTER": "otlp_http", **EVERYTHING},
    "litellm-latest": {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "NO_CONTENT",
        **EVERYTHING,
    },
    "litellm-v2": {"OTEL_EXPORTER": "otlp_http", "LITELLM_OTEL_V2": "true", **EVERYTHING},
}
"""What LiteLLM is told beside the address, by the name of its service."""


class Told:
    """What the programs print, and the exporter that was told of the same calls."""

    def __init__(self, url: str, programs: dict[str, subprocess.Popen[str]]) -> None:
        self.url = url
        self._programs = programs
        self._printed: dict[str, dict[str, float]] = {}

    def by(self, service: str) -> dict[str, float]:
        """Return what a program says of its calls, once it has ended."""
        if service not in self._printed:
            printed, complaints = self._programs[service].communicate()
            assert self._programs[service].returncode == 0, complaints
            assert "Failed to export" not in complaints
            self._printed[service] = json.loads(printed)
        return self._printed[service]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the exporter keeps all it stores."""
    return tmp_path_factory.mktemp("exporter")


@pytest.fixture(scope="module")
def told(directory: Path) -> Iterator[Told]:
    """Run every variant at once, because LiteLLM takes seconds to start."""
    with exporter(directory) as url:
        programs = {service: started(url, service) for service in VARIANTS}
        yield Told(url, programs)
        for program in programs.values():
            program.communicate()


def started(url: str, service: str) -> subprocess.Popen[str]:
    """Start the program with nothing in its environment but what it needs."""
    standard = "OTEL_EXPORTER_OTLP_PROTOCOL" in VARIANTS[service]
    environment = {
        "PATH": os.environ["PATH"],
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT" if standard else "OTEL_ENDPOINT": url,
        "OTEL_SERVICE_NAME": service,
        **VARIANTS[service],
    }
    return subprocess.Popen(
        [sys.executable, PROGRAM],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("service", VARIANTS)
def test_each_call_counts_once(told: Told, service: str) -> None:
    """A call is a completion with its tokens and its cost, whatever else LiteLLM tells of it."""
    said = told.by(service)
    totals = Totals(told.url, service)
    assert totals.outcomes == {"success": said["success"], "error": said["error"]}
    assert totals.errors == {"rate_limit": said["error"]}
    calls = said["success"] + said["error"]
    assert totals.by("provider", "agent_completions_total") == {"openai": calls}
    assert totals.by("model", "agent_completions_total") == {"priced": calls}
    assert totals.tokens == {"input": said["input"], "output": said["output"]}
    cost_usd = said["input"] * 0.001 + said["output"] * 0.01
    assert totals.by("source", "agent_cost_usd_total") == {"reported": pytest.approx(cost_usd)}
    assert totals.sum("agent_completion_duration_seconds_count") == calls
    assert totals.sum("agent_token_mismatches_total") == 0


def test_nothing_is_rejected_and_no_content_kept(told: Told, directory: Path) -> None:
    """What LiteLLM sends with prompts and answers is taken, and of those nothing is stored."""
    said = [told.by(service) for service in VARIANTS]
    assert counted(told.url, "agent_exporter_otlp_records_total", result="rejected") == 0
    calls = sum(of_one["success"] + of_one["error"] for of_one in said)
    assert len(ask(told.url, "/api/v1/calls")["calls"]) == calls
    stored = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert b"priced" in stored
    assert b"a secret" not in stored
    assert b"forty-two" not in stored
