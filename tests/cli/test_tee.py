"""`tee` between a command and whoever runs it: nobody may notice, and what is said must count."""

import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.asking import ask, counted
from tests.cli.recorded import MODEL, RUNS, recorded
from tests.e2e.processes import COMMAND, PATIENCE_SECS, free_port

NOISE = b"Warning: no stdin data received in 3s\n\n\xff\x00\n[1]\n"

OPEN = """
import os, sys
def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
seen = [is_open(0), is_open(2)]
open(sys.argv[1], "w").write(str(seen))
print("done")
"""


def _tee(url: str, *command: str | Path, agent: str = "codex") -> list[str]:
    flags = [f"--agent={agent}", f"--model={MODEL}", f"--url={url}"]
    return [str(COMMAND), "tee", *flags, "--", *map(str, command)]


def _python(code: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def _run(arguments: list[str], stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        arguments, input=stdin, capture_output=True, check=False, timeout=PATIENCE_SECS
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def nowhere() -> str:
    """Return a URL at which nobody answers."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def silent() -> Iterator[str]:
    """Return a URL at which everything is taken and nothing answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _completions(url: str, agent: str) -> float:
    return counted(url, "agent_completions_total", agent=agent, model=MODEL, outcome="success")


@pytest.mark.parametrize("agent", RUNS)
def test_what_an_agent_says_counts_and_passes_through(agent: str, url: str, tmp_path: Path) -> None:
    """The call in a run of each agent is counted, its bytes come out the same, and no other."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(NOISE + recorded(agent))
    before = _completions(url, agent)
    assert _run(_tee(url, "cat", path, agent=agent)) == (0, path.read_bytes(), b"")
    assert _completions(url, agent) == before + 1


def test_what_names_no_instant_is_of_when_it_was_said(url: str, tmp_path: Path) -> None:
    """What codex writes names none: the clock does."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("codex"))
    begun = time.time()
    assert _run(_tee(url, "cat", path))[0] == 0
    at = ask(url, "/api/v1/calls", limit=1)["calls"][0]["timestamp"]
    assert begun <= datetime.fromisoformat(at).timestamp() <= time.time()


def test_the_session_may_be_told(url: str, tmp_path: Path) -> None:
    """A stream that names no session is of the one that the flag names."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("pi"))
    command = _tee(url, "cat", path, agent="pi")
    command.insert(2, "--session=session-of-the-flag")
    assert _run(command)[0] == 0
    assert ask(url, "/api/v1/calls", limit=1)["calls"][0]["session_id"] == "session-of-the-flag"


def test_what_was_said_last_counts_too(url: str) -> None:
    """A last line without an end, from a command that is killed right after it, is read."""
    run = json.dumps(recorded("pi").decode().strip())
    code = f"import os, sys; sys.stdout.write({run}); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    before = _completions(url, "pi")
    code_seen, out, _ = _run(_tee(url, *_python(code), agent="pi"))
    assert (code_seen, out.decode()) == (-signal.SIGKILL, json.loads(run))
    assert _completions(url, "pi") == before + 1


def test_verbose_says_what_was_read(url: str, nowhere: str, tmp_path: Path) -> None:
    """Only when asked to, it says on standard error how much was read and what was lost."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(NOISE + recorded("pi"))
    for target, dropped in ((url, "0 dropped\n"), (nowhere, "")):
        command = _tee(target, "cat", path, agent="pi")
        command.insert(2, "--verbose")
        _, out, err = _run(command)
        assert out == path.read_bytes()
        told = f"agent-exporter: tee: 4 lines, 3 skipped, 0 unfit, 2 events, {dropped}"
        assert told in err.decode()


def test_a_flood_of_any_bytes_comes_out_the_same(nowhere: str, tmp_path: Path) -> None:
    """64 MiB of anything, faster than it could be read, lose and change no byte."""
    path = tmp_path / "bytes"
    path.write_bytes(random.Random(7).randbytes(64 * 1024 * 1024))  # noqa: S311 - no secret
    with subprocess.Popen(_tee(nowhere, "cat", path), stdout=subprocess.PIPE) as teeing:
        assert teeing.stdout is not None
        with path.open("rb") as file:
            while piece := teeing.stdout.read(1024 * 1024):
                assert piece == file.read(len(piece))
            assert file.read(1) == b""
        assert teeing.wait(PATIENCE_SECS) == 0


def test_a_flood_of_lines_comes_out_the_same(url: str, tmp_path: Path) -> None:
    """So do lines that are read, and short as they are, all of them count."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(recorded("pi") for _ in range(5000)))
    before = _completions(url, "pi")
    assert _run(_tee(url, "cat", path, agent="pi")) == (0, path.read_bytes(), b"")
    assert _completions(url, "pi") == before + 5000


def test_an_output_that_does_not_wait_gets_everything(nowhere: str) -> None:
    """Where somebody set our output not to block, a slow reader still gets every byte."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with subprocess.Popen(
        _tee(nowhere, *_python("print('x' * 1_000_000)")), stdout=theirs
    ) as teeing:
        os.close(theirs)
        with open(ours, "rb") as reader:  # noqa: PTH123 - it is a descriptor
            assert reader.read() == b"x" * 1_000_000 + b"\n"
        assert teeing.wait(PATIENCE_SECS) == 0


def test_standard_input_and_error_are_the_command_s_own(nowhere: str) -> None:
    """What is sent in reaches the command byte by byte, and what it complains of comes out."""
    data = random.Random(7).randbytes(300_000)  # noqa: S311 - no secret
    command = _tee(nowhere, "sh", "-c", "cat; echo complaint >&2")
    assert _run(command, stdin=data) == (0, data, b"complaint\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_closed_stays_closed(closed: str, nowhere: str, tmp_path: Path) -> None:
    """Without some of its three files a command runs, and finds input and error as they were."""
    path = tmp_path / "open"
    seen = []
    for command in (_python(OPEN, path), _tee(nowhere, *_python(OPEN, path))):
        script = f"{shlex.join(command)} {closed}"
        assert _run(["sh", "-c", script])[0] == 0
        seen.append(path.read_text())
    assert seen[0] == seen[1] == ("[%s, %s]" % ("<" not in closed, "2" not in closed))


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_it_ends_with_the_command_s_code(code: int, nowhere: str) -> None:
    """Whatever the command returns."""
    assert _run(_tee(nowhere, "sh", "-c", f"exit {code}")) == (code, b"", b"")


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE]
)
def test_it_ends_by_the_command_s_signal(number: signal.Signals, nowhere: str) -> None:
    """Whoever waits for it sees the status that the command's own would have been."""
    assert _run(_tee(nowhere, "sh", "-c", f"kill -{number} $$")) == (-number, b"", b"")


