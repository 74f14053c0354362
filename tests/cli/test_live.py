"""The program serving for real: started, asked, stopped by a signal."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def _serving(*flags: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run the program on a free port, and give its process and the address it says it serves."""
    command = [sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0", *flags]
    with subprocess.Popen(command, cwd=ROOT, env={}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if "msg=serving" in line:
                    break
            assert "msg=serving" in said[-1], said
            yield process, said[-1].rpartition("address=")[2].strip()
        finally:
            process.kill()


def _run(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "exporter", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_it_serves_until_sigterm_and_exits_0() -> None:
    """A started exporter is healthy; on SIGTERM it stops, says so, and exits 0."""
    with _serving() as (process, address):
        assert _run("healthcheck", f"--url=http://{address}") == (0, "ok\n", "")
        process.terminate()
        _, rest = process.communicate(timeout=30)
        assert process.returncode == 0
    assert "Traceback" not in rest
    assert rest.endswith("msg=stopped\n")


def test_a_hangup_from_the_first_moment_on_ends_nothing() -> None:
    """Whoever starts it may ask for a reload at any time, before it can be done too."""
    command = [sys.executable, "-X", "importtime", "-m", "exporter", "--log.level=x"]
    with subprocess.Popen(
        command, cwd=ROOT, env={}, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            # From the first modules on that only the command needs.
            if "msgspec" in line:
                process.send_signal(signal.SIGHUP)
        assert process.wait(30) == 2


def test_a_second_exporter_on_the_address_fails_in_one_line() -> None:
    """An address in use ends the second with 1 and one line, and leaves the first alone."""
    with _serving() as (_, address):
        code, out, err = _run(f"--web.listen-address={address}")
        assert (code, out) == (1, "")
        assert err.startswith("agent-exporter: cannot start: ")
        assert err.count("\n") == 1
        assert _run("healthcheck", f"--url=http://{address}")[0] == 0
