"""Serving, from its signals' and its start's point of view, with a service that only notes."""

import errno
import logging
import signal
from collections.abc import Callable, Sequence

import pytest

from exporter.cli import serve
from exporter.clock import Clock
from exporter.config import Config


def _nothing() -> None:
    """Do nothing."""


class Noting:
    """A service that notes what is asked of it, and does what it is told at start and stop."""

    def __init__(
        self, on_start: Callable[[], None] = _nothing, on_stop: Callable[[], None] = _nothing
    ) -> None:
        self.calls: list[str] = []
        self.config: Config | None = None
        self._on_start = on_start
        self._on_stop = on_stop

    def __call__(self, config: Config, *, clock: Clock) -> "Noting":
        """Stand for the factory too."""
        assert clock.now() > 0
        self.config = config
        return self

    @property
    def addresses(self) -> Sequence[str]:
        """What is said to be bound."""
        return ["127.0.0.1:1", "[::1]:2"]

    async def start(self) -> None:
        """Note it."""
        self.calls.append("start")
        self._on_start()

    async def stop(self) -> None:
        """Note it."""
        self.calls.append("stop")
        self._on_stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_and_that_is_success(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM and SIGINT, even during the start, stop what was started; the code is 0."""
    service = Noting(on_start=lambda: signal.raise_signal(number))
    assert serve.run([], {}, service_factory=service) == 0
    assert service.calls == ["start", "stop"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("msg=")[2] for line in lines] == [
        "serving address=127.0.0.1:1",
        "serving address=[::1]:2",
        '"state is kept in memory only: counters start at 0 on restart"',
        "stopping",
        "stopped",
    ]


def test_a_second_signal_cuts_the_stop_short() -> None:
    """Who presses Ctrl-C again does not wait for the stop, and the code says so."""
    service = Noting(
        on_start=lambda: signal.raise_signal(signal.SIGTERM),
        on_stop=lambda: signal.raise_signal(signal.SIGINT),
    )
    assert serve.run([], {}, service_factory=service) == 130
    assert service.calls == ["start", "stop"]


def test_an_address_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A service that cannot bind ends the run with 1 and a line, without a traceback."""

    def refuse() -> None:
        raise OSError(errno.EADDRINUSE, "address already in use")

    service = Noting(on_start=refuse)
    assert serve.run([], {}, service_factory=service) == 1
    assert service.calls == ["start"]
    assert capsys.readouterr().err == "agent-exporter: cannot start: address already in use\n"


def test_the_service_gets_what_was_configured() -> None:
    """Flags and environment reach the service as one `Config`, and the logs take theirs."""
    service = Noting(on_start=lambda: signal.raise_signal(signal.SIGTERM))
    flags = ["--web.listen-address=:1", "--web.listen-address", ":2", "--log.level=error"]
    assert serve.run(flags, {"AGENT_EXPORTER_LOG_FORMAT": "json"}, service_factory=service) == 0
    assert service.config is not None
    assert service.config.web.listen_address == (":1", ":2")
    assert service.config.log.format == "json"
    assert logging.getLogger().level == logging.ERROR


def test_a_misspelt_variable_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable with our prefix that sets nothing is named, without its value."""
    service = Noting(on_start=lambda: signal.raise_signal(signal.SIGTERM))
    serve.run([], {"AGENT_EXPORTER_LOG_LEVLE": "secret"}, service_factory=service)
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith('msg="unknown environment variable" name=AGENT_EXPORTER_LOG_LEVLE')
