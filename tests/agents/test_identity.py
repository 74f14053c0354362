"""Facts about ids: one thing told twice has one, and two things never share one."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.agents.identity import digest, identified, identity, named
from exporter.event.types import Completion

scalars = st.none() | st.text(max_size=200) | st.integers(-(2**63), 2**63) | st.booleans()


def test_an_id_of_one_name_can_be_read() -> None:
    """Whoever looks at a journal finds the request again."""
    assert identity("call", "codex", "req_1") == "call:codex:req_1"


def test_what_an_id_is_of_is_part_of_it() -> None:
    """A call and its detail are two things, and so are two agents' calls."""
    ids = {identity(kind, agent, "x") for kind in ("call", "detail") for agent in ("a", "b")}
    assert len(ids) == 4


def test_parts_are_not_run_together() -> None:
    """Neither is a number its text, nor the absent the empty."""
    ids = [digest("a", "bc"), digest("ab", "c"), digest("abc"), digest(1), digest("1")]
    assert len({*ids, digest(None), digest("")}) == 7


def test_the_order_of_attributes_does_not_matter() -> None:
    """An exporter may write them in any."""
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})


def test_a_name_that_is_too_long_is_stood_for() -> None:
    """An id has 128 characters; longer names that begin alike have two."""
    prefix = "call:codex:"
    fits = "x" * (128 - len(prefix))
    assert identity("call", "codex", fits) == named("call", "codex", fits) == prefix + fits
    longer = [named("call", "codex", fits + end) for end in ("a", "b")]
    assert longer == [identity("call", "codex", fits + end) for end in ("a", "b")]
    assert longer == [prefix + digest(fits + end) for end in ("a", "b")]
    assert len({*longer, prefix + fits}) == 3
    assert all(len(one) <= 128 for one in longer)


@given(st.text(min_size=1, max_size=200), st.lists(scalars, min_size=1, max_size=4))
def test_any_id_has_room(agent: str, parts: list[object]) -> None:
    """However long its parts, it is as long as an id may be."""
    assert 0 < len(identity("tool", agent, *parts)) <= 128


def test_an_event_gets_its_id() -> None:
    """Of its own agent, in place."""
    event = Completion(model="m", agent="codex")
    assert identified(event, "call", "x") is event
    assert event.id == "call:codex:x"
