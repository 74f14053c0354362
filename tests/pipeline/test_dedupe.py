"""Facts about what is recognised as pushed before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import Completion, ToolCall
from exporter.pipeline.batch import Batch
from exporter.pipeline.dedupe import Dedupe, Remembered
from tests.pipeline.builders import NOW, call, push

TTL_SECS = 100.0
KEYS_MAX = 3


def make_dedupe(*, keys_max: int = 100, ids_max: int = 100) -> Dedupe:
    """Return what has seen nothing yet."""
    return Dedupe(keys_max=keys_max, ids_max=ids_max, ttl_secs=TTL_SECS)


def ids(batch: Batch) -> list[str | None]:
    """Return the ids of the events that are left in a batch."""
    return [event.id for event in batch.events]


@pytest.mark.parametrize(
    ("secs", "new"), [(0.0, False), (99.9, False), (100.0, True), (1e6, True), (-50.0, False)]
)
def test_a_key_is_remembered_for_its_time(secs: float, *, new: bool) -> None:
    """A key is known until `ttl_secs` after it was first seen, even if the clock steps back."""
    remembered = Remembered(keys_max=KEYS_MAX, ttl_secs=TTL_SECS)
    assert remembered.add("k", NOW)
    assert remembered.add("k", NOW + secs) is new
    assert len(remembered) == 1
    assert remembered.evicted == 0


def test_a_repetition_does_not_prolong_the_memory() -> None:
    """The time runs from the first sight of a key, not from its last."""
    remembered = Remembered(keys_max=KEYS_MAX, ttl_secs=TTL_SECS)
    assert remembered.add("k", NOW)
    assert not remembered.add("k", NOW + 60)
    assert remembered.add("k", NOW + 120)


def test_the_oldest_key_is_forgotten_first() -> None:
    """Over the cap the oldest goes, counted; one whose time is up anyway is not."""
    remembered = Remembered(keys_max=2, ttl_secs=TTL_SECS)
    for key in ("a", "b", "c"):
        remembered.add(key, NOW)
    assert (len(remembered), remembered.evicted) == (2, 1)
    assert not remembered.add("b", NOW)
    assert not remembered.add("c", NOW)
    assert remembered.add("d", NOW + TTL_SECS)
    assert (len(remembered), remembered.evicted) == (2, 1)


def test_a_key_seen_anew_is_the_newest() -> None:
    """A key whose time was up and that came again outlives one that came in between."""
    remembered = Remembered(keys_max=2, ttl_secs=TTL_SECS)
    remembered.add("a", NOW)
    remembered.add("b", NOW + 60)
    remembered.add("a", NOW + 110)
    remembered.add("c", NOW + 110)
    assert not remembered.add("a", NOW + 110)
    assert remembered.add("b", NOW + 110)


class PlainMemory:
    """A list of all keys and when they were seen, looked through from its start."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self.evicted = 0

    def add(self, key: str, now: float) -> bool:
        """Do what `Remembered.add` does."""
        if any(known == key and now - at < TTL_SECS for known, at in self.seen):
            return False
        self.discard(key)
        self.seen.append((key, now))
        if len(self.seen) > KEYS_MAX:
            _, at = self.seen.pop(0)
            self.evicted += now - at < TTL_SECS
        return True

    def discard(self, key: str) -> None:
        """Forget a key."""
        self.seen = [(known, at) for known, at in self.seen if known != key]


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(-5, 60), st.booleans()), max_size=50)
)
def test_memory_is_as_a_plain_list_would_have_it(steps: list[tuple[str, int, bool]]) -> None:
    """Whatever is added and discarded, and however the clock goes, the answers are the list's."""
    remembered, plain = Remembered(keys_max=KEYS_MAX, ttl_secs=TTL_SECS), PlainMemory()
    now = NOW
    for key, secs, discarded in steps:
        now += secs
        if discarded:
            remembered.discard([key, "never seen"])
            plain.discard(key)
        else:
            assert remembered.add(key, now) == plain.add(key, now)
        assert len(remembered) == len(plain.seen) <= KEYS_MAX
        assert remembered.evicted == plain.evicted


