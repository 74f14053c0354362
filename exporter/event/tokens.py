"""The token ledger: five disjoint parts that add up to what a completion used."""

from typing import Annotated

from msgspec import Meta, Struct

COUNT_MAX = 2**53
"""The largest count taken: beyond it a float counter no longer counts in ones."""

TokenCount = Annotated[int, Meta(ge=0, le=COUNT_MAX)]

PARTS = ("input", "output", "reasoning", "cache_read", "cache_write")


class Tokens(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Tokens of one completion. A part that is `None` was not reported, and counts as nothing.

    The parts are disjoint: `input` excludes both cache parts and `output` excludes `reasoning`.
    `total` is what the source claims the sum to be; the sum of the parts is what stands.
    """

    input: TokenCount | None = None
    output: TokenCount | None = None
    reasoning: TokenCount | None = None
    cache_read: TokenCount | None = None
    cache_write: TokenCount | None = None
    total: TokenCount | None = None

    @property
    def prompt(self) -> int | None:
        """All that went in: input and both cache parts; `None` where none was reported."""
        if self.input is None and self.cache_read is None and self.cache_write is None:
            return None
        return (self.input or 0) + (self.cache_read or 0) + (self.cache_write or 0)

    @property
    def generated(self) -> int | None:
        """All that came out: output and reasoning; `None` where neither was reported."""
        if self.output is None and self.reasoning is None:
            return None
        return (self.output or 0) + (self.reasoning or 0)

    @property
    def sum(self) -> int:
        """The parts added up."""
        return (self.prompt or 0) + (self.generated or 0)

    @property
    def mismatched(self) -> bool:
        """Whether the claimed total differs from the sum of the parts.

        A total with no part beside it claims nothing that could be checked.
        """
        if self.total is None or (self.prompt is None and self.generated is None):
            return False
        return self.total != self.sum
