"""Serving, from its signals' and its start's point of view, with a service that only notes."""

import asyncio
import errno
import logging
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exporter import __version__
from exporter.cli import serve
from exporter.cli.lifetime import Load
from exporter.clock import Clock
from exporter.config import Config, ConfigError
from exporter.fault import StartError

PATIENCE_SECS = 20


def _nothing() -> None:
    """Do nothing."""


class Noting:
    """A service that notes what is asked of it, and does what it is told at each step.

    Where it lingers, it does so until it is told to end.
    """

    addresses: Sequence[str] = ("127.0.0.1:1", "[::1]:2")
    durable = True
    warnings: Sequence[str] = ()

    def __init__(
        self,
        on_start: Callable[[], None] = _nothing,
        on_stop: Callable[[], None] = _nothing,
        on_reload: Callable[[Config], None] = lambda _: None,
        on_linger: Callable[[], None] | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.config: Config | None = None
        self._load: Load = Config
        self._on_start = on_start
        self._on_stop = on_stop
        self._on_reload = on_reload
        self._on_linger = on_linger

    def __call__(self, config: Config, *, clock: Clock, load: Load) -> "Noting":
        """Stand for the factory too."""
        assert clock.now() > 0
        self.config = config
        self._load = load
        return self

    async def start(self) -> None:
        """Note it."""
        self.calls.append("start")
        self._on_start()

    async def reload(self) -> None:
        """Note it, and give what was loaded to whom it may concern."""
        self.calls.append("reload")
        config = self._load()
        await asyncio.sleep(0)
        self._on_reload(config)

    async def failed(self) -> None:
        """Wait to be cancelled: it never does."""
        await asyncio.Event().wait()

    async def linger(self) -> None:
        """Note it, and wait to be cancelled."""
        if self._on_linger is None:
            return
        self.calls.append("linger")
        self._on_linger()
        await asyncio.sleep(PATIENCE_SECS)
        self.calls.append("lingered to the end")

    async def stop(self) -> None:
        """Note it."""
        self.calls.append("stop")
        self._on_stop()


def _raises(*numbers: signal.Signals) -> Callable[..., None]:
    """Return what raises these signals, whatever it is given."""

    def raise_them(*_: object) -> None:
        for number in numbers:
            signal.raise_signal(number)

    return raise_them


TERMINATE = _raises(signal.SIGTERM)


def _said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.partition("msg=")[2] for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_and_that_is_success(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM and SIGINT, even during the start, stop what was started; the code is 0."""
    service = Noting(on_start=_raises(number))
    assert serve.run([], {}, service_factory=service) == 0
    assert service.calls == ["start", "stop"]
    assert _said(capsys) == [
        f"started version={__version__} storage=./agent-exporter-data",
        "serving address=127.0.0.1:1",
        "serving address=[::1]:2",
        "stopping",
        "stopped",
    ]


def test_what_must_be_known_is_said_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    """That nothing is kept, and every warning of the service, loudly and once."""
    service = Noting(on_start=TERMINATE)
    service.durable = False
    service.warnings = ("anyone may push",)
    assert serve.run([], {}, service_factory=service) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "level=warn" in line]
    assert [line.partition("msg=")[2] for line in lines] == [
        '"state is kept in memory only: counters start at 0 on restart"',
        '"anyone may push"',
    ]


def test_a_second_signal_cuts_the_stop_short() -> None:
    """Who presses Ctrl-C again does not wait for the stop, and the code says so."""
    service = Noting(on_start=TERMINATE, on_stop=_raises(signal.SIGINT))
    assert serve.run([], {}, service_factory=service) == 130
    assert service.calls == ["start", "stop"]


def test_a_second_signal_ends_the_lingering() -> None:
    """And the stop goes on as ever."""
    service = Noting(on_start=TERMINATE, on_linger=TERMINATE)
    assert serve.run([], {}, service_factory=service) == 0
    assert service.calls == ["start", "linger", "stop"]


def test_a_third_signal_cuts_the_stop_short() -> None:
    """After the lingering was ended, the next signal has its default effect."""
    service = Noting(on_start=TERMINATE, on_linger=TERMINATE, on_stop=_raises(signal.SIGINT))
    assert serve.run([], {}, service_factory=service) == 130
    assert service.calls == ["start", "linger", "stop"]


def test_a_start_that_hangs_can_be_ended() -> None:
    """The third signal has its default effect then too."""

    class Hanging(Noting):
        async def start(self) -> None:
            for _ in range(1000):
                signal.raise_signal(signal.SIGINT)
                await asyncio.sleep(0)

    assert serve.run([], {}, service_factory=Hanging()) == 130


def _refuse(error: Exception) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            OSError(errno.EADDRINUSE, "address already in use"),
            1,
            "cannot start: address already in use",
        ),
        (OSError(), 1, "cannot start: no reason given"),
        (StartError("the directory is in use"), 1, "cannot start: the directory is in use"),
        (ConfigError("web.yml: line 1: wrong"), 2, "web.yml: line 1: wrong"),
    ],
)
def test_a_start_that_fails_is_one_line(
    error: Exception, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a traceback; the code tells a wrong configuration from all else."""
    service = Noting(on_start=_refuse(error))
    assert serve.run([], {}, service_factory=service) == code
    assert service.calls == ["start"]
    assert capsys.readouterr().err == f"agent-exporter: {line}\n"


def test_a_hangup_loads_the_configuration_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From file, environment and flags as at the start; the logs take theirs at once."""
    path = tmp_path / "exporter.yml"
    path.write_text("log: {level: error}")
    loaded: list[Config] = []

    def change() -> None:
        path.write_text("log: {level: info}\nweb: {config_file: web.yml}")
        signal.raise_signal(signal.SIGHUP)

    def note(config: Config) -> None:
        loaded.append(config)
        signal.raise_signal(signal.SIGTERM)

    service = Noting(on_start=change, on_reload=note)
    flags = [f"--config.file={path}", "--log.format=json"]
    environ = {"AGENT_EXPORTER_STORAGE_SYNC": "full"}
    assert serve.run(flags, environ, service_factory=service) == 0
    [config] = loaded
    assert (config.log.level, config.log.format, config.storage.sync) == ("info", "json", "full")
    assert config.web.config_file == str(tmp_path / "web.yml")
    assert '"msg": "configuration reloaded"' in capsys.readouterr().err


def test_a_wrong_configuration_is_not_reloaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log tells file, line and key; the service runs on, and reloads when it is right."""
    path = tmp_path / "exporter.yml"
    path.write_text("log: {level: info}")

    def spoil() -> None:
        path.write_text("log: {levle: debug}")
        signal.raise_signal(signal.SIGHUP)
        asyncio.get_running_loop().create_task(mend())

    async def mend() -> None:
        while "reload" not in service.calls:  # noqa: ASYNC110 - the calls are a plain list
            await asyncio.sleep(0)
        path.write_text("log: {level: debug}")
        signal.raise_signal(signal.SIGHUP)

    service = Noting(on_start=spoil, on_reload=TERMINATE)
    assert serve.run([f"--config.file={path}"], {}, service_factory=service) == 0
    assert service.calls == ["start", "reload", "reload", "stop"]
    wrong, right = [line for line in _said(capsys) if "reloaded" in line]
    assert wrong == (
        '"configuration not reloaded" reason='
        f'"{path}: line 1: log.levle: unknown key; did you mean level?"'
    )
    assert right == '"configuration reloaded"'


def test_a_fault_in_a_reload_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Its kind and place are logged, not its text, and the service runs on."""

    def fail(_config: Config) -> None:
        signal.raise_signal(signal.SIGTERM)
        raise RuntimeError("sk-secret")

    service = Noting(on_start=_raises(signal.SIGHUP), on_reload=fail)
    assert serve.run([], {}, service_factory=service) == 0
    assert service.calls == ["start", "reload", "stop"]
    [line] = [line for line in _said(capsys) if "not reloaded" in line]
    assert line.startswith('"configuration not reloaded" error=RuntimeError at=fail:')


def test_hangups_reload_one_after_the_other() -> None:
    """Any number of them during one reload make one more, and none ends the stop."""
    running = 0

    def during_it(_config: Config) -> None:
        nonlocal running
        running += 1
        if running == 1:
            for _ in range(5):
                os.kill(os.getpid(), signal.SIGHUP)
        else:
            signal.raise_signal(signal.SIGTERM)

    service = Noting(
        on_start=_raises(signal.SIGHUP), on_reload=during_it, on_stop=_raises(signal.SIGHUP)
    )
    assert serve.run([], {}, service_factory=service) == 0
    assert service.calls == ["start", "reload", "reload", "stop"]


def test_an_empty_config_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a script that came out empty does not mean the defaults."""
    assert serve.run(["--config.file="], {}, service_factory=Noting()) == 2
    assert capsys.readouterr().err == "agent-exporter: --config.file: expected a path\n"


def test_the_service_gets_what_was_configured() -> None:
    """Flags and environment reach the service as one `Config`, and the logs take theirs."""
    service = Noting(on_start=TERMINATE)
    flags = ["--web.listen-address=:1", "--web.listen-address", ":2", "--log.level=error"]
    assert serve.run(flags, {"AGENT_EXPORTER_LOG_FORMAT": "json"}, service_factory=service) == 0
    assert service.config is not None
    assert service.config.web.listen_address == (":1", ":2")
    assert service.config.log.format == "json"
    assert logging.getLogger().level == logging.ERROR


def test_a_misspelt_variable_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable with our prefix that sets nothing is named, without its value."""
    service = Noting(on_start=TERMINATE)
    serve.run([], {"AGENT_EXPORTER_LOG_LEVLE": "secret"}, service_factory=service)
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith('msg="unknown environment variable" name=AGENT_EXPORTER_LOG_LEVLE')


def test_the_first_line_tells_which_version_starts_and_where_its_state_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever reads a log needs no other command to know."""
    service = Noting(on_start=TERMINATE)
    serve.run(["--storage.path=/somewhere"], {}, service_factory=service)
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith(f"msg=started version={__version__} storage=/somewhere")
