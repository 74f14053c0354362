"""How long is paused, as a function of what failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.backoff import Patience, is_worth_repeating, retry_after_secs

NOW = 1_900_000_000.0


def test_pauses_double_up_to_their_bound() -> None:
    """Without luck the pauses are 0.1 s, doubled each time, and never more than 10 s."""
    pauses = [Patience().pause_secs(failures, lambda: 1.0) for failures in range(1, 10)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_any_part_of_a_pause_is_possible(failures: int, part: float) -> None:
    """Jitter is full: the pause is anything from nothing to its bound."""
    bound = Patience().pause_secs(failures, lambda: 1.0)
    assert Patience().pause_secs(failures, lambda: part) == part * bound


@pytest.mark.parametrize("status", range(200, 600))
def test_only_what_may_pass_is_repeated(status: int) -> None:
    """A timeout, too many requests, and errors of the server are; nothing else is."""
    assert is_worth_repeating(status) == (status in (408, 429) or status >= 500)


@pytest.mark.parametrize(
    ("header", "secs"),
    [
        (None, 0),
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("7.5", 0),
        ("-7", 0),
        ("", 0),
        ("soon", 0),
        ("9" * 400, float("inf")),
        ("Sun, 17 Mar 2030 17:46:50 GMT", 10),
        ("Sun, 17 Mar 2030 17:46:30 GMT", 0),
        ("Sun, 99 Mar 2030 17:46:50 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, secs: float) -> None:
    """Both forms of RFC 9110 are read; what is neither asks for nothing."""
    assert retry_after_secs(header, NOW) == secs


@given(st.text())
def test_any_retry_after_is_read(header: str) -> None:
    """Whatever the header holds, it is a number of seconds, and none below nothing."""
    assert retry_after_secs(header, NOW) >= 0
