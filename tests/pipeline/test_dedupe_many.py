"""Many keys and ids at once, against the same one by one and against plain dicts."""

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.types import Completion, Event, ToolCall
from exporter.pipeline.batch import Batch
from exporter.pipeline.dedupe import Dedupe, Remembered
from exporter.pipeline.secrets import id_without_keys
from exporter.pipeline.turns import EVENTS_PER_PIECE, finish
from tests.pipeline.builders import NOW, push

TTL_SECS = 100.0
KEY = "sk-ant-api03-" + "a1B2c3D4" * 8

pauses_secs = st.sampled_from([0.0, 1.0, 60.0, 99.0, 100.0])
several = st.lists(st.integers(0, 30).map(str), unique=True, max_size=12)


def state(remembered: Remembered) -> tuple[list[tuple[str, float]], int]:
    """Return all that is remembered, the oldest first, and what was evicted."""
    return list(remembered.seen()), remembered.evicted


@given(st.integers(1, 9), st.lists(st.tuples(pauses_secs, several, st.booleans()), max_size=12))
def test_keys_all_at_once_or_one_by_one(
    keys_max: int, steps: list[tuple[float, list[str], bool]]
) -> None:
    """However many are added, new ones or known ones, the same are left, in the same order."""
    alone = Remembered(keys_max=keys_max, ttl_secs=TTL_SECS)
    together = Remembered(keys_max=keys_max, ttl_secs=TTL_SECS)
    now = NOW
    for secs, keys, asked in steps:
        now += secs
        for key in keys:
            alone.add(key, now)
        together.add_all(keys, now)
        assert state(together) == state(alone)
        if asked:
            told = [alone.knows(str(number), now) for number in range(31)]
            assert [together.knows_any([str(number)], now) for number in range(31)] == told
            assert together.knows_any(keys[::-1], now) == any(alone.knows(key, now) for key in keys)


class Told(NamedTuple):
    """An event of a push, and how many others of ids of their own stand before it."""

    event: Event
    others_before: int


class Push(NamedTuple):
    """A batch to be made, with the key it comes under."""

    told: Sequence[Told]
    key: str | None

    def batch(self, name: str) -> Batch:
        """Return it; `name` is what makes the others' ids their own."""
        events: list[Event] = []
        for one in self.told:
            for _ in range(one.others_before):
                events.append(_OTHERS[len(events) % 2](f"{name}/{len(events)}"))
            events.append(deepcopy(one.event))
        return push(*events, key=self.key)


_OTHERS = (
    lambda one: ToolCall(tool="t", id=one, at=NOW),
    lambda one: Completion(model="m", id=one, run_id="1", at=NOW),
)
_ids = st.sampled_from([None, "a", "b", "c", f"{KEY}-1", f"{KEY}-2"])
_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Completion,
        model=st.just("m"),
        at=st.just(NOW),
        id=_ids,
        run_id=st.sampled_from([None, "1", "1", "2"]),
    ),
    st.builds(ToolCall, tool=st.just("t"), at=st.just(NOW), id=_ids),
)
_told = st.builds(
    Told,
    _events,
    st.sampled_from([0] * 12 + [1, EVENTS_PER_PIECE - 1, EVENTS_PER_PIECE, EVENTS_PER_PIECE + 1]),
)
_pushes = st.builds(Push, st.lists(_told, max_size=6), st.sampled_from([None, None, "k", "l"]))
groups = st.tuples(pauses_secs, st.lists(_pushes, max_size=4), st.sampled_from([True, True, False]))


class Oracle:
    """What was seen and when, in plain dicts, and what that makes of a group."""

    def __init__(self) -> None:
        self.keys: dict[str, float] = {}
        self.ids: dict[str, float] = {}

    def commit(
        self, batches: Sequence[Batch], now: float, *, fails: bool
    ) -> list[tuple[list[Event], list[Event], str | None]]:
        """Return what counts of each batch, what does not, and the key it keeps."""
        keys, ids = [dict(seen) for seen in (self.keys, self.ids)]
        found = [_reduced(batch, keys, ids, now) for batch in batches]
        if not fails:
            self.keys, self.ids = keys, ids
        return found


def _known(seen: dict[str, float], name: str | None, now: float) -> bool:
    return name is not None and name in seen and now - seen[name] < TTL_SECS


def _reduced(
    batch: Batch, keys: dict[str, float], ids: dict[str, float], now: float
) -> tuple[list[Event], list[Event], str | None]:
    key = batch.idempotency_key
    if key is not None:
        if _known(keys, key, now):
            return [], batch.events, None
        keys[key] = now
    mine: set[str] = set()
    fresh: list[Event] = []
    repeated: list[Event] = []
    runs = set()
    for event in batch.events:
        event.id = event.id and id_without_keys(event.id)
        if event.id in mine or _known(ids, event.id, now):
            repeated.append(event)
            if event.id not in mine and isinstance(event, Completion):
                runs.add(event.run_id)
            continue
        fresh.append(event)
        if event.id is not None:
            mine.add(event.id)
    runs -= {None}
    of_runs = [one for one in fresh if isinstance(one, Completion) and one.run_id in runs]
    left = [one for one in fresh if not (isinstance(one, Completion) and one.run_id in runs)]
    ids.update({one.id: now for one in left if one.id is not None})
    return left, repeated + of_runs, key


@given(st.lists(groups, max_size=6))
@settings(max_examples=60)
def test_groups_are_as_plain_dicts_would_have_them(
    steps: list[tuple[float, list[Push], bool]],
) -> None:
    """What counts, what does not and what is remembered, of batches of one piece or of several."""
    dedupe, oracle = Dedupe(keys_max=10**6, ids_max=10**6, ttl_secs=TTL_SECS), Oracle()
    now = NOW
    for step, (secs, pushes, commits) in enumerate(steps):
        now += secs
        batches = [made.batch(f"{step}/{place}") for place, made in enumerate(pushes)]
        expected = oracle.commit(deepcopy(batches), now, fails=not commits)
        duplicates = finish(dedupe.reduce(batches, now))
        if commits:
            finish(dedupe.remember(batches, now))
        found = [
            (batch.events, repeated, batch.idempotency_key)
            for batch, repeated in zip(batches, duplicates, strict=True)
        ]
        assert found == expected
        assert dict(dedupe.keys.seen()) == oracle.keys
        assert dict(dedupe.ids.seen()) == oracle.ids
