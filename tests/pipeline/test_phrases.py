"""Facts about looking for phrases in error texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.limit_text import QUOTA, RATE, limit_kind
from exporter.pipeline.phrases import EXCERPT_LENGTH_MAX, Excerpt, Phrases, excerpt_of
from exporter.pipeline.reason_text import PHRASES

SETS = {"quota limits": QUOTA, "rate limits": RATE}
SETS |= {f"{reason} phrases": phrases for reason, phrases in PHRASES.items()}


@pytest.mark.parametrize("phrases", SETS.values(), ids=SETS)
@given(data=st.data())
def test_every_phrase_has_a_word_of_its_set(phrases: Phrases, data: st.DataObject) -> None:
    """No phrase that a pattern stands for is passed over for want of a word."""
    text = data.draw(st.from_regex(phrases.pattern, fullmatch=True))
    assert phrases.are_in(Excerpt(text, text))


@pytest.mark.parametrize("phrases", SETS.values(), ids=SETS)
def test_a_word_alone_is_no_phrase(phrases: Phrases) -> None:
    """A text of all the words, run together, holds none of the phrases."""
    text = "x".join(["", *phrases.words, ""])
    assert not phrases.are_in(Excerpt(text, text))


@given(st.text())
def test_an_excerpt_is_what_patterns_want(text: str) -> None:
    """White space is single blanks, none at the ends, and an excerpt is its own excerpt."""
    excerpt = excerpt_of(text)
    assert excerpt.text.split(" ") == (excerpt.text.split() or [""])
    assert len(excerpt.text.split()) == len(text.split())
    assert excerpt_of(excerpt.text) == excerpt
    assert excerpt.lowered == excerpt.text.lower()


def test_apostrophes_are_straight() -> None:
    """A curly apostrophe becomes a straight one, and case is kept beside the small letters."""
    excerpt = excerpt_of(" You\u2019ve\u202f\n hit  it ")
    assert excerpt == ("You've hit it", "you've hit it")


@pytest.mark.parametrize(
    "piece", [" ", "a", "exceeded ", "hit your x ", "daily a ", "error 429 ms ", "(429 ", "\u2019"]
)
def test_only_the_start_of_a_text_is_looked_at(piece: str) -> None:
    """What stands behind the first 4,096 characters is not seen, however the text is built."""
    noise = (piece * 1_000_000)[:1_000_000]
    assert limit_kind(excerpt_of(f"{noise} usage limit")) is None
    assert limit_kind(excerpt_of(f"usage limit {noise}")) is ErrorType.QUOTA
    assert len(excerpt_of(noise).text) <= EXCERPT_LENGTH_MAX
