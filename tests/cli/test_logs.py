"""One record, one line, whatever it holds."""

import io
import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.logs import JSONFormatter, LogfmtFormatter, configure
from exporter.config import Log, LogFormat, LogLevel

SECRET = "GET /zq7secretqz"  # noqa: S105 - stands for bytes of a request


def _record(message: str, fields: dict[str, object]) -> logging.LogRecord:
    record = logging.LogRecord("web", logging.WARNING, __file__, 1, message, None, None)
    record.created = 1_700_000_000.0625
    record.fields = fields
    return record


def _pairs(line: str) -> dict[str, str]:
    """Read a logfmt line back, knowing nothing of how it was written."""
    pair = re.compile(r'([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')
    assert pair.sub("", line) == ""
    return {key: json.loads(v) if v[:1] == '"' else v for key, v in pair.findall(line)}


def _logged(log: Log) -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    configure(log, stream)
    return stream, logging.getLogger("exporter.test")


@pytest.mark.parametrize(
    ("value", "logfmt", "decoded"),
    [
        ("plain", "plain", "plain"),
        ("127.0.0.1:9100", "127.0.0.1:9100", "127.0.0.1:9100"),
        ("", '""', ""),
        ("two words", '"two words"', "two words"),
        ("a=b", '"a=b"', "a=b"),
        ('say "hi"', r'"say \"hi\""', 'say "hi"'),
        ("back\\slash", r'"back\\slash"', "back\\slash"),
        ("a\nlevel=error", r'"a\nlevel=error"', "a\nlevel=error"),
        ("\x1b[31m\x00\x7f", r'"\u001b[31m\u0000\u007f"', "\x1b[31m\x00\x7f"),
        ("\x85\u2028\u202e", r'"\u0085\u2028\u202e"', "\x85\u2028\u202e"),
        ("\ud800", r'"\ud800"', "\ud800"),
        ("grün", "grün", "grün"),
        (None, "null", None),
        (True, "true", True),
        (3, "3", 3),
        (0.5, "0.5", 0.5),
        (float("nan"), "nan", "nan"),
        (["a", 1], "\"['a', 1]\"", "['a', 1]"),
    ],
)
def test_a_value_is_escaped(value: object, logfmt: str, decoded: object) -> None:
    """A value stands bare where it is one plain word, quoted and escaped where it is not."""
    record = _record("m", {"value": value})
    assert LogfmtFormatter().format(record).partition(" value=")[2] == logfmt
    assert json.loads(JSONFormatter().format(record))["value"] == decoded


@given(st.text(), st.text(), st.text(max_size=5))
def test_any_record_is_one_line_that_reads_back(message: str, value: str, key: str) -> None:
    """Whatever is logged, each format gives one printable line that holds the same."""
    record = _record(message, {key: value})
    logfmt, line = LogfmtFormatter().format(record), JSONFormatter().format(record)
    assert logfmt.isprintable()
    assert line.isprintable()
    assert _pairs(logfmt)["msg"] == json.loads(line)["msg"] == message
    assert list(_pairs(logfmt).values())[-1] == list(json.loads(line).values())[-1] == value


def test_a_line_begins_with_when_how_bad_and_who() -> None:
    """The time is RFC 3339 in UTC to the millisecond; the level is one of the four we name."""
    assert (
        LogfmtFormatter().format(_record("serving", {"address": ":1"}))
        == "ts=2023-11-14T22:13:20.062Z level=warn logger=web msg=serving address=:1"
    )


def test_a_field_cannot_pose_as_the_level() -> None:
    """A field with the name of one of the line's own members is told apart."""
    assert json.loads(JSONFormatter().format(_record("m", {"level": "x"}))) == {
        "ts": "2023-11-14T22:13:20.062Z",
        "level": "warn",
        "logger": "web",
        "msg": "m",
        "level_": "x",
    }


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_an_exception_stays_on_the_line(log_format: LogFormat) -> None:
    """A traceback is a field of its record, not lines after it."""
    stream, logger = _logged(Log(format=log_format))
    try:
        int("x")
    except ValueError:
        logger.exception("broken")
    line = stream.getvalue()
    assert line.count("\n") == 1
    members = json.loads(line) if log_format == "json" else _pairs(line.removesuffix("\n"))
    assert members["level"] == "error"
    assert members["exception"].startswith("Traceback")
    assert members["exception"].endswith("ValueError: invalid literal for int() with base 10: 'x'")


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warn", "error"]),
        ("info", ["info", "warn", "error"]),
        ("warn", ["warn", "error"]),
        ("error", ["error"]),
    ],
)
def test_what_is_less_severe_is_not_written(level: LogLevel, written: list[str]) -> None:
    """The level set is the least severe that is written."""
    stream, logger = _logged(Log(level=level, format="json"))
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logger.log(number, "m")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == written


def test_configuring_again_replaces() -> None:
    """The last configuration alone writes: a record is not written twice."""
    first, _ = _logged(Log(format="json"))
    second, logger = _logged(Log())
    logger.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("msg=once") == 1


def test_a_request_is_not_repeated_by_the_server_s_error() -> None:
    """The HTTP server's errors say what failed and where, without bytes of the request."""
    stream, _ = _logged(Log())
    server = logging.getLogger("aiohttp.server")
    try:
        int(SECRET)
    except ValueError:
        server.exception("Error handling request from %s", SECRET)
    pairs = _pairs(stream.getvalue().removesuffix("\n"))
    assert SECRET not in stream.getvalue()
    assert pairs["msg"] == "HTTP request failed"
    assert pairs["error"] == "ValueError"
    assert pairs["at"].startswith("test_a_request_is_not_repeated_by_the_server_s_error:")
    assert "exception" not in pairs


def test_the_server_s_other_lines_pass() -> None:
    """What the HTTP server says without an exception is left as it is."""
    stream, _ = _logged(Log())
    logging.getLogger("aiohttp.server").warning("falling back")
    assert 'msg="falling back"' in stream.getvalue()
