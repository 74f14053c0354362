"""Content encodings: any bytes under any name are unpacked, or refused with a reason."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from exporter.decode.content import unpack
from exporter.event.rejection import Code, Refusal
from tests.fuzz.mutation import mutated

BYTES_MAX = 1_000
REASONS = {Code.MALFORMED, Code.TRUNCATED, Code.TOO_LARGE, Code.UNSUPPORTED_ENCODING}

contents = st.binary(max_size=200) | st.integers(0, 3_000).map(bytes)
packed = st.one_of(
    contents.map(gzip.compress),
    contents.map(zlib.compress),
    st.tuples(contents, contents).map(lambda two: gzip.compress(two[0]) + gzip.compress(two[1])),
)
bodies = st.binary(max_size=300) | packed | mutated(packed, st.binary(max_size=4))
encodings = st.one_of(
    st.none(),
    st.sampled_from(["gzip", "x-gzip", " GZIP ", "identity", "gzip, gzip", "deflate", "br", ""]),
    st.text(max_size=10),
)


def content_or_code(body: bytes, encoding: str | None) -> bytes | Code:
    """Return what a body is unpacked to, or the code it is refused with."""
    try:
        return unpack(body, encoding, bytes_max=BYTES_MAX)
    except Refusal as refused:
        return refused.code


@given(bodies, encodings)
def test_any_body_is_unpacked_or_refused(body: bytes, encoding: str | None) -> None:
    """The outcome is at most as large as allowed, or one of four reasons."""
    unpacked = content_or_code(body, encoding)
    assert unpacked in REASONS if isinstance(unpacked, Code) else len(unpacked) <= BYTES_MAX


@given(bodies)
def test_what_is_unpacked_is_what_gzip_reads(body: bytes) -> None:
    """Nothing comes out that the standard library would not read from the very same stream."""
    unpacked = content_or_code(body, "gzip")
    assert isinstance(unpacked, Code) or gzip.decompress(body) == unpacked


@given(contents)
def test_what_was_packed_is_unpacked(content: bytes) -> None:
    """Up to the bound every gzip stream comes back as it was, and past it none does."""
    expected = content if len(content) <= BYTES_MAX else Code.TOO_LARGE
    assert content_or_code(gzip.compress(content), "gzip") == expected
    assert content_or_code(content, None) == expected
