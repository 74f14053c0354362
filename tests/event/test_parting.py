"""Events parted: each completion is with those of its key, and everything else beside them."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.event.parting import Parted
from exporter.event.types import Completion, Event, Log, ToolCall
from exporter.pipeline.enrichment import enrich

names = st.sampled_from(["", "a", "b"])
completions = st.builds(
    Completion,
    agent=st.sampled_from(["a", "b", "sk-ant-api03-" + "x" * 90]),
    session_id=st.sampled_from([None, "", "s", "t"]),
    provider=st.sampled_from([None, "", "p", "q"]),
    model=st.sampled_from(["m", "p/m", "n"]),
    at=st.just(1.8e9),
    cost_usd=st.sampled_from([None, 0.5]),
    request_id=st.sampled_from([None, "r"]),
    error=st.sampled_from([None, "overloaded"]),
)
others = st.just(ToolCall(tool="t", at=1.8e9)) | st.just(
    Log(level="info", source="s", message="m", at=1.8e9)
)
histories = st.lists(completions | others, max_size=12)


def plainly(events: list[Event]) -> dict[object, list[int]]:
    """Return the completions by their key, one by one."""
    alike: dict[object, list[int]] = {}
    for event in events:
        if isinstance(event, Completion):
            key = (event.agent, event.session_id, event.provider, event.model)
            alike.setdefault(key, []).append(id(event))
    return alike


def told(parted: Parted) -> dict[object, list[int]]:
    """Return the same as it was parted."""
    return {key: [id(event) for event in mates] for key, mates in parted.alike.items()}


@given(histories)
def test_completions_are_with_those_of_their_key(events: list[Event]) -> None:
    """In their order, keys in that of their first; and the others are in theirs."""
    parted = Parted(events)
    assert told(parted) == plainly(events)
    assert list(told(parted)) == list(plainly(events))
    among = [event for event in events if isinstance(event, Completion)]
    assert list(map(id, parted.completions)) == list(map(id, among))
    assert sorted(map(id, parted.each_completion())) == sorted(map(id, among))
    rest = [event for event in events if not isinstance(event, Completion)]
    assert list(map(id, parted.others)) == list(map(id, rest))


@given(histories)
def test_what_enrichment_parted_is_parted_as_it_left_it(events: list[Event]) -> None:
    """Names that it fills in or takes keys out of are those that the events end up with."""
    parted = enrich(events)
    assert list(told(parted).items()) == list(plainly(events).items())
    assert list(map(id, parted.events)) == list(map(id, events))
