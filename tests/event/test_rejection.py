"""Facts about how a refusal is told."""

import msgspec

from exporter.event.rejection import Code, Refusal, Rejection


def test_a_rejection_as_a_reply_lists_it() -> None:
    """It names the position, the code and the path, which is `$` for the whole event."""
    inside = Rejection(7, Code.OUT_OF_RANGE, "$.tokens.input")
    whole = Rejection(0, Code.MALFORMED)
    assert msgspec.json.encode([inside, whole]) == (
        b'[{"index":7,"code":"out_of_range","path":"$.tokens.input"},'
        b'{"index":0,"code":"malformed","path":"$"}]'
    )


def test_a_refusal_reads_as_its_sentence() -> None:
    """What is printed of a refusal is its detail; path and retry are there only where given."""
    refusal = Refusal(Code.INVALID_KEY, "not a key", path="Idempotency-Key", retry_after_secs=3)
    bare = Refusal(Code.NOT_ACCEPTING, "not now")
    assert str(refusal) == refusal.detail == "not a key"
    assert (refusal.code, refusal.path, refusal.retry_after_secs) == (
        Code.INVALID_KEY,
        "Idempotency-Key",
        3,
    )
    assert (bare.path, bare.retry_after_secs) == (None, None)
