"""Facts about values as agents write them: what they are taken for, and what is refused."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from exporter.agents.fields import (
    Unfit,
    count,
    flag,
    instant,
    kind,
    milliseconds,
    number,
    parts,
    required_text,
    status_code,
    text,
    usd,
)
from exporter.event.rejection import Code
from exporter.event.tokens import COUNT_MAX
from tests.agents.junk import JUNK
from tests.agents.records import NOW

NONE: list[Any] = [None, ""]


@pytest.mark.parametrize(
    ("value", "found"),
    [("a", "a"), ("a" * 200, "a" * 128), (7, "7"), (0.5, "0.5"), (True, None), ([], None)]
    + [(value, None) for value in NONE],
)
def test_what_is_a_text(value: object, found: str | None) -> None:
    """A number is one too; what is too long is cut, and an empty one is none."""
    assert text({"x": value}, "x") == found


def test_a_text_may_be_required() -> None:
    """Where there is none, the record is refused by the name of the field."""
    assert required_text({"x": "a"}, "x") == "a"
    with pytest.raises(Unfit) as refused:
        required_text({"x": ""}, "x")
    assert (refused.value.code, refused.value.field) == (Code.MISSING_FIELD, "x")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("ShellError", "ShellError"),
        ("errors/http:429_x.y-z", "errors/http:429_x.y-z"),
        ("a" * 64, "a" * 64),
        ("a" * 65, "other"),
        ("a" * 200, "other"),
        ("no such file", "other"),
        ("word\n", "other"),
        ("wört", "other"),
        (7, "7"),
        (True, None),
    ]
    + [(value, None) for value in NONE],
)
def test_what_is_a_kind(value: object, found: str | None) -> None:
    """One word of those that names are made of; any other text is not repeated."""
    assert kind({"x": value}, "x") == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, 3.0), ("3", 3.0), ("1.5", 1.5), (0, 0.0), (10, 10.0)] + [(value, None) for value in NONE],
)
def test_what_is_a_number(value: object, found: float | None) -> None:
    """A string may hold one."""
    assert number({"x": value}, "x", most=10) == found


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("many", Code.WRONG_TYPE),
        ("1" * 33, Code.WRONG_TYPE),
        (True, Code.WRONG_TYPE),
        ([1], Code.WRONG_TYPE),
        (-1, Code.OUT_OF_RANGE),
        (1e300, Code.OUT_OF_RANGE),
        ("nan", Code.OUT_OF_RANGE),
        (math.inf, Code.OUT_OF_RANGE),
        (10**400, Code.OUT_OF_RANGE),
    ],
)
@pytest.mark.parametrize("read", [milliseconds, count])
def test_what_is_no_number(value: object, code: Code, read: Callable[..., object]) -> None:
    """It is refused by the name of its field, and never repeated."""
    with pytest.raises(Unfit) as refused:
        read({"field": value}, "field")
    assert (refused.value.code, refused.value.field) == (code, "field")


def test_a_part_of_one_is_no_count() -> None:
    """What is counted is whole."""
    with pytest.raises(Unfit):
        count({"x": "1.5"}, "x")


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, 3), ("1500", 1_500), (2.0, 2), (COUNT_MAX, COUNT_MAX), (0, 0), (None, None), ("", None)],
)
def test_what_is_a_count(value: object, found: int | None) -> None:
    """A whole number, exact up to the largest that may be counted."""
    assert count({"x": value}, "x") == found


def test_durations_and_dollars_have_bounds() -> None:
    """Those of the events they go into."""
    assert milliseconds({"x": "1e12"}, "x") == 1e12
    assert usd({"x": 1e9}, "x") == 1e9
    for read, value in ((milliseconds, 1.1e12), (usd, 1.1e9)):
        with pytest.raises(Unfit):
            read({"x": value}, "x")


@pytest.mark.parametrize(
    ("value", "found"),
    [(429, 429), ("429", 429), (0, None), (1_000, None), ("undefined", None), (None, None)],
)
def test_what_is_a_status_code(value: object, found: int | None) -> None:
    """What cannot be one says nothing, and costs no record."""
    assert status_code({"x": value}, "x") == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, True),
        ("true", True),
        ("False", False),
        (1, True),
        ("0", False),
        ("perhaps", None),
        (2, None),
        (None, None),
        ([], None),
    ],
)
def test_what_is_a_flag(value: object, *, found: bool | None) -> None:
    """A word may be one."""
    assert flag({"x": value}, "x") is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1_800_000_000, NOW),
        (1_800_000_000.5, NOW + 0.5),
        (1_800_000_000_500, NOW + 0.5),
        ("2027-01-15T08:00:00.500Z", NOW + 0.5),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15T08:00:00", NOW),
        ("yesterday", None),
        ("1969-12-31T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        (0, None),
        (-1, None),
        (True, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        (None, None),
        ({}, None),
    ],
)
def test_what_is_an_instant(value: object, found: float | None) -> None:
    """A text of RFC 3339, seconds or milliseconds; a text without an offset is of UTC."""
    assert instant({"x": value}, "x") == found


def test_an_instant_without_an_offset_is_not_of_this_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the exporter runs, it reads the same."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert instant({"x": "2027-01-15T08:00:00"}, "x") == NOW
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_not_an_object_has_no_parts() -> None:
    """So that what should stand in it is not there."""
    assert parts({"x": {"y": 1}}, "x") == {"y": 1}
    assert parts({"x": [1]}, "x") == parts({}, "x") == {}


@given(JUNK)
@pytest.mark.parametrize("read", [text, kind, count, milliseconds, usd, status_code, flag, instant])
def test_any_value_is_taken_or_refused(read: Callable[..., object], value: object) -> None:
    """There is one error, and no other."""
    with suppress(Unfit):
        read({"x": value}, "x")
