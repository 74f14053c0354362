"""OpenTelemetry's JavaScript SDK, which sends JSON, as agents on Node do."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.asking import counted
from tests.client.totals import Totals
from tests.clients.npm import install, requires_node

RECORDS = "agent_exporter_otlp_records_total"


@pytest.fixture(scope="module")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program with its packages, which are kept between runs of the tests."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return install(cache.mkdir("node") if cache else tmp_path_factory.mktemp("node"))


@requires_node
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_everything_counts_once(url: str, program: Path, compression: str) -> None:
    """Spans, log records and totals in JSON are understood; the SDK has nothing to complain of."""
    service = f"on-node-{compression}"
    before = Totals(url, "gemini-cli")
    ran = subprocess.run(
        ["node", program, service],  # noqa: S607 - whichever is installed
        env={
            "PATH": os.environ["PATH"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)
    totals = Totals(url, service)
    assert totals.outcomes == {"success": 1, "error": 1}
    assert totals.errors == {"rate_limit": 1}
    assert totals.tokens == {"input": 1000, "output": 90}
    assert totals.sum("agent_completion_ttft_seconds_sum") == 0.5
    assert totals.sum("agent_completion_duration_seconds_sum") == 2
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.by("channel", "agent_request_duration_seconds_sum") == {"invoke_agent": 4}
    assert totals.by("tool", "agent_tool_calls_total") == {"search": 1}
    assert totals.sum("agent_tool_duration_seconds_sum") == 0.25
    gemini_cli = Totals(url, "gemini-cli")
    parts = {"input": 300, "output": 30, "reasoning": 60, "cache_read": 700}
    assert {
        part: value - before.tokens.get(part, 0) for part, value in gemini_cli.tokens.items()
    } == parts
    lines = "agent_lines_of_code_total"
    assert gemini_cli.sum(lines) - before.sum(lines) == 12
    assert counted(url, RECORDS, result="rejected") == 0
