"""A command run as if we were not there: its signals, its stops and its end are ours too.

It stays in our process group, so what a terminal sends (Ctrl-C, Ctrl-Z, a new window size) reaches
it by itself, and must not reach it twice. What a process sends to us alone is meant for it. The two
are told apart by what the kernel says of the sender. So signals are blocked, and one thread waits
for them, and for the command, in the only call that says so: `sigwaitinfo`. Where the system has
none, what a terminal could have sent is taken for that.

What is ugly: a signal that a process sends to the whole group, as timeout(1) does, reaches the
command twice, because it cannot be told from one for us.
"""

import contextlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.cli.passthrough import STANDARD_OUTPUT, Passthrough
from exporter.cli.source import KILLED

FORWARDED: Final = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTSTP,
    signal.SIGCONT,
)
TERMINAL: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
AWAITED: Final = (*FORWARDED, signal.SIGCHLD, signal.SIGWINCH)

PYTHON_IGNORES: Final = (signal.SIGPIPE, signal.SIGXFSZ)


class Child:
    """A command that runs, with its output led through a `Passthrough`. Raises `OSError`."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], output: Passthrough
    ) -> None:
        # Else nobody would be told how it ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Of every thread: this one has no other yet, and they will inherit it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        self._output = output
        if not command[0]:
            raise FileNotFoundError
        self._pid = os.posix_spawnp(
            command[0],
            list(command),
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, output.theirs, STANDARD_OUTPUT)],
            setsigmask=before,
            setsigdef=PYTHON_IGNORES,
        )
        self._status = 0
        self._ended = threading.Event()
        threading.Thread(target=self._attend, name="child", daemon=True).start()

    def wait(self) -> int:
        """Wait until it has ended; return how, as `os.wait` does."""
        self._ended.wait()
        return self._status

    def _attend(self) -> None:
        while not self._ended.is_set():
            number, forward = _next_signal()
            if number == signal.SIGCHLD:
                forward = False
                self._look()
            elif number == signal.SIGWINCH:
                # It may have asked for the size before it had changed.
                forward = self._output.resize()
            if forward and not self._ended.is_set():
                os.kill(self._pid, number)
        # From here on there is nobody to wait for: signals end us, as long as this thread is there.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        threading.Event().wait()

    def _look(self) -> None:
        """See whether it has stopped or ended."""
        pid, status = os.waitpid(self._pid, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return
        if not os.WIFSTOPPED(status):
            self._status = status
            self._ended.set()
            self._output.end()
        elif os.WSTOPSIG(status) == signal.SIGTSTP:
            self._output.settle()
            _stop()


def end_as(status: int) -> int:
    """End as a command did whose status this is: by the same signal, or with the code returned."""
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    with contextlib.suppress(OSError, ValueError):
        # The core, if any, was the command's to leave.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with contextlib.suppress(OSError):
        # Nobody can set what SIGKILL does.
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
    return KILLED + number


def _stop() -> None:
    """Stop, as Ctrl-Z does, until somebody says to go on."""
    # Both at once, if the terminal's own has yet to be taken: it must not stop us twice.
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; return it, and whether a process sent it to us."""
    if sys.platform != "linux":
        number = signal.sigwait(AWAITED)
        return number, number not in TERMINAL or not os.isatty(0)
    told = signal.sigwaitinfo(AWAITED)
    # Above 0 are the kernel's own reasons: sigaction(2), si_code.
    return told.si_signo, told.si_code <= 0
