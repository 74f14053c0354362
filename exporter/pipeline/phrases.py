"""Phrases looked for in an error text: what a text is cut down to, and how the search stays cheap.

A pattern of many alternatives is tried at every position of a text. Most texts hold none of the
phrases, and that shows sooner: each set of phrases comes with words of which any of them has one,
and to miss a handful of plain words takes a hundredth of the time. That a set names the right words
cannot be seen from its pattern; the tests draw texts from the patterns to hold the two together.
"""

import re
from typing import NamedTuple

EXCERPT_LENGTH_MAX = 4096
"""Characters of a text that are looked at: with every repetition in a pattern bounded, this bounds
the time taken, whatever is pushed."""

_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")


class Excerpt(NamedTuple):
    """The start of a text as patterns want it, and the same in small letters."""

    text: str
    lowered: str


class Phrases(NamedTuple):
    """A pattern for small letters, and words of which each of its phrases has at least one."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    def are_in(self, excerpt: Excerpt) -> bool:
        """Return whether any of the phrases is in the excerpt."""
        lowered = excerpt.lowered
        return any(word in lowered for word in self.words) and bool(self.pattern.search(lowered))


def excerpt_of(text: str) -> Excerpt:
    """Return the start of a text.

    White space of any kind and length becomes one blank, curly apostrophes become straight ones.
    """
    start = " ".join(text[:EXCERPT_LENGTH_MAX].split())
    if not start.isascii():
        start = start.translate(_APOSTROPHES)
    return Excerpt(start, start.lower())