def test_a_batch_pushed_again_under_its_key_is_all_duplicates() -> None:
    """Its events are taken out, with ids or without, and so is the key, which is the first's."""
    dedupe = make_dedupe()
    first, second = push(call(), call("i"), key="k"), push(call(), call("i"), key="k")
    assert dedupe.reduce(first, NOW) == []
    assert (len(first.events), first.idempotency_key) == (2, "k")
    assert dedupe.reduce(second, NOW) == [call(), call("i")]
    assert (second.events, second.idempotency_key) == ([], None)


def test_batches_without_a_key_are_different_batches() -> None:
    """Events with neither id nor key are never taken for duplicates."""
    dedupe = make_dedupe()
    for _ in range(2):
        assert dedupe.reduce(push(call(), call()), NOW) == []


def test_an_event_is_known_by_its_id() -> None:
    """An id counts once: in one batch, in the next, under another key, for another type."""
    dedupe = make_dedupe()
    batch = push(call("a"), call("b"), call("a"), call())
    assert dedupe.reduce(batch, NOW) == [call("a")]
    assert ids(batch) == ["a", "b", None]
    again = push(ToolCall(id="b", tool="t", at=NOW), call("c"), key="k")
    assert dedupe.reduce(again, NOW) == [ToolCall(id="b", tool="t", at=NOW)]
    assert (ids(again), again.idempotency_key) == (["c"], "k")


def test_a_key_is_no_id() -> None:
    """A key and an id of the same text have nothing to do with each other."""
    dedupe = make_dedupe()
    assert dedupe.reduce(push(call("same"), key="same"), NOW) == []
    assert len(dedupe.keys) == len(dedupe.ids) == 1


@pytest.mark.parametrize("key", [None, "k"])
def test_the_first_wins_whatever_the_second_says(key: str | None) -> None:
    """Of two events of one id, and of two batches of one key, the first one's payload counts."""
    dedupe = make_dedupe()
    first, second = push(call("i", model="a"), key=key), push(call("i", model="b"), key=key)
    dedupe.reduce(first, NOW)
    (duplicate,) = dedupe.reduce(second, NOW)
    assert first.events == [call("i", model="a")]
    assert isinstance(duplicate, Completion)
    assert duplicate.model == "b"


def test_keys_and_ids_have_caps_of_their_own() -> None:
    """Past its cap, a key or an id counts again; each eviction is counted where it happened."""
    dedupe = make_dedupe(keys_max=1, ids_max=2)
    for name in "abc":
        dedupe.reduce(push(call(name), key=name), NOW)
    assert (dedupe.keys.evicted, dedupe.ids.evicted) == (2, 1)
    assert dedupe.reduce(push(call("a")), NOW) == []


def test_what_could_not_be_committed_may_come_again() -> None:
    """After a failed commit a retry under the same key, with the same ids, is new."""
    dedupe = make_dedupe()
    first = push(call("a"), call(), key="k")
    dedupe.reduce(first, NOW)
    dedupe.forget([first])
    retry = push(call("a"), call(), key="k")
    assert dedupe.reduce(retry, NOW) == []
    assert (len(retry.events), retry.idempotency_key) == (2, "k")


def test_a_failed_commit_does_not_undo_an_earlier_one() -> None:
    """Duplicates of what was committed stay duplicates, though they came in a group that failed."""
    dedupe = make_dedupe()
    dedupe.reduce(push(call("a"), call("b"), key="k"), NOW)
    same_key, same_id = push(call("a"), call("b"), key="k"), push(call("a"), call("c"), key="l")
    dedupe.reduce(same_key, NOW)
    dedupe.reduce(same_id, NOW)
    dedupe.forget([same_key, same_id])
    retries = push(call("a"), call("b"), key="k"), push(call("a"), call("c"), key="l")
    assert dedupe.reduce(retries[0], NOW) == [call("a"), call("b")]
    assert dedupe.reduce(retries[1], NOW) == [call("a")]
    assert ids(retries[1]) == ["c"]


def test_two_of_a_kind_in_a_group_that_fails() -> None:
    """Of equal batches in a failed group neither was committed, so the next of them is new."""
    dedupe = make_dedupe()
    group = [push(call("a"), key="k"), push(call("a"), key="k"), push(call("a"))]
    for batch in group:
        dedupe.reduce(batch, NOW)
    dedupe.forget(group)
    assert dedupe.reduce(push(call("a"), key="k"), NOW) == []
