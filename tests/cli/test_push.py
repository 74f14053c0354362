"""Pushing files and pipes to a real exporter, and to servers that answer oddly."""

import io
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from exporter.cli import push
from exporter.cli.account import Account, progress
from exporter.cli.batches import Line
from exporter.cli.delivery import Reply
from tests.cli.answering import PROBLEM, answering
from tests.cli.asking import counted
from tests.e2e.processes import COMMAND, PATIENCE_SECS, eventually, exporter

TAKEN = '{"accepted": 2, "duplicates": 0, "rejected": 0, "errors": []}'
KNOWN = '{"accepted": 0, "duplicates": 2, "rejected": 0, "errors": []}'

_names = itertools.count()


@pytest.fixture
def tool() -> str:
    """Return the name of a tool that no other test counts."""
    return f"tool-{next(_names)}"


def _events(tool: str, count: int) -> str:
    return (json.dumps({"type": "tool_call", "tool": tool}) + "\n") * count


def _run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [COMMAND, "push", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECS,
    )
    return done.returncode, done.stdout, done.stderr


def _calls(url: str, tool: str) -> float:
    return counted(url, "agent_tool_calls_total", tool=tool, outcome="success")


def test_a_file_is_pushed_whole(url: str, tool: str, tmp_path: Path) -> None:
    """Each line of a file counts once, over several batches; without a word on standard error."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 2500))
    assert _run(f"--url={url}", str(path)) == (0, "accepted 2500, duplicates 0, rejected 0\n", "")
    assert _calls(url, tool) == 2500


def test_pushing_again_counts_again(url: str, tool: str, tmp_path: Path) -> None:
    """It is for whoever pushes a file twice to know why; only ids make a second push void."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 2) + json.dumps({"type": "tool_call", "tool": tool, "id": tool}))
    assert _run(f"--url={url}", str(path))[1] == "accepted 3, duplicates 0, rejected 0\n"
    assert _run(f"--url={url}", str(path))[1] == "accepted 2, duplicates 1, rejected 0\n"
    assert _calls(url, tool) == 5


