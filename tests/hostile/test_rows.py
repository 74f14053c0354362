"""Every row of the table is held by a test."""

import re
from pathlib import Path

from tests.hostile.rows import ROWS

TESTS = Path(__file__).parents[1]
MARK = re.compile(r"pytest\.mark\.hostile\(([\d, ]+)\)")


def test_every_row_has_a_test() -> None:
    """Each number is in the mark of a test, and no mark has a number that is none."""
    marked = {
        int(number)
        for path in TESTS.rglob("test_*.py")
        for numbers in MARK.findall(path.read_text())
        for number in numbers.split(",")
    }
    assert sorted(ROWS) == list(range(1, 38))
    assert sorted(set(ROWS) - marked) == []
    assert sorted(marked - set(ROWS)) == []
