"""What docs/agents.md tells to set and to run is what works."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from exporter.agents.registry import AGENTS
from exporter.cli.reading import READERS
from exporter.client.telemetry import TOKEN_VARIABLE
from exporter.config import SETTINGS, URL_VARIABLE, Config
from exporter.metrics.catalogue import CATALOGUE
from exporter.web.otlp import SIGNALS
from tests.cli.asking import counted
from tests.cli.recorded import RUNS, recorded
from tests.docs.test_readme import anchors
from tests.e2e.processes import COMMAND, exporter

PATH = Path("docs/agents.md")
PAGE = PATH.read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:24368"

PROGRAMS = {
    "claude": ("claude-code", "-p --output-format stream-json --verbose"),
    "codex": ("codex", "exec --json"),
    "gemini": ("gemini-cli", "--output-format stream-json"),
    "opencode": ("opencode", "run --format json"),
    "pi": ("pi", "--mode json --print"),
}
"""The agents' commands, and what they must be told to write the lines that are read."""

AROUND = "ask = look_up = lambda: None\n"


def of_language(*languages: str) -> list[str]:
    """Return the blocks that are written in one of these."""
    return [text for language, text in BLOCKS if language in languages]


def test_every_agent_has_a_section() -> None:
    """Its heading is its name, but for capitals and spaces."""
    assert set(AGENTS) <= anchors(PATH)
    assert set(RUNS) == set(READERS) == {agent for agent, _ in PROGRAMS.values()}


def test_every_metric_named_exists() -> None:
    """As it is exposed, and with the labels that it has."""
    families = {family.sample_name: family for family in CATALOGUE}
    named = set(re.findall(r"`(agent_[a-z_]+[a-z])", PAGE))
    assert named <= set(families)
    for name, label in re.findall(r"`(agent_\w+)\{(\w+)=", PAGE):
        assert label in families[name].labels


def test_every_setting_and_address_named_exists() -> None:
    """Variables and keys are ours, and what is sent is sent to where it is taken."""
    variables = {setting.variable for setting in SETTINGS} | {URL_VARIABLE, TOKEN_VARIABLE}
    assert set(re.findall(r"AGENT_EXPORTER_[A-Z_]+", PAGE)) <= variables
    keys = {f"{section}.{key}" for section, key in (setting.path for setting in SETTINGS)}
    sections = msgspec.structs.asdict(Config())
    keys |= {f"{name}.{key}" for name, part in sections.items() for key in part.__struct_fields__}
    assert set(re.findall(r"`((?:metrics|store|ingest)\.[a-z_]+)`", PAGE)) <= keys
    served = {"", "/metrics", "/api/v1/events", *SIGNALS}
    assert set(re.findall(rf"{ADDRESS}([^\s'\"`,]*)", PAGE)) <= served


def test_every_setting_of_an_agent_can_be_read() -> None:
    """It is TOML or JSON as the agent reads it."""
    for text in of_language("toml"):
        assert tomllib.loads(text)
    for text in of_language("json"):
        assert json.loads(text)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a running exporter."""
    with exporter(tmp_path_factory.mktemp("exporter")) as running:
        yield running


@pytest.fixture(scope="module")
def environ(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a user who has every agent, and a session file of Codex."""
    home = tmp_path_factory.mktemp("home")
    for program, (agent, arguments) in PROGRAMS.items():
        (home / f"{program}.jsonl").write_bytes(recorded(agent))
        script = f'#!/bin/sh\ncase "$*" in "{arguments}"*) exec cat {home}/{program}.jsonl;; esac\n'
        (home / program).write_text(f"{script}exit 3\n")
        (home / program).chmod(0o755)
    day = home / ".codex" / "sessions" / "2026" / "04" / "01"
    day.mkdir(parents=True)
    (day / "rollout-1.jsonl").write_bytes(recorded("codex"))
    path = f"{home}:{COMMAND.parent}:{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": path, URL_VARIABLE: url}


@pytest.mark.parametrize("index", [i for i, (language, _) in enumerate(BLOCKS) if language == "sh"])
def test_every_command_of_the_page_does_what_the_page_says(
    index: int, url: str, environ: dict[str, str]
) -> None:
    """Each is run as it stands, but for the port; a JSON block behind it is its answer."""
    command = "set -e\n" + BLOCKS[index][1].replace(ADDRESS, url)
    done = subprocess.run(
        ["sh", "-c", command],  # noqa: S607 - as a reader would
        env=environ,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if "curl" in command and BLOCKS[index + 1 : index + 2] and BLOCKS[index + 1][0] == "json":
        assert json.loads(done.stdout) == json.loads(BLOCKS[index + 1][1])
    elif "agent-exporter" in command:
        assert done.stdout
    for agent in re.findall(r"--agent=(\S+)", command):
        assert counted(url, "agent_completions_total", agent=agent) > 0


@pytest.mark.parametrize("text", of_language("python"))
def test_every_program_of_the_page_runs(text: str, url: str, environ: dict[str, str]) -> None:
    """As it stands, but for the port, where the libraries that it names are installed."""
    for library in re.findall(r"^import (\w+)", text, re.MULTILINE):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    subprocess.run(
        [sys.executable, "-c", AROUND + text.replace(ADDRESS, url)],
        env={**environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        check=True,
        capture_output=True,
    )
