"""docs/reliability.md tells of every row, limit and epoch, and names tests that hold what it says.

Test modules are imported and asked for their marks, since a mark may be of one case of many.
"""

import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
import pytest

from exporter.config import Config
from exporter.event.rejection import Code
from exporter.journal.epoch import Cause
from exporter.metrics.catalogue import CATALOGUE
from tests.hostile.rows import ROWS

PAGE = Path("docs/reliability.md").read_text()
TEST = re.compile(r"`((?:\w+/)+test_\w+)\.py::(\w+)`")
ROW = re.compile(r"^\| (\d+) \| (.+?) \| .+ \| (.+?) \|$", re.MULTILINE)
KEY = re.compile(r"^\| [^|]+ \| `(\w+\.\w+)` \| ([^|]+) \|", re.MULTILINE)
BOUNDS = ("_max", "_secs", "_bytes", "slots")

Test = tuple[str, str]
"""The module of a test and its name there."""

TABLE = {int(number): (text, TEST.findall(tests)) for number, text, tests in ROW.findall(PAGE)}


def module_of(test: Test) -> ModuleType:
    """Return the module a test is in."""
    return importlib.import_module("tests." + test[0].replace("/", "."))


def rows_of(test: Test) -> set[int]:
    """Return the rows that a test, any case of it or all of its module is marked with."""
    module = module_of(test)
    marked = (module, getattr(module, test[1]))
    marks = _flat([getattr(one, "pytestmark", ()) for one in marked])
    return {row for mark in marks if mark.name == "hostile" for row in mark.args}


def _flat(found: object) -> Iterator[pytest.Mark]:
    """Yield the marks in any nesting of marks, decorators, cases and lists of them."""
    if isinstance(found, pytest.MarkDecorator):
        yield found.mark
    elif isinstance(found, pytest.Mark):
        yield found
        if found.name == "parametrize":
            cases = found.args[1] if len(found.args) > 1 else found.kwargs["argvalues"]
            yield from _flat([getattr(case, "marks", ()) for case in cases])
    elif isinstance(found, Iterable):
        for one in found:
            yield from _flat(one)


def test_every_row_is_on_the_page() -> None:
    """In its order and its words."""
    assert {number: text for number, (text, _) in TABLE.items()} == ROWS
    assert list(TABLE) == list(ROWS)


@pytest.mark.parametrize("number", ROWS)
def test_every_row_names_tests_that_hold_it(number: int) -> None:
    """At least one, and each of them is marked with the row."""
    _, tests = TABLE[number]
    assert tests
    for test in tests:
        assert number in rows_of(test), test


def test_every_test_named_exists() -> None:
    """Those of the promises too, and none of them is skipped always."""
    named = TEST.findall(PAGE)
    assert len(named) == PAGE.count(".py::")
    for test in named:
        found = getattr(module_of(test), test[1])
        marks = {mark.name for mark in getattr(found, "pytestmark", [])}
        assert not marks & {"skip", "xfail"}, test


def test_every_promise_names_a_test() -> None:
    """A promise without one is a hope."""
    promises = PAGE.partition("| held by |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert promises
    for line in promises:
        assert TEST.search(line), line


def test_every_configured_bound_is_on_the_page_with_its_default() -> None:
    """And none that there is not."""
    written = dict(KEY.findall(PAGE))
    bounds = {
        f"{section}.{key}": value
        for section, keys in msgspec.structs.asdict(Config()).items()
        for key, value in msgspec.structs.asdict(keys).items()
        if key.endswith(BOUNDS) and section != "shutdown"
    }
    labels = msgspec.structs.asdict(bounds.pop("metrics.label_values_max"))
    assert written.pop("metrics.label_values_max") == ", ".join(map(" ".join, _texts(labels)))
    assert written == {key: f"{value:,}" for key, value in bounds.items()}


def _texts(values: dict[str, int]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in values.items())


def test_every_metric_named_exists() -> None:
    """Families are named as they are exposed, and codes are those of refusals."""
    exposed = {family.sample_name for family in CATALOGUE}
    named = set(re.findall(r"`?\b(agent_[a-z_]+[a-z])\b", PAGE))
    assert named <= exposed
    assert set(re.findall(r'code="(\w+)"', PAGE)) <= {code.value for code in Code}


def test_every_cause_of_an_epoch_is_on_the_page() -> None:
    """In the table that says what to do."""
    table = PAGE.partition("| cause |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(get_args(Cause))
