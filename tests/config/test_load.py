"""Where a value comes from: file, environment, flags, defaults."""

import pytest

from exporter.config import Config, ConfigError, Ingest, Log, Web, load, unknown_environment

LEVEL_YAML = "log: {level: debug}"
LEVEL_ENV = {"AGENT_EXPORTER_LOG_LEVEL": "warn"}
LEVEL_FLAG: dict[str, str | list[str]] = {"log.level": "error"}


@pytest.mark.parametrize(
    ("yaml_text", "environ", "flags", "level"),
    [
        (None, {}, {}, "info"),
        ("", {}, {}, "info"),
        (LEVEL_YAML, {}, {}, "debug"),
        (None, LEVEL_ENV, {}, "warn"),
        (None, {}, LEVEL_FLAG, "error"),
        (LEVEL_YAML, LEVEL_ENV, {}, "warn"),
        (LEVEL_YAML, {}, LEVEL_FLAG, "error"),
        (None, LEVEL_ENV, LEVEL_FLAG, "error"),
        (LEVEL_YAML, LEVEL_ENV, LEVEL_FLAG, "error"),
        (LEVEL_YAML, {"AGENT_EXPORTER_LOG_LEVEL": ""}, {}, "debug"),
    ],
)
def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(
    yaml_text: str | None,
    environ: dict[str, str],
    flags: dict[str, str | list[str]],
    level: str,
) -> None:
    """The nearest source that sets a value stands; an empty variable sets nothing."""
    assert load(yaml_text=yaml_text, environ=environ, flags=flags).log.level == level


def test_setting_one_key_leaves_its_neighbours() -> None:
    """A flag replaces one key of a section, not the section."""
    config = load(
        yaml_text="log: {level: warn, format: json}", environ={}, flags={"log.level": "error"}
    )
    assert config.log == Log(level="error", format="json")


def test_every_setting_can_come_from_the_environment() -> None:
    """Each flag has a variable; several addresses are separated by commas."""
    config = load(
        yaml_text=None,
        environ={
            "AGENT_EXPORTER_WEB_LISTEN_ADDRESS": "127.0.0.1:1, [::1]:2",
            "AGENT_EXPORTER_INGEST_LISTEN_ADDRESS": ":3",
            "AGENT_EXPORTER_LOG_LEVEL": "debug",
            "AGENT_EXPORTER_LOG_FORMAT": "json",
        },
        flags={},
    )
    assert config == Config(
        web=Web(listen_address=("127.0.0.1:1", "[::1]:2")),
        ingest=Ingest(listen_address=":3"),
        log=Log(level="debug", format="json"),
    )


def test_repeated_flags_replace_the_addresses_of_the_file() -> None:
    """Addresses are replaced as a whole, not added to."""
    config = load(
        yaml_text="web: {listen_address: [':1', ':2']}",
        environ={},
        flags={"web.listen-address": [":3"]},
    )
    assert config.web.listen_address == (":3",)


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "~", "---", "web:\n", "log:\n  # level: warn\n"]
)
def test_what_is_left_empty_means_the_defaults(text: str) -> None:
    """An empty file, and a section with all its keys commented out, change nothing."""
    assert load(yaml_text=text, environ={}, flags={}) == Config()


@pytest.mark.parametrize(
    ("environ", "flags", "message"),
    [
        (
            {"AGENT_EXPORTER_LOG_LEVEL": "sk-secret"},
            {},
            "AGENT_EXPORTER_LOG_LEVEL: expected one of debug, info, warn, error",
        ),
        (
            {"AGENT_EXPORTER_LOG_FORMAT": "\udc80"},
            {},
            "AGENT_EXPORTER_LOG_FORMAT: not valid Unicode",
        ),
        (
            {"AGENT_EXPORTER_WEB_LISTEN_ADDRESS": ":1,,:2"},
            {},
            "AGENT_EXPORTER_WEB_LISTEN_ADDRESS: expected host:port, [ipv6]:port or :port",
        ),
        (
            {},
            {"ingest.listen-address": "sk-secret"},
            "--ingest.listen-address: expected host:port, [ipv6]:port or :port",
        ),
        ({}, {"web.listen-address": [":70000"]}, "--web.listen-address: expected a port <= 65535"),
        ({}, {"log.format": "xml"}, "--log.format: expected one of logfmt, json"),
    ],
)
def test_an_error_names_the_variable_or_the_flag(
    environ: dict[str, str], flags: dict[str, str | list[str]], message: str
) -> None:
    """A wrong value is reported by what it was given with, and is not repeated."""
    with pytest.raises(ConfigError) as caught:
        load(yaml_text="log: {level: info}", environ=environ, flags=flags)
    assert str(caught.value) == message


def test_a_wrong_file_is_refused_though_a_flag_overrides_the_value() -> None:
    """What is wrong in the file stays wrong, whatever is laid over it."""
    with pytest.raises(ConfigError, match=r"^line 1: log\.level: expected one of"):
        load(yaml_text="log: {level: loud}", environ={}, flags={"log.level": "info"})


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("AGENT_EXPORTER_LOG_LEVEL", False),
        ("AGENT_EXPORTER_CONFIG_FILE", False),
        ("AGENT_EXPORTER_URL", False),
        ("PATH", False),
        ("AGENT_EXPORTER_SERVICE_HOST", False),
        ("AGENT_EXPORTER_SERVICE_PORT_HTTP", False),
        ("AGENT_EXPORTER_PORT", False),
        ("AGENT_EXPORTER_PORT_24368_TCP_ADDR", False),
        ("AGENT_EXPORTER_LOG_LEVLE", True),
        ("AGENT_EXPORTER_PORTS", True),
        ("AGENT_EXPORTER_", True),
    ],
)
def test_a_variable_that_sets_nothing_is_found(name: str, unknown: bool) -> None:  # noqa: FBT001 - a table's column
    """A misspelt variable is told apart from ours, others', and those Kubernetes sets."""
    assert unknown_environment({name: "x"}) == ([name] if unknown else [])
