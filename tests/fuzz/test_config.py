"""The configuration: any file, environment and flags make a `Config`, or one `ConfigError`."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import (
    SETTINGS,
    Config,
    ConfigError,
    load,
    parse_address,
    read_file,
    unknown_environment,
)
from exporter.config.duration import parse_duration_secs
from exporter.config.web_file import WebFile, parse_web_file
from tests.fuzz.mutation import mutated

T = TypeVar("T")

EXAMPLE = (Path(__file__).parents[2] / "exporter.example.yml").read_text()
WEB_EXAMPLE = """
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  min_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256]
http_server_config:
  http2: false
  headers: {X-Frame-Options: deny}
basic_auth_users:
  alice: $2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234
rate_limit: {interval: 1s, burst: 5}
"""
PIECES = [
    "web:", "listen_address", "ingest:", "log:", "level", "store:", "window_secs: 60", "- ", ": ",
    "{", "}", "[", "]", "&a ", "*a", "!!python/object:os.system ", "!!int ", "<<: ", "? ", "| ",
    "> ",
    "%YAML 9.9\n", "---\n", "...\n", "#", "'", '"', "\\", '"\\ud800"', '"\\UFFFFFFFF"', "\t", "\n",
    "\n  ", "\x00", "\x85", "\u2028", "\ufeff", "0x10", "1e999", ".inf", ".nan", "9" * 400, "null",
    "~", "true", "2026-11-21", "1:30", "127.0.0.1:0", "[::1]:0", ":", "-1", "tls_server_config:",
    "cert_file", "basic_auth_users:", "http_server_config:", "headers:", "interval: 1s",
]  # fmt: skip
ADDRESS_PIECES = [
    "127.0.0.1", "localhost", "[::1]", "[", "]", "::", ":", ":0", ":80", ":65535", ":65536", ".",
    "-",
    "%eth0", "\u0661", "\n", "\x00", "a" * 64, "a." * 130, "/", "@", " ", "[::ffff:1.2.3.4]",
    "[1::2%1]",
]  # fmt: skip

pieces = st.sampled_from(PIECES) | st.text(max_size=3)
files = st.one_of(
    st.text(max_size=100),
    st.lists(pieces, max_size=20).map("".join),
    mutated(st.sampled_from([EXAMPLE, EXAMPLE.replace("# ", ""), WEB_EXAMPLE]), pieces),
)
addresses = st.text(max_size=30) | st.lists(st.sampled_from(ADDRESS_PIECES), max_size=5).map(
    "".join
)
values = st.one_of(
    st.text(max_size=20),
    addresses,
    st.sampled_from(["info", "json", "true", "false", "full", "20s", "1e9", "-1", "", ","]),
)


def outcome(read: Callable[[], T]) -> T | Exception:
    """Return what is read, or the error that says why it is not."""
    try:
        return read()
    except (ConfigError, ValueError) as error:
        return error


def assert_sound(read: object, kind: type) -> None:
    """Assert that it is of this kind, or an error of ours in one line of plain characters."""
    if isinstance(read, Exception):
        assert isinstance(read, ConfigError) or type(read) is ValueError
        assert str(read).isprintable()
    else:
        assert isinstance(read, kind)


@given(files)
def test_any_file_is_loaded_or_refused(text: str) -> None:
    """And the error is one line, of which the reader's terminal need not be afraid."""
    assert_sound(outcome(lambda: load(yaml_text=text, environ={}, flags={})), Config)


@given(files)
def test_any_web_file_is_loaded_or_refused(text: str) -> None:
    """The same of the file that holds certificates and passwords."""
    assert_sound(outcome(lambda: parse_web_file(text, directory=Path("/nowhere"))), WebFile)


@given(st.binary(max_size=60) | files.map(lambda text: text.encode(errors="surrogatepass")))
def test_the_bytes_of_any_file_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever is on the disk."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.yml"
    path.write_bytes(content)
    assert_sound(outcome(lambda: load(yaml_text=read_file(path), environ={}, flags={})), Config)


@given(st.data())
def test_any_setting_is_taken_or_refused(data: st.DataObject) -> None:
    """From the environment and from flags, whichever are set and whatever to."""
    settings = data.draw(st.lists(st.sampled_from(SETTINGS), max_size=4, unique_by=id))
    environ = {setting.variable: data.draw(values) for setting in settings}
    flags: dict[str, str | list[str]] = {}
    for setting in data.draw(st.lists(st.sampled_from(SETTINGS), max_size=4, unique_by=id)):
        one = data.draw(values)
        flags[setting.flag] = [one, data.draw(values)] if setting.repeatable else one
    assert unknown_environment(environ) == []
    assert_sound(outcome(lambda: load(yaml_text=None, environ=environ, flags=flags)), Config)


@given(addresses)
def test_any_address_is_parsed_or_refused(text: str) -> None:
    """What is parsed can be written again and means the same."""
    parsed = outcome(lambda: parse_address(text))
    assert_sound(parsed, tuple)
    if isinstance(parsed, Exception):
        return
    host, port = parsed
    assert 0 <= port <= 65_535
    written = f"[{host}]:{port}" if host and ":" in host else f"{host or ''}:{port}"
    assert parse_address(written) == (host, port)


@given(st.text(max_size=20) | st.from_regex(r"[0-9.]{1,12}(ms|s|m|h)?"))
def test_any_duration_is_parsed_or_refused(text: str) -> None:
    """A duration is some seconds, finite and not negative."""
    seconds = outcome(lambda: parse_duration_secs(text))
    assert_sound(seconds, float)
    assert isinstance(seconds, Exception) or 0 <= seconds < float("inf")
