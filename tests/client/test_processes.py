"""Programs that fork and programs that end: run as processes of their own."""

import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.client.scripted import Scripted
from tests.e2e.processes import PATIENCE_SECS

PRELUDE = """
import os, sys
from exporter.client import Telemetry
telemetry = Telemetry(sys.argv[1], flush_secs=3600.0)
"""


def run(directory: Path, url: str, program: str) -> str:
    """Run a program that has a client, which must end well; returns what it printed."""
    script = directory / "program.py"
    script.write_text(PRELUDE + textwrap.dedent(program))
    arguments = [sys.executable, str(script), url]
    ended = subprocess.run(
        arguments, capture_output=True, timeout=PATIENCE_SECS, check=False, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_what_waits_at_the_end_of_a_program_is_sent(server: Scripted, tmp_path: Path) -> None:
    """A program need not flush: its end does, for every client."""
    run(
        tmp_path,
        server.url,
        """
        other = Telemetry(sys.argv[1], flush_secs=3600.0)
        telemetry.queue_depth("jobs", 1)
        other.queue_depth("jobs", 2)
        """,
    )
    assert sorted(event["depth"] for event in server.events) == [1, 2]


def test_an_exception_ends_the_program_as_it_would_without(
    server: Scripted, tmp_path: Path
) -> None:
    """A call that fails with the program is told by its end."""
    program = """
    try:
        with telemetry.completion("m"):
            sys.exit("gone")
    finally:
        os.environ["X"] = "y"
    """
    with pytest.raises(AssertionError, match="gone"):
        run(tmp_path, server.url, program)
    assert server.events[0]["error_type"] == "SystemExit"


@pytest.mark.parametrize("told", ["telemetry.queue_depth('jobs', 1)", "pass"])
def test_a_program_ends_though_nobody_listens(tmp_path: Path, told: str) -> None:
    """Where the exporter is not there the end of the program waits a little and then comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run(tmp_path, f"http://127.0.0.1:{port}", told)


def test_a_program_ends_though_nobody_answers(server: Scripted, tmp_path: Path) -> None:
    """An exporter that never answers does not hold up the end for longer either."""
    server.script.append(server.silence)
    run(tmp_path, server.url, "telemetry.queue_depth('jobs', 1)")
    assert len(server.pushes) == 1


def test_a_program_that_told_all_ends_at_once(server: Scripted, tmp_path: Path) -> None:
    """What is told by a function that runs at the end arrives, where it runs before the flush."""
    run(
        tmp_path,
        server.url,
        """
        import atexit
        telemetry.queue_depth("jobs", 1)
        atexit.register(telemetry.queue_depth, "jobs", 2)
        """,
    )
    assert [event["depth"] for event in server.events] == [1, 2]


def test_events_told_when_it_is_too_late_raise_nothing(server: Scripted, tmp_path: Path) -> None:
    """While the interpreter shuts down an event may be dropped; the end stays the same."""
    run(
        tmp_path,
        server.url,
        """
        class Late:
            def __del__(self):
                telemetry.queue_depth("jobs", 1)
                with telemetry.completion("m"):
                    pass
        sys.late = Late()
        """,
    )


def test_a_fork_sends_what_each_side_told_once(server: Scripted, tmp_path: Path) -> None:
    """What waits at a fork is the parent's to send; the child begins with nothing."""
    run(
        tmp_path,
        server.url,
        """
        telemetry.log("info", "parent", "before")
        child = os.fork()
        if child == 0:
            telemetry.log("info", "child", "after")
            sent = telemetry.flush(30)
            os._exit(0 if sent and telemetry.dropped == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0
        telemetry.log("info", "parent", "after")
        assert telemetry.flush(30)
        """,
    )
    told = sorted((event["source"], event["message"]) for event in server.events)
    assert told == [("child", "after"), ("parent", "after"), ("parent", "before")]


def test_a_fork_while_a_push_is_under_way_holds_nothing_up(
    server: Scripted, tmp_path: Path
) -> None:
    """A child that is made while the parent's thread waits for an answer has a free client."""
    server.script.append(server.held(lambda _connection, _push: True))
    output = run(
        tmp_path,
        server.url,
        """
        telemetry.log("info", "parent", "before")
        while not telemetry.flush(0.1):
            child = os.fork()
            if child == 0:
                telemetry.log("info", "child", "after")
                os._exit(0 if telemetry.flush(30) else 1)
            print(os.waitpid(child, 0)[1])
            break
        os._exit(0)
        """,
    )
    assert output == "0\n"
    assert [event["source"] for event in server.events] == ["parent", "child"]


def test_forks_of_forks_and_drops_are_each_their_own(server: Scripted, tmp_path: Path) -> None:
    """A child counts its own drops, a child of it as well, and a closed client stays closed."""
    output = run(
        tmp_path,
        server.url,
        """
        telemetry.event({})
        telemetry.log("info", "first", "m")
        def forked(rest):
            child = os.fork()
            if child == 0:
                print(telemetry.dropped, telemetry.log("info", "child", "m"), flush=True)
                rest()
                os._exit(0 if telemetry.close(30) else 1)
            assert os.waitpid(child, 0)[1] == 0

        forked(lambda: forked(lambda: telemetry.close(30) and forked(lambda: None)))
        assert telemetry.close(30)
        """,
    )
    assert output.splitlines() == ["0 True", "0 True", "0 False"]
    sources = sorted(event["source"] for event in server.events)
    assert sources == ["agent-exporter-client", "child", "child", "first"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_send_what_they_told(
    server: Scripted, tmp_path: Path, method: str
) -> None:
    """A worker ends without running what other programs run at their end, and loses nothing."""
    run(
        tmp_path,
        server.url,
        f"""
        import multiprocessing
        def work(number):
            telemetry.queue_depth("jobs", number)
        if __name__ == "__main__":
            telemetry.queue_depth("jobs", 0)
            context = multiprocessing.get_context({method!r})
            workers = [context.Process(target=work, args=[number]) for number in (1, 2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
                assert worker.exitcode == 0
        """,
    )
    assert sorted(event["depth"] for event in server.events) == [0, 1, 2]


def test_a_signal_handler_may_tell_events(server: Scripted, tmp_path: Path) -> None:
    """An event that is told in the middle of telling another holds neither up."""
    run(
        tmp_path,
        server.url,
        """
        import signal
        told = [0, 0]
        def handle(*_):
            told[1] += telemetry.log("info", "handler", "m")
        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        while told[1] < 50:
            told[0] += telemetry.log("info", "program", "m")
        signal.setitimer(signal.ITIMER_REAL, 0)
        dropped = telemetry.dropped
        telemetry.close(30)
        print(told[0] + told[1], dropped)
        """,
    )
    sources = [event["source"] for event in server.events]
    assert sources.count("handler") >= 50


def test_a_client_that_is_not_enabled_imports_little(tmp_path: Path) -> None:
    """A program that imports the client, and sends nothing, gets none of what sending needs."""
    program = "print(*(name for name in sys.modules if name.startswith('exporter.')))"
    assert sorted(run(tmp_path, "", program).split()) == [
        "exporter.client",
        "exporter.client.calls",
        "exporter.client.null",
        "exporter.client.telemetry",
    ]


def test_nothing_is_imported_while_the_thread_runs(server: Scripted, tmp_path: Path) -> None:
    """A fork must not catch the thread at an import: all it needs is there before it starts."""
    output = run(
        tmp_path,
        server.url.replace("127.0.0.1", "localhost"),
        """
        before = set(sys.modules)
        telemetry.queue_depth("jobs", 1)
        assert telemetry.close(30)
        print(*set(sys.modules) - before)
        """,
    )
    assert output.split() == []
