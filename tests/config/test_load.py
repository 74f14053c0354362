"""Where a value comes from: file, environment, flags, defaults."""

from pathlib import Path

import pytest

from exporter.config import (
    Config,
    ConfigError,
    Ingest,
    Log,
    ModelPrice,
    Pricing,
    Shutdown,
    Storage,
    UsdPerMillion,
    Web,
    load,
    unknown_environment,
)
from exporter.event.tokens import PARTS

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
            "AGENT_EXPORTER_WEB_CONFIG_FILE": "web.yml",
            "AGENT_EXPORTER_WEB_ENABLE_LIFECYCLE": "true",
            "AGENT_EXPORTER_INGEST_LISTEN_ADDRESS": ":3",
            "AGENT_EXPORTER_INGEST_REQUIRE_AUTH": "1",
            "AGENT_EXPORTER_STORAGE_PATH": "state",
            "AGENT_EXPORTER_STORAGE_SYNC": "full",
            "AGENT_EXPORTER_SHUTDOWN_LINGER": "20s",
            "AGENT_EXPORTER_LOG_LEVEL": "debug",
            "AGENT_EXPORTER_LOG_FORMAT": "json",
        },
        flags={},
    )
    assert config == Config(
        web=Web(
            listen_address=("127.0.0.1:1", "[::1]:2"),
            config_file="web.yml",
            enable_lifecycle=True,
        ),
        ingest=Ingest(listen_address=":3", require_auth=True),
        storage=Storage(path="state", sync="full"),
        shutdown=Shutdown(linger_secs=20),
        log=Log(level="debug", format="json"),
    )


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)]
)
def test_a_switch_is_true_or_false(text: str, value: bool) -> None:  # noqa: FBT001 - a table's column
    """In a variable and a flag alike, over whatever the file says."""
    yaml_text = f"web: {{enable_lifecycle: {str(not value).lower()}}}"
    environ = {"AGENT_EXPORTER_WEB_ENABLE_LIFECYCLE": text}
    assert load(yaml_text=yaml_text, environ=environ, flags={}).web.enable_lifecycle is value
    flags: dict[str, str | list[str]] = {"web.enable-lifecycle": text}
    assert load(yaml_text=yaml_text, environ={}, flags=flags).web.enable_lifecycle is value


@pytest.mark.parametrize(
    ("text", "secs"),
    [("20s", 20), ("1m", 60), ("500ms", 0.5), ("0", 0), ("7", 7), ("1.5", 1.5), ("10m", 600)],
)
def test_a_duration_may_carry_its_unit(text: str, secs: float) -> None:
    """In the file, a variable and a flag alike; without one it is in seconds."""
    environ = {"AGENT_EXPORTER_SHUTDOWN_LINGER": text}
    for config in (
        load(yaml_text=f"shutdown: {{linger_secs: {text}}}", environ={}, flags={}),
        load(yaml_text=None, environ=environ, flags={}),
        load(yaml_text=None, environ={}, flags={"shutdown.linger": text}),
    ):
        assert config.shutdown.linger_secs == secs


@pytest.mark.parametrize(
    ("environ", "flags", "path"),
    [
        ({}, {}, "state"),
        ({"AGENT_EXPORTER_STORAGE_PATH": ""}, {}, ""),
        ({}, {"storage.path": ""}, ""),
        ({"AGENT_EXPORTER_STORAGE_PATH": ""}, {"storage.path": "there"}, "there"),
    ],
)
def test_an_empty_storage_path_is_a_path(
    environ: dict[str, str], flags: dict[str, str | list[str]], path: str
) -> None:
    """Here alone an empty variable sets something: that nothing is stored."""
    config = load(yaml_text="storage: {path: state}", environ=environ, flags=flags)
    assert config.storage.path == path


def test_files_named_in_the_file_are_beside_it() -> None:
    """Those of the environment and of flags are not, and storage is nothing to be read."""
    yaml_text = """
        web: {config_file: web.yml}
        ingest: {token_file: /run/token}
        storage: {path: state}
    """
    directory = Path("/etc/exporter")
    config = load(yaml_text=yaml_text, environ={}, flags={}, directory=directory)
    assert config.web.config_file == "/etc/exporter/web.yml"
    assert config.ingest.token_file == "/run/token"  # noqa: S105 - the path of one
    assert config.storage.path == "state"
    environ = {"AGENT_EXPORTER_WEB_CONFIG_FILE": "other.yml"}
    config = load(yaml_text=yaml_text, environ=environ, flags={}, directory=directory)
    assert config.web.config_file == "other.yml"


def test_repeated_flags_replace_the_addresses_of_the_file() -> None:
    """Addresses are replaced as a whole, not added to."""
    config = load(
        yaml_text="web: {listen_address: [':1', ':2']}",
        environ={},
        flags={"web.listen-address": [":3"]},
    )
    assert config.web.listen_address == (":3",)


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing\n", "~", "---", "web:\n", "log:\n  # level: warn\n"),
        *("pricing:\n", "pricing:\n  models:\n  # - match: m\n", "pricing: {models: []}"),
    ],
)
def test_what_is_left_empty_means_the_defaults(text: str) -> None:
    """An empty file, and a section with all its keys commented out, change nothing."""
    assert load(yaml_text=text, environ={}, flags={}) == Config()


def test_prices_keep_their_order_and_what_they_leave_out() -> None:
    """They come out as plain values: input, output, reasoning, cache read, cache write."""
    yaml_text = """
        pricing:
          models:
          - match: openai/*
            usd_per_million: {output: 8, input: 2.5, cache_write: 0, cache_read: null}
          - match: "*"
            usd_per_million: {reasoning: 1}
    """
    pricing = load(yaml_text=yaml_text, environ={}, flags={}).pricing
    assert pricing == Pricing(
        models=(
            ModelPrice(
                match="openai/*", usd_per_million=UsdPerMillion(input=2.5, output=8, cache_write=0)
            ),
            ModelPrice(match="*", usd_per_million=UsdPerMillion(reasoning=1)),
        )
    )
    assert pricing.table == (
        ("openai/*", (2.5, 8.0, None, None, 0.0)),
        ("*", (None, None, 1.0, None, None)),
    )


def test_what_a_price_is_of_are_the_parts_of_tokens() -> None:
    """In their order, as whoever takes the table relies on it."""
    assert UsdPerMillion.__struct_fields__ == PARTS


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
        (
            {"AGENT_EXPORTER_INGEST_REQUIRE_AUTH": "sk-secret"},
            {},
            "AGENT_EXPORTER_INGEST_REQUIRE_AUTH: expected true or false",
        ),
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
