"""Lines and attributes with something amiss: any value in the place of any other."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from exporter.agents.fields import Unfit
from exporter.event.types import Event
from tests.agents.records import checked

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=300),
    st.sampled_from(["", "1e999", "nan", "-1", "true", "[", '["stop"]', "2026-01-01T00:00:00Z"]),
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def spoilt(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with one value replaced or left out, however deep it stands."""
    name = draw(st.sampled_from(sorted(whole)))
    value = whole[name]
    if isinstance(value, dict) and value and draw(st.booleans()):
        return whole | {name: draw(spoilt(value))}
    if draw(st.booleans()):
        return {other: kept for other, kept in whole.items() if other != name}
    return whole | {name: draw(JUNK)}


def read_or_refused(read: Callable[[], list[Event]]) -> None:
    """See that what is read is within all bounds, or that the record is refused, and no more."""
    with suppress(Unfit):
        checked(read())