def test_what_is_rejected_is_told_by_line(
    url: str, tool: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The code is 1; each line is named as it stands in the file, and never repeated."""
    path = tmp_path / "events.ndjson"
    lines = ["", "sk-secret", "  ", '{"type": "tool_call"}', _events(tool, 1).strip()]
    lines += ['{"type": "tool_call", "tool": "x", "duration_ms": -1}']
    path.write_text("\n".join(lines))
    assert push.run([f"--url={url}", str(path)], {}) == 1
    out, err = capsys.readouterr()
    assert out == "accepted 1, duplicates 0, rejected 3\n"
    assert err.splitlines() == [
        "agent-exporter: line 2: malformed",
        "agent-exporter: line 4: missing_field at $.tool",
        "agent-exporter: line 6: out_of_range at $.duration_ms",
    ]
    assert _calls(url, tool) == 1


def test_of_many_errors_the_first_are_told(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Ten lines are named, of the rest the number; where nothing was good that is no failure."""
    path = tmp_path / "events.ndjson"
    path.write_text("x\n" * 1500)
    assert push.run([f"--url={url}", str(path)], {}) == 1
    out, err = capsys.readouterr()
    assert out == "accepted 0, duplicates 0, rejected 1500\n"
    assert err.splitlines()[-2:] == [
        "agent-exporter: line 10: malformed",
        "agent-exporter: and 1490 more",
    ]


def test_a_line_too_long_to_be_held_is_rejected(
    url: str, tool: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A line past the bound is let go of, and those around it are pushed."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 1) + "x" * 17_000_000 + "\n" + _events(tool, 1))
    assert push.run([f"--url={url}", str(path)], {}) == 1
    out, err = capsys.readouterr()
    assert out == "accepted 2, duplicates 0, rejected 1\n"
    assert err == "agent-exporter: line 2: too_large\n"


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_the_default(url: str, tool: str, arguments: list[str]) -> None:
    """Without a file, or with `-` for one, standard input is read."""
    done = _run(f"--url={url}", *arguments, stdin=_events(tool, 3))
    assert done == (0, "accepted 3, duplicates 0, rejected 0\n", "")
    assert _calls(url, tool) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pipe_is_pushed_as_it_comes(url: str, tool: str, number: signal.Signals) -> None:
    """Lines count while the pipe is still open; a signal ends it, with all whole lines pushed."""
    with subprocess.Popen(
        [COMMAND, "push", f"--url={url}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as pushing:
        assert pushing.stdin is not None
        assert pushing.stdout is not None
        for total in (2, 4):
            pushing.stdin.write(_events(tool, 2).encode() + b"\n")
            pushing.stdin.flush()
            eventually(lambda: _calls(url, tool) == total or None, "the events")  # noqa: B023 - now
        pushing.stdin.write(b'{"type": "tool_')
        pushing.stdin.flush()
        pushing.send_signal(number)
        assert pushing.wait(PATIENCE_SECS) == 128 + number
        assert pushing.stdout.read() == b"accepted 4, duplicates 0, rejected 0\n"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_batch_is_tried_again_under_its_key(
    status: int, tool: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What may pass is tried again: the same bytes, the same key; another batch has another."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 2))
    with answering((status, ""), (status, "", "0"), (200, TAKEN)) as (server, came):
        assert push.run([f"--url={server}", str(path)], {}) == 0
        assert push.run([f"--url={server}", str(path)], {}) == 0
    assert capsys.readouterr().out == "accepted 2, duplicates 0, rejected 0\n" * 2
    first, second, third, other = [headers["Idempotency-Key"] for headers in came.headers]
    assert first == second == third != other
    assert came.bodies == [_events(tool, 2).strip().encode()] * 4


def test_a_lost_answer_makes_nothing_count_twice(
    tool: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Where the first answer was lost, what comes back as duplicates is told to be of ours."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 2))
    with answering(None, (200, KNOWN)) as (server, came):
        assert push.run([f"--url={server}", str(path)], {}) == 0
    assert len({headers["Idempotency-Key"] for headers in came.headers}) == 1
    assert capsys.readouterr().out == (
        "accepted 0, duplicates 2 (2 of them sent again after a lost answer), rejected 0\n"
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, PROBLEM % (401, "unauthorized")), "answered 401 (unauthorized)"),
        ((404, "<html>"), "answered 404"),
        ((400, PROBLEM % (400, "\\u001b[2J")), "answered 400"),
        ((301, ""), "answered 301"),
        ((200, "hello"), "what answers there is not an agent-exporter"),
        ((200, "{}"), "what answers there is not an agent-exporter"),
        ((200, "[" * 100_000), "what answers there is not an agent-exporter"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    answer: tuple[int, str],
    reason: str,
    tool: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Any other answer is failure at once, in one line that repeats nothing unsafe of it."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 2))
    with answering(answer) as (server, came):
        assert push.run([f"--url={server}", str(path)], {}) == 1
    assert len(came.bodies) == 1
    out, err = capsys.readouterr()
    assert out == "accepted 0, duplicates 0, rejected 0\n"
    assert err == f"agent-exporter: gave up: {reason}\n"


def test_what_stays_away_is_given_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Once the time for a batch is up, the code is 1 and one line tells why, and where."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events("t", 1500))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    arguments = [f"--url=http://127.0.0.1:{port}", "--timeout=0.2", str(path)]
    assert push.run(arguments, {}) == 1
    assert capsys.readouterr().err == "agent-exporter: gave up: Connection refused\n"
    with socket.create_server(("127.0.0.1", port)):
        assert push.run(arguments, {}) == 1
    assert capsys.readouterr().err == "agent-exporter: gave up: timed out\n"
    with answering((200, TAKEN), (503, PROBLEM % (503, "not_accepting"))) as (server, _):
        assert push.run([f"--url={server}", "--timeout=0.2", str(path)], {}) == 1
    told = "agent-exporter: gave up after line 1000: answered 503 (not_accepting)\n"
    assert capsys.readouterr().err == told


def test_an_exporter_that_takes_less_is_given_less(tmp_path: Path, tool: str) -> None:
    """A batch refused for its size is halved until it fits; what never will is rejected."""
    config, path = tmp_path / "exporter.yml", tmp_path / "events.ndjson"
    config.write_text("ingest: {events_per_batch_max: 7, body_bytes_max: 2000}\n")
    event = json.dumps({"type": "tool_call", "tool": tool, "error": "e" * 900}) + "\n"
    path.write_text(event * 49 + "x" * 4000 + "\n" + event * 950)
    with exporter(tmp_path, f"--config.file={config}") as small:
        code, out, err = _run(f"--url={small}", str(path))
        assert (code, out) == (1, "accepted 999, duplicates 0, rejected 1\n")
        assert err == "agent-exporter: line 50: too_large\n"
        assert counted(small, "agent_tool_calls_total", tool=tool) == 999


def test_a_refusal_is_heard_before_all_was_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whoever answers by the length alone, and hangs up on the rest, has answered."""
    path = tmp_path / "events.ndjson"
    path.write_text("x" * 16_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as request:
                while request.readline().strip():
                    pass
                connection.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert push.run([f"--url={url}", "--timeout=10", str(path)], {}) == 1
        thread.join()
    assert capsys.readouterr().err == "agent-exporter: line 1: too_large\n"


def test_a_token_goes_with_it(tmp_path: Path, tool: str) -> None:
    """An exporter that asks for a token is given that of the file, or else of the environment."""
    config, token, path = (tmp_path / name for name in ("exporter.yml", "token", "events.ndjson"))
    config.write_text(f"ingest: {{token_file: {token}}}\n")
    token.write_text("open-sesame\n")
    path.write_text(_events(tool, 1))
    with exporter(tmp_path, f"--config.file={config}") as guarded:
        arguments = [f"--url={guarded}", str(path)]
        assert push.run([f"--token-file={token}", *arguments], {}) == 0
        assert push.run(arguments, {"AGENT_EXPORTER_TOKEN": "open-sesame"}) == 0
        assert push.run(arguments, {"AGENT_EXPORTER_TOKEN": "mistaken"}) == 1
        assert _calls(guarded, tool) == 2


def test_the_url_may_come_from_the_environment(url: str, tool: str, tmp_path: Path) -> None:
    """AGENT_EXPORTER_URL stands where no flag does, and may end with a slash."""
    path = tmp_path / "events.ndjson"
    path.write_text(_events(tool, 1))
    assert push.run([str(path)], {"AGENT_EXPORTER_URL": f"{url}/"}) == 0
    assert _calls(url, tool) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--url=ftp://x"], "the URL must begin with http:// or https:// and name a host"),
        (["--url=http://:80"], "the URL must begin with http:// or https:// and name a host"),
        (["--url=http://u:secret@h"], "the URL must hold no user, query or fragment"),
        (["--url=http://h:secret"], "the URL is none"),
        (["--token-file=/nowhere/token"], "--token-file: No such file or directory"),
        (["--timeout=0"], "argument --timeout: expected seconds, above 0 and <= 3600"),
        (["--timeout=secret"], "argument --timeout: expected seconds, above 0 and <= 3600"),
        (["one", "two"], "unexpected argument"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is told in one line, without the value."""
    with pytest.raises(SystemExit) as exited:
        push.run(arguments, {})
    assert exited.value.code == 2
    more = "; agent-exporter push --help tells more\n"
    assert capsys.readouterr() == ("", f"agent-exporter: {message}{more}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("/nowhere/x", "No such file or directory"), ("/", "Is a directory")],
)
def test_what_cannot_be_read_is_named(
    name: str, reason: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there or is none is one line and code 1."""
    assert push.run([f"--url={url}", name], {}) == 1
    assert capsys.readouterr().err == f"agent-exporter: cannot read {name}: {reason}\n"


class _Screen(io.StringIO):
    """Text that is written to a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def test_progress_is_for_terminals_and_for_what_takes_long() -> None:
    """Only on a terminal, and only after a while, is it told how far it is; then that is erased."""
    account = Account()
    account.settle([Line(7, b"")], Reply(accepted=1, duplicates=0, rejected=0, errors=[]))
    screens = io.StringIO(), _Screen(), _Screen()
    for screen, quiet_secs in zip(screens, (0, 60, 0), strict=True):
        with progress(account, screen, quiet_secs=quiet_secs) as show:
            show()
    file, quick, slow = [screen.getvalue() for screen in screens]
    assert file == quick == ""
    erase = "\r\x1b[K"
    assert slow == f"{erase}line 7: accepted 1, duplicates 0, rejected 0{erase}"


def test_a_closed_standard_input_is_told(url: str) -> None:
    """Without a standard input there is nothing to push, and that is said."""
    command = ["sh", "-c", '"$@" <&-', "sh", str(COMMAND), "push", f"--url={url}"]
    done = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ))
    assert done.returncode == 1
    assert done.stderr == b"agent-exporter: cannot read standard input: Bad file descriptor\n"
