"""Replaying recorded streams to a real exporter."""

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from exporter.agents.registry import AGENTS
from exporter.cli import replay
from tests.cli.asking import ask, counted
from tests.cli.recorded import MODEL, RUNS, recorded
from tests.e2e.processes import COMMAND, PATIENCE_SECS

WRITTEN_AT = 1_790_000_000.0

NOISE = b"Warning: no stdin data received in 3s\n\n\xff\x00\n[1]\n"


def _completions(url: str, agent: str) -> float:
    return counted(url, "agent_completions_total", agent=agent, model=MODEL, outcome="success")


def _latest(url: str, agent: str) -> float:
    """Return when the newest completion of an agent was, Unix seconds."""
    calls = ask(url, "/api/v1/calls", limit=100)["calls"]
    at: str = next(call["timestamp"] for call in calls if call["agent"] == agent)
    return datetime.fromisoformat(at).timestamp()


@pytest.mark.parametrize("agent", RUNS)
def test_a_run_counts_once_however_often_it_is_replayed(
    agent: str, url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The call of a run is counted; a second replay is all duplicates, and says why."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(NOISE + recorded(agent))
    before = _completions(url, agent)
    arguments = [f"--agent={agent}", f"--model={MODEL}", f"--url={url}", str(path)]
    assert replay.run(arguments, {}) == 0
    first = capsys.readouterr()
    assert replay.run(arguments, {}) == 0
    second = capsys.readouterr()
    assert _completions(url, agent) == before + 1
    assert first.err == second.err == ""
    lines, events, totals = first.out.splitlines()
    count = len(RUNS[agent](""))
    assert lines == f"lines: {count + 3} read, 3 skipped"
    assert "completion 1" in events
    told = events.split()[1]
    assert totals == f"accepted {told}, duplicates 0, rejected 0"
    assert second.out.splitlines() == [
        lines,
        events,
        f"accepted 0, duplicates {told}, rejected 0",
        "duplicates were told before, and count once",
    ]


def test_every_agent_that_streams_has_a_run_here() -> None:
    """The tests leave out no agent whose stream can be read."""
    assert RUNS.keys() == {name for name, agent in AGENTS.items() if agent.stream is not None}


def test_events_are_of_the_instants_that_the_lines_name(url: str, tmp_path: Path) -> None:
    """An event is of the instant on its line, or on the last line that named one before it."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("claude-code"))
    assert replay.run(["--agent=claude-code", f"--url={url}", str(path)], {}) == 0
    named = datetime.fromisoformat("2026-08-23T10:50:01.254Z").timestamp()
    assert _latest(url, "claude-code") == pytest.approx(named)


def test_where_no_line_names_an_instant_it_is_that_of_the_file(url: str, tmp_path: Path) -> None:
    """What codex writes names none, so the time at which it was written stands for all of it."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("codex"))
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))
    assert replay.run(["--agent=codex", f"--url={url}", str(path)], {}) == 0
    assert _latest(url, "codex") == WRITTEN_AT


def test_a_file_from_the_future_is_of_now(url: str, tmp_path: Path) -> None:
    """The exporter would refuse what is yet to come; a clock that was wrong is no reason to."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("codex"))
    os.utime(path, (4_000_000_000, 4_000_000_000))
    assert replay.run(["--agent=codex", f"--url={url}", str(path)], {}) == 0


def test_a_pipe_is_replayed_too(url: str) -> None:
    """With `-`, standard input is what was recorded."""
    before = _completions(url, "codex")
    done = subprocess.run(
        [COMMAND, "replay", "--agent=codex", f"--model={MODEL}", f"--url={url}", "-"],
        input=recorded("codex"),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECS,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert _completions(url, "codex") == before + 1


def test_a_line_that_holds_what_cannot_be_is_named(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Such a line is rejected by its number and field, the code is 1, and the others count."""
    path = tmp_path / "run.jsonl"
    run = recorded("codex").splitlines(keepends=True)
    impossible = b'{"type": "turn.completed", "usage": {"input_tokens": -7}}\n'
    path.write_bytes(b"".join([*run[:2], b"\n", impossible, *run[1:]]))
    before = _completions(url, "codex")
    arguments = ["--agent=codex", f"--model={MODEL}", f"--url={url}", str(path)]
    assert replay.run(arguments, {}) == 1
    assert _completions(url, "codex") == before + 1
    out, err = capsys.readouterr()
    assert "rejected 1\n" in out
    assert err == "agent-exporter: line 4: out_of_range at $.input_tokens\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x"], "the following arguments are required: --agent"),
        (["--agent=codex"], "the following arguments are required: FILE"),
        (["--agent=secret", "x"], f"argument --agent: expected one of {', '.join(RUNS)}"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a file and an agent that is known nothing can be replayed."""
    with pytest.raises(SystemExit) as exited:
        replay.run(arguments, {})
    assert exited.value.code == 2
    more = "; agent-exporter replay --help tells more\n"
    assert capsys.readouterr() == ("", f"agent-exporter: {message}{more}")
