"""Facts about how long things took that begin on one line and end on another."""

import pytest

from exporter.agents.begun import BEGUN_MAX, Begun, elapsed_ms


def test_an_end_tells_the_name_and_the_time() -> None:
    """What began is told once, with the milliseconds since."""
    begun = Begun()
    begun.begin("k", "read", 100.0)
    assert begun.end("k", 100.25) == ("read", 250.0)
    assert begun.end("k", 101.0) == (None, None)


def test_a_second_beginning_counts_from_then() -> None:
    """Of two beginnings under one key the later stands."""
    begun = Begun()
    begun.begin("k", "read", 100.0)
    begun.begin("k", "write", 101.0)
    assert begun.end("k", 101.5) == ("write", 500.0)


def test_beginnings_are_bounded() -> None:
    """One more than there is room for, and the oldest is given up."""
    begun = Begun()
    for number in range(BEGUN_MAX + 1):
        begun.begin(str(number), "read", 100.0)
    assert begun.end("0", 101.0) == (None, None)
    assert begun.end("1", 101.0) == ("read", 1000.0)


@pytest.mark.parametrize(
    ("until", "expected"), [(100.0, 0.0), (100.0015, 1.5), (99.9, None), (1e15, None)]
)
def test_elapsed_time(until: float, expected: float | None) -> None:
    """Time that runs backwards, or for longer than any duration may, is unknown."""
    assert elapsed_ms(100.0, until) == expected
