"""`tee` on a terminal, and its signals: the command must see what it would see alone."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.asking import counted
from tests.cli.recorded import recorded
from tests.cli.terminal import CTRL_BACKSLASH, CTRL_C, CTRL_D, CTRL_Z, terminal
from tests.e2e.processes import COMMAND, PATIENCE_SECS, free_port

TEE = [str(COMMAND), "tee", "--agent=codex", f"--url=http://127.0.0.1:{free_port()}", "--"]

FORWARDED = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2"]

# Tells each signal that comes, and ends with the last that it was told of. Who waits for signals in
# this way sees each of two that come at once, which a handler need not.
TELLING = """
import signal, sys
awaited = [signal.Signals["SIG" + name] for name in sys.argv[1:]]
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
print("ready", flush=True)
name = ""
while name != sys.argv[-1]:
    name = signal.Signals(signal.sigwait(awaited)).name[3:]
    print(name, flush=True)
"""

SIZES = """
import os, signal
def tell(*_):
    print("size", *os.get_terminal_size(1), flush=True)
signal.signal(signal.SIGWINCH, tell)
tell()
while True:
    signal.pause()
"""

TERMINALS = "import os; print([os.isatty(n) for n in (0, 1, 2)])"

FLAGS = "import termios; print(termios.tcgetattr(1)[0], termios.tcgetattr(1)[2:4])"


def _python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_the_command_starts_with_the_signals_it_would_have() -> None:
    """None is blocked or ignored because of us."""
    signals = ["grep", "^Sig[BI]", "/proc/self/status"]
    seen = []
    for command in (signals, [*TEE, *signals]):
        told = subprocess.run(command, capture_output=True, check=True).stdout
        # Numbers 32 and 33 are the C library's own, and it looks after them itself.
        seen.append([int(mask, 16) & 0x7FFF_FFFF for mask in re.findall(rb"\t(\w+)", told)])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", FORWARDED)
def test_a_signal_sent_to_tee_reaches_the_command_once(name: str) -> None:
    """What a process sends to us alone is passed on, once, and does not end us."""
    last = "TERM" if name != "TERM" else "USR2"
    command = [*TEE, *_python(TELLING, name, last)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as teeing:
        assert teeing.stdout is not None
        assert teeing.stdout.readline() == b"ready\n"
        teeing.send_signal(signal.Signals[f"SIG{name}"])
        assert teeing.stdout.readline().decode() == f"{name}\n"
        teeing.send_signal(signal.Signals[f"SIG{last}"])
        assert teeing.stdout.read().decode() == f"{last}\n"
        assert teeing.wait(PATIENCE_SECS) == 0


@pytest.mark.parametrize(("key", "name"), [(CTRL_C, "INT"), (CTRL_BACKSLASH, "QUIT")])
def test_a_key_reaches_the_command_once(key: bytes, name: str) -> None:
    """The terminal sends to both of us, and tee does not send it again."""
    with terminal([*TEE, *_python(TELLING, name, "USR1")]) as screen:
        screen.until(b"ready\r\n")
        screen.type(key)
        screen.until(name.encode() + b"\r\n")
        # What tee was to forward, it had before this.
        screen.program.send_signal(signal.SIGUSR1)
        assert screen.rest() == b"USR1\r\n"
        assert screen.program.wait(PATIENCE_SECS) == 0


@pytest.mark.parametrize(("key", "number"), [(CTRL_C, 2), (CTRL_BACKSLASH, 3)])
def test_a_key_that_ends_the_command_ends_tee_alike(key: bytes, number: int) -> None:
    """The shell sees that it was the key."""
    with terminal([*TEE, "sh", "-c", "echo ready; cat"]) as screen:
        screen.until(b"ready\r\n")
        screen.type(key)
        assert screen.program.wait(PATIENCE_SECS) == -number


def test_stopping_and_going_on_work_as_in_any_shell() -> None:
    """Ctrl-Z stops both, once what was written is shown; fg goes on; the end is the command's."""
    with terminal(["sh", "-i"]) as screen:
        screen.type(b"PS1='nex''t> '\n")
        screen.until(b"next> ")
        screen.type(" ".join(TEE).encode() + b" cat\n")
        for key in (b"one", b"two"):
            # The command, as it was typed, or as fg repeats it.
            screen.until(b" cat\r\n")
            screen.type(key + b"\n")
            screen.until(key + b"\r\n" + key + b"\r\n")
            screen.type(CTRL_Z)
            screen.until(b"next> ")
            screen.type(b"echo in the sh''ell\n")
            screen.until(b"in the shell\r\nnext> ")
            screen.type(b"fg\n")
        screen.until(b" cat\r\n")
        screen.type(CTRL_D)
        screen.until(b"next> ")
        screen.type(b"echo code $?\n")
        screen.until(b"code 0\r\n")
        screen.type(b"exit\n")
        assert screen.program.wait(PATIENCE_SECS) == 0


@pytest.mark.parametrize(
    "redirected", ["", "<&-", "</dev/null", "| cat", "2>/dev/null", "< x | cat"]
)
def test_a_command_is_on_a_terminal_wherever_it_would_be(redirected: str, tmp_path: Path) -> None:
    """Each of its three files is a terminal with tee if and only if it is one without."""
    (tmp_path / "x").touch()
    seen = []
    for command in (_python(TERMINALS), [*TEE, *_python(TERMINALS)]):
        script = f"cd {tmp_path} && {shlex.join(command)} {redirected}"
        with terminal(["sh", "-c", script]) as screen:
            seen.append(screen.rest())
    assert seen[0] == seen[1]
    assert b"[" in seen[0]


def test_the_terminal_is_set_like_the_real_one() -> None:
    """But for what is done to output, which the real one does: bytes come out as from it."""
    settings = []
    for command in (_python(FLAGS), [*TEE, *_python(FLAGS)]):
        with terminal(command) as screen:
            settings.append(screen.rest())
    assert settings[0] == settings[1]
    assert settings[0].endswith(b"\r\n")


def test_every_byte_passes_a_terminal(tmp_path: Path) -> None:
    """All 256 of them, a hundred thousand times, as they would without tee."""
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * 4096)
    shown = []
    for command in (["cat", str(path)], [*TEE, "cat", str(path)]):
        with terminal(["sh", "-c", f"stty raw; {shlex.join(command)}"]) as screen:
            shown.append(screen.rest())
    assert shown[0] == shown[1] == path.read_bytes()


def test_what_is_said_on_a_terminal_counts_too(url: str, tmp_path: Path) -> None:
    """Whether somebody looks on is nothing to the numbers."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(recorded("pi"))
    before = counted(url, "agent_completions_total", agent="pi", outcome="success")
    command = [str(COMMAND), "tee", "--agent=pi", f"--url={url}", "--", "cat", str(path)]
    with terminal(command) as screen:
        assert screen.rest() == path.read_bytes().replace(b"\n", b"\r\n")
        assert screen.program.wait(PATIENCE_SECS) == 0
    assert counted(url, "agent_completions_total", agent="pi", outcome="success") == before + 1


def test_the_window_has_the_size_it_has() -> None:
    """The command sees the size at its start, and every other that the window gets."""
    with terminal([*TEE, *_python(SIZES)]) as screen:
        screen.until(b"size 80 24\r\n")
        for rows, columns in ((50, 132), (24, 80)):
            screen.resize(rows, columns)
            screen.until(f"size {columns} {rows}\r\n".encode())
        screen.type(CTRL_C)
        assert screen.program.wait(PATIENCE_SECS) == -signal.SIGINT
