"""Content encodings: the bytes of a push as they were before they were packed for the wire."""

import zlib
from collections.abc import Iterator

from exporter.event.rejection import Code, Refusal

GZIP_WINDOW_BITS = 31
"""zlib's code for a 32 KiB window inside a gzip frame, and nothing else."""

PIECE_BYTES = 64 * 1024


def unpack(body: bytes, encoding: str | None, *, bytes_max: int) -> bytes:
    """Return `body` without its content encoding: identity or gzip.

    Raises `Refusal`: `unsupported_encoding` for any other encoding or a chain of them, `too_large`
    past `bytes_max` decoded bytes, `truncated` where the gzip stream stops early, `malformed` where
    it is damaged or something follows it. A whole stream is checked before any of it counts.
    """
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        if len(body) > bytes_max:
            raise too_large(bytes_max)
        return body
    if name not in {"gzip", "x-gzip"}:
        raise Refusal(Code.UNSUPPORTED_ENCODING, "Content-Encoding must be gzip or identity")
    return _gunzip(body, bytes_max)


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    inflater = zlib.decompressobj(GZIP_WINDOW_BITS)
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        for piece in _inflated(inflater, body):
            # Known before the pieces are joined, which takes their room once more.
            size_bytes += len(piece)
            if size_bytes > bytes_max:
                raise too_large(bytes_max)
            pieces.append(piece)
    except zlib.error:
        raise Refusal(Code.MALFORMED, "the gzip stream is damaged") from None
    if not inflater.eof:
        raise Refusal(Code.TRUNCATED, "the gzip stream ends before its trailer")
    if inflater.unused_data:
        raise Refusal(Code.MALFORMED, "something follows the gzip stream")
    return b"".join(pieces)


def _inflated(inflater: "zlib._Decompress", body: bytes) -> Iterator[bytes]:
    """Yield what a body holds in small pieces, however well it is packed."""
    for start in range(0, len(body), PIECE_BYTES):
        packed = body[start : start + PIECE_BYTES]
        while packed:
            yield inflater.decompress(packed, PIECE_BYTES)
            packed = inflater.unconsumed_tail
        if inflater.unused_data:
            return


def too_large(bytes_max: int) -> Refusal:
    """Return the refusal of a body that is over a limit, packed or unpacked."""
    return Refusal(Code.TOO_LARGE, f"the body is over {bytes_max} bytes")
