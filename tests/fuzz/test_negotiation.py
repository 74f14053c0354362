"""`Accept` and `Accept-Encoding`: any header gets an answer, and nothing of it is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.exposition import Format
from exporter.metrics.negotiation import accepts_gzip, choose_format
from tests.fuzz.mutation import mutated

ESCAPINGS = ("", "; escaping=underscores", "; escaping=allow-utf-8", "; escaping=values")
CONTENT_TYPES = {f"{form.value}; charset=utf-8{end}" for form in Format for end in ESCAPINGS}
PIECES = [
    "application/openmetrics-text", "text/plain", "text/*", "*/*", "version=1.0.0", "version=0.0.4",
    'version="1.0.0"', "escaping=allow-utf-8", "escaping=dots", "q=0", "q=1", "q=0.5", "q=nan",
    "q=inf", "q=-1", "q=1e-9", "q=1e999", "q=0x1", "q=1_0", "q=\u0661", ";", ",", "=", '"', " ",
    "\t", "\\", "gzip", "identity", "\x00", "\ud800",
]  # fmt: skip

headers = st.one_of(
    st.text(max_size=100),
    st.lists(st.sampled_from(PIECES), max_size=20).map("".join),
    mutated(
        st.lists(st.sampled_from(PIECES[:16]), max_size=8).map("; ".join),
        st.sampled_from(PIECES) | st.text(max_size=3),
    ),
)


@given(headers)
def test_any_header_gets_a_format(accept: str) -> None:
    """The content type is one of a fixed few, and that of the format."""
    form, content_type = choose_format(accept)
    assert content_type in CONTENT_TYPES
    assert content_type.startswith(form.value)


@given(headers)
def test_any_header_allows_gzip_or_does_not(accept_encoding: str) -> None:
    """There is no third answer, and where gzip is not named nor anything, it is not used."""
    allowed = accepts_gzip(accept_encoding)
    assert isinstance(allowed, bool)
    assert not allowed or "gzip" in accept_encoding.lower() or "*" in accept_encoding


@pytest.mark.parametrize("length", [10_000, 100_000])
@pytest.mark.parametrize("piece", [";", ",", "=", '"', "q=0.1;", "*/*,", " "])
def test_a_header_of_any_length_is_read(piece: str, length: int) -> None:
    """However often it says the same."""
    choose_format(piece * length)
    accepts_gzip(piece * length)
