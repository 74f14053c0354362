"""Facts about content encodings."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.decode.content import unpack
from exporter.event.rejection import Code, Refusal

BODY = b'{"type":"completion","model":"m"}' * 3
PACKED = gzip.compress(BODY)
BYTES_MAX = 1 << 20
MEBIBYTE = bytes(1 << 20)

REFUSED: dict[str, tuple[bytes, str, Code]] = {
    "no gzip": (BODY, "gzip", Code.MALFORMED),
    "zlib": (zlib.compress(BODY), "gzip", Code.MALFORMED),
    "deflate": (zlib.compress(BODY, wbits=-15), "gzip", Code.MALFORMED),
    "bad checksum": (
        PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],
        "gzip",
        Code.MALFORMED,
    ),
    "bad length": (PACKED[:-1] + bytes([PACKED[-1] ^ 1]), "gzip", Code.MALFORMED),
    "rubbish after it": (PACKED + b"x", "gzip", Code.MALFORMED),
    "zeros after it": (PACKED + b"\0", "gzip", Code.MALFORMED),
    "two members": (PACKED + PACKED, "gzip", Code.MALFORMED),
    "empty": (b"", "gzip", Code.TRUNCATED),
    "wat": (BODY, "wat", Code.UNSUPPORTED_ENCODING),
    "deflate, by name": (zlib.compress(BODY), "deflate", Code.UNSUPPORTED_ENCODING),
    "brotli": (BODY, "br", Code.UNSUPPORTED_ENCODING),
    "gzip twice": (gzip.compress(PACKED), "gzip, gzip", Code.UNSUPPORTED_ENCODING),
    "identity twice": (BODY, "identity,identity", Code.UNSUPPORTED_ENCODING),
    "blank": (BODY, " ", Code.UNSUPPORTED_ENCODING),
}


CODES = {Code.MALFORMED, Code.TRUNCATED, Code.TOO_LARGE, Code.UNSUPPORTED_ENCODING}


def unpacked(body: bytes, encoding: str | None, *, bytes_max: int) -> bytes | Code:
    """Return what a body unpacks to, or the code it is refused with."""
    try:
        return unpack(body, encoding, bytes_max=bytes_max)
    except Refusal as refused:
        return refused.code


def refusal(body: bytes, encoding: str | None, *, bytes_max: int = BYTES_MAX) -> Refusal:
    """Return how a body is refused."""
    with pytest.raises(Refusal) as refused:
        unpack(body, encoding, bytes_max=bytes_max)
    return refused.value


@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity", " identity "])
def test_a_body_that_is_not_packed(encoding: str | None) -> None:
    """Without an encoding the body is what it is, even one that looks like gzip."""
    assert unpack(BODY, encoding, bytes_max=BYTES_MAX) == BODY
    assert unpack(PACKED, encoding, bytes_max=BYTES_MAX) == PACKED
    assert unpack(b"", encoding, bytes_max=BYTES_MAX) == b""


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", " gzip "])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_gzip_body(encoding: str, level: int) -> None:
    """Gzip by either of its names, in any case, is undone, at any level."""
    for body in (BODY, b"", MEBIBYTE):
        assert unpack(gzip.compress(body, level), encoding, bytes_max=BYTES_MAX) == body


@pytest.mark.parametrize(("body", "encoding", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(body: bytes, encoding: str, code: Code) -> None:
    """Anything but one whole gzip stream, or an encoding we do not know, is refused."""
    assert refusal(body, encoding).code is code


@pytest.mark.parametrize("length", range(len(PACKED)))
def test_a_gzip_body_cut_anywhere(length: int) -> None:
    """A stream that stops early is truncated, wherever it stops, even before its last byte."""
    assert refusal(PACKED[:length], "gzip").code is Code.TRUNCATED


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_largest_body(encoding: str | None) -> None:
    """As many decoded bytes as allowed are taken, and not one more."""
    packed = gzip.compress(BODY) if encoding else BODY
    assert unpack(packed, encoding, bytes_max=len(BODY)) == BODY
    assert refusal(packed, encoding, bytes_max=len(BODY) - 1).code is Code.TOO_LARGE


def test_a_bomb_is_too_large() -> None:
    """200 MB of zeros in 200 KB are refused, whatever else would be wrong with the stream."""
    deflater = zlib.compressobj(9, wbits=31)
    bomb = b"".join(deflater.compress(MEBIBYTE) for _ in range(200)) + deflater.flush()
    assert len(bomb) < BYTES_MAX
    assert refusal(bomb, "gzip").code is Code.TOO_LARGE
    assert refusal(bomb[:-1] + b"x", "gzip").code is Code.TOO_LARGE


@given(st.binary(max_size=200), st.none() | st.sampled_from(["gzip", "identity"]) | st.text())
def test_any_bytes_are_taken_or_refused(body: bytes, encoding: str | None) -> None:
    """Whatever comes, it is unpacked or refused, and nothing else is raised."""
    outcome = unpacked(body, encoding, bytes_max=100)
    assert isinstance(outcome, bytes) or outcome in CODES


@given(st.binary(max_size=300), st.data())
def test_a_damaged_stream_never_passes_for_another(body: bytes, data: st.DataObject) -> None:
    """A gzip stream with a byte of its data changed is refused, or brings what was packed."""
    packed = bytearray(gzip.compress(body))
    position = data.draw(st.integers(10, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    outcome = unpacked(bytes(packed), "gzip", bytes_max=BYTES_MAX)
    assert outcome == body or outcome in CODES
