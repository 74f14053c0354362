"""Inputs that were right once: with pieces cut out, doubled, moved, overwritten or put in."""

from typing import AnyStr, NamedTuple

from hypothesis import strategies as st

EDITS_MAX = 6


class Edit(NamedTuple):
    """What happens to a stretch of the input; the places are parts of its length."""

    place: float
    length: int
    how: str
    to: float


_edits = st.builds(
    Edit,
    st.floats(0, 1),
    st.integers(0, 40),
    st.sampled_from(["cut", "double", "move", "overwrite", "put in", "end"]),
    st.floats(0, 1),
)


def mutated(
    originals: st.SearchStrategy[AnyStr], pieces: st.SearchStrategy[AnyStr]
) -> st.SearchStrategy[AnyStr]:
    """Return inputs made from the originals by a few edits, some of which put pieces in."""
    return st.builds(
        _mutated, originals, st.lists(st.tuples(_edits, pieces), min_size=1, max_size=EDITS_MAX)
    )


def _mutated(text: AnyStr, edits: list[tuple[Edit, AnyStr]]) -> AnyStr:
    for edit, piece in edits:
        start = round(edit.place * len(text))
        end = min(start + edit.length, len(text))
        to = round(edit.to * len(text))
        before, stretch, after = text[:start], text[start:end], text[end:]
        if edit.how == "cut":
            text = before + after
        elif edit.how == "double":
            text = before + stretch + stretch + after
        elif edit.how == "move":
            rest = before + after
            text = rest[:to] + stretch + rest[to:]
        elif edit.how == "overwrite":
            text = before + piece + text[start + len(piece) :]
        elif edit.how == "put in":
            text = before + piece + after
        else:
            text = before
    return text
