"""The demo as a shell starts it, against a real exporter."""

import os
import pty
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from exporter.cli import demo
from tests.e2e.processes import COMMAND, PATIENCE_SECS, eventually, exporter, free_port

FIRST_LINE = r"demo: sending %s events a second to %s \(--seed=(\d+)\); Ctrl-C ends it\n"
LAST_LINE = r"demo: (\d+) events sent, (\d+) dropped\n"


@contextmanager
def _demo(*flags: str, terminal: int | None = None) -> Iterator["subprocess.Popen[str]"]:
    """Run the demo; its standard error goes to a terminal, if there is one."""
    with subprocess.Popen(
        [str(COMMAND), "demo", *flags],
        env={},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if terminal is None else terminal,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _run(*flags: str) -> tuple[int, str, str]:
    with _demo(*flags) as process:
        out, err = process.communicate(timeout=PATIENCE_SECS)
        return process.returncode, out, err


def _metrics(url: str) -> str:
    with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310 - http, ours
        metrics: str = response.read().decode()
        return metrics


def _labels(metrics: str, family: str, label: str) -> set[str]:
    """Return the values that a label has in samples that are not 0."""
    samples = re.findall(rf"^{family}\{{(.*)\}} (\S+)$", metrics, re.MULTILINE)
    given = [re.search(rf'\b{label}="([^"]*)"', text) for text, value in samples if float(value)]
    return {found.group(1) for found in given if found}


def test_it_is_seen_while_it_runs_and_ended_by_a_signal(tmp_path: Path) -> None:
    """Many agents, models, channels and quotas are seen; a signal ends all that was in flight."""
    with exporter(tmp_path) as url, _demo(f"--url={url}", "--rate=400", "--seed=7") as process:

        def alive() -> str | None:
            metrics = _metrics(url)
            agents = _labels(metrics, "agent_completions_total", "agent")
            return metrics if len(agents) == 5 else None

        metrics = eventually(alive, "completions of every agent")
        assert len(_labels(metrics, "agent_completions_total", "model")) >= 5
        in_flight = _labels(metrics, "agent_requests_in_flight", "channel")
        assert in_flight == {"cli", "ide", "ci", "slack"}
        assert {"5h", "7d"} <= _labels(metrics, "agent_quota_used_ratio", "window")
        assert _labels(metrics, "agent_queue_depth", "queue")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECS)
        metrics = _metrics(url)
    assert (process.returncode, err) == (0, "")
    lines = re.fullmatch(FIRST_LINE % ("400", re.escape(url)) + LAST_LINE, out)
    assert lines is not None, out
    assert lines.group(1) == "7"
    accepted = re.findall(r'\nagent_exporter_events_total\{.*"accepted".*\} (\S+)', metrics)
    assert sum(map(float, accepted)) == int(lines.group(2))
    assert lines.group(3) == "0"
    assert not _labels(metrics, "agent_requests_in_flight", "channel")
    assert "agent_exporter_unknown_fields_total 0.0" in metrics


def test_it_ends_by_itself(tmp_path: Path) -> None:
    """With `--seconds` it ends with the time, and with 0; the seed of chance is told."""
    with exporter(tmp_path) as url:
        code, out, err = _run(f"--url={url}", "--seconds=0.5", "--rate=50")
    assert (code, err) == (0, "")
    assert re.fullmatch(FIRST_LINE % ("50", re.escape(url)) + LAST_LINE, out)


def test_it_shows_on_a_terminal_how_far_it_is(tmp_path: Path) -> None:
    """On a terminal a line tells how many events were sent, and is gone in the end."""
    ours, theirs = pty.openpty()
    with exporter(tmp_path) as url:
        with _demo(f"--url={url}", "--rate=100", "--seconds=2.5", terminal=theirs) as process:
            os.close(theirs)
            process.communicate(timeout=PATIENCE_SECS)
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0
    assert re.fullmatch(r"(\r\x1b\[K\d+ events sent, 0 dropped)+\r\x1b\[K", shown)


def test_it_outlives_the_exporter(tmp_path: Path) -> None:
    """An exporter that goes away does not end it: what could not be sent is told in the end."""
    with ExitStack() as stack:
        with exporter(tmp_path) as url:
            process = stack.enter_context(_demo(f"--url={url}", "--rate=200", "--seconds=2"))
            assert process.stdout is not None
            first = process.stdout.readline()
        rest, err = process.communicate(timeout=PATIENCE_SECS)
    assert process.returncode == 0
    assert re.fullmatch(FIRST_LINE % ("200", re.escape(url)), first)
    totals = re.fullmatch(LAST_LINE, rest)
    assert totals is not None
    assert int(totals.group(2)) > 0
    assert re.fullmatch(r"agent-exporter: events were dropped: \d+ \(unsent\)\n", err)


def test_without_an_exporter_it_fails_in_one_line() -> None:
    """Where nobody listens nothing is sent: one line says so, and the code is 1."""
    reason = "Connection refused; start one, or name it with --url"
    message = f"agent-exporter: demo: found no exporter there: {reason}\n"
    assert _run(f"--url=http://127.0.0.1:{free_port()}") == (1, "", message)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--rate=0", "argument --rate: expected events a second, above 0 and <= 1000"),
        ("--rate=-1", "argument --rate: expected events a second, above 0 and <= 1000"),
        ("--rate=nan", "argument --rate: expected events a second, above 0 and <= 1000"),
        ("--rate=1001", "argument --rate: expected events a second, above 0 and <= 1000"),
        ("--rate=secret", "argument --rate: expected events a second, above 0 and <= 1000"),
        ("--seconds=0", "argument --seconds: expected seconds, above 0"),
        ("--seconds=nan", "argument --seconds: expected seconds, above 0"),
        ("--seed=secret", "argument --seed: invalid int value:"),
        ("--url=secret", "the URL must begin with http:// or https:// and name a host"),
        ("--backfill", "unknown flag --backfill"),
    ],
)
def test_wrong_usage_is_one_line(
    flag: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What makes no sense is refused with 2, in one line that does not repeat it."""
    with pytest.raises(SystemExit) as exited:
        demo.run([flag], {})
    assert exited.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"agent-exporter: {expected}; agent-exporter demo --help tells more\n"


def test_help_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Help tells of every flag, and of how to begin."""
    with pytest.raises(SystemExit) as exited:
        demo.run(["--help"], {})
    assert not exited.value.code
    out = capsys.readouterr().out
    assert "examples:\n  agent-exporter demo\n" in out
    for flag in ("--url", "--token-file", "--rate", "--seed", "--seconds"):
        assert flag in out
