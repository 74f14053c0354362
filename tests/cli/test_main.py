"""The program as a shell starts it."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from exporter.cli.main import COMMANDS, main
from exporter.config import SETTINGS

ROOT = Path(__file__).parents[2]


def _run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        cwd=ROOT,
        env={"COLUMNS": "100", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _main(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Do in this process what `_run` does in one of its own."""
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    out, err = capsys.readouterr()
    return int(exited.value.code or 0), out, err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"]])
def test_help_names_every_flag_with_its_variable(arguments: list[str]) -> None:
    """Both levels of help tell of each flag, of its variable, and give examples."""
    code, out, err = _run(*arguments)
    assert (code, err) == (0, "")
    assert "examples:" in out
    assert "AGENT_EXPORTER_CONFIG_FILE" in out
    for setting in SETTINGS:
        assert f"--{setting.flag}" in out
        assert setting.variable in out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The first help anybody asks for tells which commands there are."""
    _, out, _ = _main(capsys, "--help")
    for command in COMMANDS:
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "serve"])
def test_each_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command's own help gives its usage and an example."""
    code, out, err = _main(capsys, command, "-h")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: agent-exporter {command} ")
    assert f"examples:\n  agent-exporter {command}" in out


def test_version_is_the_package_s() -> None:
    """`--version` prints the name and the version of the installed package."""
    assert _run("--version") == (0, f"agent-exporter {version('agent-exporter')}\n", "")


def _more(command: str) -> str:
    return f"; agent-exporter {command} --help tells more"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frob=secret"], "unknown flag --frob" + _more("serve")),
        (["--log.lev=info"], "unknown flag --log.lev" + _more("serve")),
        (["--sk-SECRET"], "unexpected argument" + _more("serve")),
        (["--log.level"], "argument --log.level: expected one argument" + _more("serve")),
        (["--version=secret"], "argument --version: ignored explicit argument" + _more("serve")),
        (["serve", "secret"], "unexpected argument" + _more("serve")),
        (["secret"], f"unknown command; expected one of {', '.join(COMMANDS)}"),
        (["--log.level=secret"], "--log.level: expected one of debug, info, warn, error"),
        (["--log.level", "secret"], "--log.level: expected one of debug, info, warn, error"),
        (
            ["--log.level=info", "--log.level=info"],
            "argument --log.level: given twice" + _more("serve"),
        ),
        (
            ["--config.file=secret", "--config.file="],
            "argument --config.file: given twice" + _more("serve"),
        ),
        (
            ["--web.enable-lifecycle", "--web.enable-lifecycle=false"],
            "argument --web.enable-lifecycle: given twice" + _more("serve"),
        ),
        (["--web.enable-lifecycle=secret"], "--web.enable-lifecycle: expected true or false"),
        (["--web.config.file="], "--web.config.file: expected str of length >= 1"),
        (["--storage.sync=secret"], "--storage.sync: expected one of normal, full"),
        (["--shutdown.linger=11m"], "--shutdown.linger: expected float <= 600.0"),
        (
            ["--shutdown.linger=secret"],
            "--shutdown.linger: expected a duration: 20s, 1m, 500ms or seconds",
        ),
        (["--config.file=/nowhere/x.yml"], "/nowhere/x.yml: No such file or directory"),
        (
            ["check-config"],
            "the following arguments are required: FILE" + _more("check-config"),
        ),
        (
            ["healthcheck", "--timeout=secret"],
            "argument --timeout: expected seconds, above 0 and <= 3600" + _more("healthcheck"),
        ),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage or configuration is told in one line, never with a value or a traceback."""
    assert _main(capsys, *arguments) == (2, "", f"agent-exporter: {message}\n")


def test_the_shell_sees_the_code_of_wrong_usage() -> None:
    """The code and the line reach whoever started the program."""
    message = "agent-exporter: unknown flag --frob" + _more("serve") + "\n"
    assert _run("--frob") == (2, "", message)


def test_a_wrong_file_is_named_with_line_and_key(tmp_path: Path) -> None:
    """Serving refuses a wrong file, given by flag or by variable, with its name in front."""
    path = tmp_path / "exporter.yml"
    path.write_text("log:\n  levle: info\n")
    message = f"{path}: line 2: log.levle: unknown key; did you mean level?\n"
    assert _run("--config.file", str(path)) == (2, "", f"agent-exporter: {message}")
    by_variable = _run(AGENT_EXPORTER_CONFIG_FILE=str(path))
    assert by_variable == (2, "", f"agent-exporter: {message}")


def test_check_config_tells_the_line_and_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be used is code 1 and one line; one that can is said to be `ok`."""
    path = tmp_path / "exporter.yml"
    path.write_text("log:\n  levle: info\n")
    message = f"{path}: line 2: log.levle: unknown key; did you mean level?\n"
    assert _main(capsys, "check-config", str(path)) == (1, "", message)
    path.write_text("log:\n  level: info\n")
    assert _main(capsys, "check-config", str(path)) == (0, f"{path}: ok\n", "")


def test_check_config_looks_into_the_web_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that the file names is beside it, and is checked and named too."""
    path, web_path = tmp_path / "exporter.yml", tmp_path / "web.yml"
    path.write_text("web: {config_file: web.yml}\n")
    message = f"{web_path}: No such file or directory\n"
    assert _main(capsys, "check-config", str(path)) == (1, "", message)
    web_path.write_text("basic_auth_user: {}\n")
    code, out, err = _main(capsys, "check-config", str(path))
    assert (code, out) == (1, "")
    assert err.startswith(f"{web_path}: line 1: basic_auth_user: unknown key")
    web_path.write_text("http_server_config: {http2: true}\n")
    code, out, err = _main(capsys, "check-config", str(path))
    assert (code, out) == (0, f"{path}: ok\n")
    assert err.startswith(f"{web_path}: warning: ")


def test_a_wrong_variable_is_named() -> None:
    """Serving refuses a wrong variable by its name."""
    code, _, err = _run(AGENT_EXPORTER_LOG_FORMAT="xml")
    assert code == 2
    assert err == "agent-exporter: AGENT_EXPORTER_LOG_FORMAT: expected one of logfmt, json\n"


def test_check_config_takes_the_example() -> None:
    """A file that can be used is said to be, and nothing of the environment matters."""
    checked = _run("check-config", "exporter.example.yml", AGENT_EXPORTER_LOG_LEVEL="loud")
    assert checked == (0, "exporter.example.yml: ok\n", "")
