"""Keys taken out of many events at once, against each event gone through field by field."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from exporter.event.parting import Parted
from exporter.event.types import (
    Activity,
    Completion,
    CompletionDetail,
    Cumulative,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.pipeline.event_names import take_keys_out
from exporter.pipeline.secrets import REDACTED, id_without_keys, name_without_keys

KEY = "sk-ant-api03-" + "a1B2c3D4" * 8
NAMES = {"agent", "model", "provider", "tool", "source", "queue", "window", "channel"}
IDS = {"session_id", "request_id", "trace_id"}

names = st.sampled_from(["a", "vendor/m", "ünï", f"m-{KEY}"])
no_keys = st.sampled_from(["a", "b-2", "0a1b2c3d" * 4, "ünï", "\n"])
ids = no_keys | st.just(KEY) | no_keys.map(lambda text: f"{text}/{KEY}")
_common = {
    "id": st.none() | no_keys,
    "agent": names,
    "session_id": st.none() | ids,
    "request_id": st.none() | ids,
    "trace_id": st.none() | ids,
}
_who = {"model": names, "provider": st.none() | st.just("") | names}
_request = {**_common, "request_id": ids}
_clean = {
    name: st.none() | no_keys if name not in ("agent", "model") else no_keys
    for name in (*_common, *_who, "run_id")
}
clean_completions: st.SearchStrategy[Event] = st.builds(Completion, **_clean)
"""What most pushes are made of: no key in any field."""

events: st.SearchStrategy[Event] = st.one_of(
    clean_completions,
    st.builds(Completion, **_common, **_who, run_id=st.none() | ids),
    st.builds(CompletionDetail, **_common, **_who),
    st.builds(RequestStarted, **_request, channel=names),
    st.builds(RequestEnded, **_request, channel=st.none() | names),
    st.builds(ToolCall, **_common, tool=names),
    st.builds(Log, **_common, level=st.just("info"), source=names, message=st.just(KEY)),
    st.builds(QueueDepth, **_common, queue=names, depth=st.just(1)),
    st.builds(Quota, **_common, window=names, provider=_who["provider"], model=st.none() | names),
    st.builds(
        Activity,
        **_common,
        kind=st.just("commit"),
        tool=st.none() | names,
        cumulative=st.none() | st.builds(Cumulative, ids, st.just(1.0)),
    ),
)


def plainly(event: Event) -> Event:
    """Return a copy of an event with the keys out of each of its names and ids."""
    made: Struct = deepcopy(event)
    for name in made.__struct_fields__:
        value = getattr(made, name)
        if name in NAMES and value:
            setattr(made, name, name_without_keys(value))
        elif name in IDS and value is not None:
            setattr(made, name, id_without_keys(value))
        elif name == "cumulative" and value is not None:
            made = replace(made, cumulative=replace(value, stream=id_without_keys(value.stream)))
        elif name == "run_id":
            setattr(made, name, None)
    return made  # type: ignore[return-value] # it is of the event's class


@given(st.lists(clean_completions, max_size=6), st.lists(events, max_size=6), st.booleans())
def test_all_at_once_or_one_by_one(
    clean: list[Event],
    others: list[Event],
    first: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever is pushed together, every event is left as it would be by itself."""
    told = [*clean, *others] if first else [*others, *clean]
    alone = deepcopy(told)
    expected = [plainly(event) for event in told]
    take_keys_out(Parted(told))
    for event in alone:
        take_keys_out(Parted([event]))
    assert repr(told) == repr(expected)
    assert repr(alone) == repr(expected)


@pytest.mark.parametrize("name", ["agent", "model", "provider", *sorted(IDS)])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_key_in_one_field_of_one_completion(name: str, place: int) -> None:
    """It goes, wherever it stands, and no field of the others changes."""
    told: list[Event] = [
        Completion(
            model="m", provider="p", agent="a", session_id="s", request_id="r", trace_id=str(number)
        )
        for number in range(7)
    ]
    untouched = deepcopy(told)
    setattr(told[place], name, KEY)
    take_keys_out(Parted(told))
    assert getattr(told[place], name).startswith(REDACTED)
    assert KEY not in repr(told)
    setattr(told[place], name, getattr(untouched[place], name))
    assert repr(told) == repr(untouched)
