"""Many events settled at once, against the same settled one by one."""

import math
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from exporter.decode.settle import INSTANT_MAX, SKEW_SECS_MAX, settle, settle_all
from exporter.event.types import Activity, Completion, CompletionDetail, Cumulative, Event, Quota
from tests.decode.bodies import CASES
from tests.event.strategies import NOW

LATEST = NOW + SKEW_SECS_MAX

_edges = [0.0, -0.0, -0.001, -1.0, NOW, LATEST, math.nextafter(LATEST, math.inf), LATEST + 1]
_seconds = st.sampled_from([*_edges, math.nan, INSTANT_MAX, INSTANT_MAX + 1, 1e300]) | st.floats(
    -10, NOW * 1000
)
_datetimes = st.sampled_from(
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14))),
        *[datetime.fromtimestamp(LATEST + secs, tz=UTC) for secs in (-0.5, 0, 0.5)],
    ]
) | st.datetimes(datetime(1960, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
instants: st.SearchStrategy[object] = st.none() | _seconds | _datetimes
"""Instants as the wire may have them: `settle` is there to make floats of them."""


def _with(event: Event, at: object, resets_at: object, since: object) -> Event:
    made: Struct = replace(deepcopy(event), at=at)
    if isinstance(made, Completion | CompletionDetail | Quota):
        made = replace(made, resets_at=resets_at)
    elif isinstance(made, Activity) and made.cumulative is not None:
        made = replace(made, cumulative=replace(Cumulative("s", 1.0), since=since))
    return made  # type: ignore[return-value] # `replace` tells of a Struct only


_resets = st.none() | instants
_completions = st.builds(
    _with, st.just(CASES["completion, least"].event), instants, _resets, st.none()
)
_any = st.builds(
    _with, st.sampled_from([case.event for case in CASES.values()]), instants, _resets, instants
)


@given(st.lists(_completions | _any))
def test_all_at_once_or_one_by_one(events: list[Event]) -> None:
    """Whatever the instants, the same events stand, alike in every field; the rest say why."""
    alone = deepcopy(events)
    found = settle_all(events, NOW)
    problems = [settle(event, NOW) for event in alone]
    assert found == [(place, why) for place, why in enumerate(problems) if why is not None]
    for event, other, why in zip(events, alone, problems, strict=True):
        assert event.__class__ is other.__class__
        if why is None:
            assert event == other
            assert event.at.__class__ is float


@given(st.lists(_completions | _any))
def test_what_stands_is_in_bounds(events: list[Event]) -> None:
    """Every event that stands is dated between 1970 and ten minutes from now."""
    refused = {place for place, _ in settle_all(events, NOW)}
    for place, event in enumerate(events):
        if place not in refused:
            assert 0.0 <= event.at <= LATEST