@pytest.mark.parametrize(
    ("command", "code", "reason"),
    [
        ("no-such-command", 127, "no such command"),
        ("/nowhere/x", 127, "no such command"),
        ("", 127, "no such command"),
        ("/etc/passwd", 126, "cannot run the command: Permission denied"),
        ("/", 126, "cannot run the command: Permission denied"),
    ],
)
def test_what_cannot_be_run_is_told_as_by_a_shell(
    command: str, code: int, reason: str, nowhere: str
) -> None:
    """A command that is not there is 127, one that cannot be run 126, each with one line."""
    message = f"agent-exporter: tee: {reason}\n".encode()
    assert _run(_tee(nowhere, command)) == (code, b"", message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent=codex"], "expected -- and a command after the flags"),
        (["--agent=codex", "--"], "expected -- and a command after the flags"),
        (["--agent=codex", "true"], "unexpected argument"),
        (["--", "true"], "the following arguments are required: --agent"),
        (["--agent=secret", "--", "true"], f"argument --agent: expected one of {', '.join(RUNS)}"),
        (
            ["--agent=codex", "--url=x", "--", "true"],
            "the URL must begin with http:// or https:// and name a host",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments: list[str], message: str) -> None:
    """Nothing is run before it is known what is meant."""
    more = "; agent-exporter tee --help tells more\n"
    told = f"agent-exporter: {message}{more}".encode()
    assert _run([str(COMMAND), "tee", *arguments]) == (2, b"", told)


def test_an_exporter_that_is_not_there_changes_nothing(nowhere: str, tmp_path: Path) -> None:
    """The command runs as ever, and nothing is said."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("codex"))
    assert _run(_tee(nowhere, "cat", path)) == (0, path.read_bytes(), b"")


def test_an_exporter_that_never_answers_holds_nothing_up(silent: str, tmp_path: Path) -> None:
    """Output ends when the command does, and tee gives up soon after."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("codex"))
    assert _run(_tee(silent, "cat", path)) == (0, path.read_bytes(), b"")


def test_a_reader_that_leaves_ends_the_command(nowhere: str) -> None:
    """Where our output is closed, the command's is: it ends by SIGPIPE, as it would have."""
    with subprocess.Popen(_tee(nowhere, "yes"), stdout=subprocess.PIPE) as teeing:
        assert teeing.stdout is not None
        assert teeing.stdout.readline() == b"y\n"
        teeing.stdout.close()
        assert teeing.wait(PATIENCE_SECS) == -signal.SIGPIPE


def test_output_that_cannot_be_written_is_told(nowhere: str) -> None:
    """A full disk is no success, even where the command could not know of it."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            _tee(nowhere, "echo", "x"), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"agent-exporter: tee: cannot write: No space left on device\n"


def test_a_command_may_close_its_output_and_go_on(nowhere: str) -> None:
    """Its end is waited for, and not that of its output."""
    command = _tee(nowhere, "sh", "-c", "echo x; exec >&-; read line; exit 3")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as teeing:
        assert teeing.stdin is not None
        assert teeing.stdout is not None
        assert teeing.stdout.read() == b"x\n"
        assert teeing.poll() is None
        teeing.stdin.close()
        assert teeing.wait(PATIENCE_SECS) == 3


def test_what_a_command_leaves_behind_can_go_on_writing(nowhere: str, tmp_path: Path) -> None:
    """Tee ends when the command does, and what its children write later comes out all the same."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = _tee(nowhere, "sh", "-c", '(read go <"$0"; echo late) & echo now', gate)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as teeing:
        assert teeing.stdout is not None
        assert teeing.stdout.readline() == b"now\n"
        assert teeing.wait(PATIENCE_SECS) == 0
        gate.write_text("go\n")
        assert teeing.stdout.read() == b"late\n"
