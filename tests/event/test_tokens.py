"""Facts about the token ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.tokens import COUNT_MAX, PARTS, Tokens

counts = st.none() | st.integers(0, COUNT_MAX)


@pytest.mark.parametrize(
    ("tokens", "prompt", "generated", "total"),
    [
        (Tokens(), None, None, 0),
        (Tokens(total=7), None, None, 0),
        (Tokens(input=0), 0, None, 0),
        (Tokens(input=1), 1, None, 1),
        (Tokens(cache_read=2), 2, None, 2),
        (Tokens(cache_write=4), 4, None, 4),
        (Tokens(output=0), None, 0, 0),
        (Tokens(output=8), None, 8, 8),
        (Tokens(reasoning=16), None, 16, 16),
        (Tokens(input=1, cache_read=2, cache_write=4, output=8, reasoning=16), 7, 24, 31),
    ],
)
def test_sums(tokens: Tokens, prompt: int | None, generated: int | None, total: int) -> None:
    """A side of which no part was reported is unknown, which is not 0; the sum is a number."""
    assert (tokens.prompt, tokens.generated, tokens.sum) == (prompt, generated, total)


@given(st.lists(counts, min_size=len(PARTS), max_size=len(PARTS)))
def test_the_parts_are_disjoint(parts: list[int | None]) -> None:
    """The sum is that of the parts, each counted once."""
    tokens = Tokens(**dict(zip(PARTS, parts, strict=True)))
    assert tokens.sum == sum(part or 0 for part in parts)
    assert tokens.sum == (tokens.prompt or 0) + (tokens.generated or 0)


@pytest.mark.parametrize(
    ("tokens", "mismatched"),
    [
        (Tokens(), False),
        (Tokens(input=3), False),
        (Tokens(total=3), False),
        (Tokens(input=3, total=3), False),
        (Tokens(output=3, total=3), False),
        (Tokens(input=0, total=0), False),
        (Tokens(input=3, total=4), True),
        (Tokens(output=3, total=4), True),
        (Tokens(input=3, output=2, reasoning=1, total=5), True),
        (Tokens(input=0, total=1), True),
    ],
)
def test_a_claimed_total_is_checked(tokens: Tokens, mismatched: bool) -> None:  # noqa: FBT001 - a column
    """A total is a mismatch where it differs from the sum of parts, and there is a part."""
    assert tokens.mismatched is mismatched
