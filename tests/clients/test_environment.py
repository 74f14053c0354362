"""A program whose environment names the exporter, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.totals import Totals

PROGRAM = Path(__file__).with_name("configured.py")


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_an_address_is_all_that_a_program_needs(url: str, compression: str | None) -> None:
    """All three signals arrive, and what they tell is counted; the SDK says nothing of it."""
    service = f"program-{compression}"
    environment = {name: value for name, value in os.environ.items() if "OTEL" not in name}
    environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    if compression:
        environment["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression
    before = of_claude_code(url)
    ran = subprocess.run(
        [sys.executable, "-W", "error", PROGRAM, service],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert (ran.stdout, ran.stderr) == ("", "")
    assert Totals(url, service).outcomes == {"success": 1}
    assert of_claude_code(url) == (before[0] + 1, before[1] + 12)


def of_claude_code(url: str) -> tuple[float, float]:
    """Return what was counted of Claude Code, by whatever name its service goes."""
    totals = Totals(url, "claude-code")
    names = ("agent_completion_errors_total", "agent_lines_of_code_total")
    failed, lines = (totals.sum(name) for name in names)
    return failed, lines
