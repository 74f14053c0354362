"""Numbers and label values as prometheus_client writes them."""

import hypothesis
import pytest
from hypothesis import strategies as st
from prometheus_client.utils import floatToGoString

from exporter.metrics.text import escaped, number, sample_prefix

amounts = st.floats(0, 1e7)
sums = st.lists(st.integers(0, 10**7), max_size=20).map(lambda ms: sum(one / 1e3 for one in ms))


@hypothesis.given(st.floats() | st.integers(-(2**70), 2**70) | amounts | sums)
def test_any_number_is_written_as_by_prometheus_client(value: float) -> None:
    """Whole, tiny, huge, negative, infinite or not a number: the text is theirs."""
    assert number(value) == floatToGoString(value)  # type: ignore[no-untyped-call] # theirs


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (True, "1.0"),
        (0.0001, "0.0001"),
        (0.00009999999999999999, "9.999999999999999e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (999_999, "999999.0"),
        (999_999.9999999999, "999999.9999999999"),
        (1_000_000, "1e+06"),
        (10_203_000, "1.0203e+07"),
        (2**53, "9.007199254740992e+15"),
        (2**53 + 1, "9.007199254740992e+15"),
        (1_234_567.5, "1.2345675e+06"),
        (1e16, "1e+16"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
        (-1_000_000.0, "-1000000.0"),
    ],
)
def test_a_number_at_an_edge(value: float, text: str) -> None:
    """The edges between Python's way of writing numbers and Go's."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("plain", "plain"), ('"', r"\""), ("\\", r"\\"), ("a\nb", r"a\nb"), ("\\n", r"\\n")],
)
def test_a_label_value_is_escaped(value: str, text: str) -> None:
    """Backslash, newline and double quote, each once."""
    assert escaped(value) == text


def test_labels_stand_in_alphabetical_order() -> None:
    """Whatever order they are given in."""
    assert sample_prefix("m", [("b", "2"), ("a", "1")]) == 'm{a="1",b="2"} '
    assert sample_prefix("m", []) == "m "
