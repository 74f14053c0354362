"""Numbers and label values as prometheus_client writes them."""

import hypothesis
import pytest
from hypothesis import strategies as st
from prometheus_client.utils import floatToGoString

from exporter.metrics.text import escaped, number, sample_prefix


@hypothesis.given(st.floats() | st.integers(-(2**70), 2**70))
def test_any_number_is_written_as_by_prometheus_client(value: float) -> None:
    """Whole, tiny, huge, negative, infinite or not a number: the text is theirs."""
    assert number(value) == floatToGoString(value)  # type: ignore[no-untyped-call] # theirs


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (999_999, "999999.0"),
        (1_000_000, "1e+06"),
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
