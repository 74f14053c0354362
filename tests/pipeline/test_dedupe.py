"""Facts about what is recognised as pushed before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import Completion, Event, ToolCall
from exporter.pipeline.batch import Batch
from exporter.pipeline.dedupe import Dedupe, Remembered
from exporter.pipeline.turns import EVENTS_PER_PIECE, finish
from tests.pipeline.builders import NOW, call, push

TTL_SECS = 100.0
KEYS_MAX = 3


def make_dedupe(*, keys_max: int = 100, ids_max: int = 100) -> Dedupe:
    """Return what has seen nothing yet."""
    return Dedupe(keys_max=keys_max, ids_max=ids_max, ttl_secs=TTL_SECS)


def ids(batch: Batch) -> list[str | None]:
    """Return the ids of the events that are left in a batch."""
    return [event.id for event in batch.events]


@pytest.mark.parametrize(("secs", "new"), [(0.0, False), (99.9, False), (100.0, True), (1e6, True)])
def test_a_key_is_remembered_for_its_time(secs: float, *, new: bool) -> None:
    """A key is known until `ttl_secs` after it was added."""
    remembered = Remembered(keys_max=KEYS_MAX, ttl_secs=TTL_SECS)
    remembered.add("k", NOW)
    assert remembered.knows("k", NOW + secs) is not new
    assert not remembered.knows("other", NOW)
    assert len(remembered) == 1
    assert remembered.evicted == 0


def test_the_oldest_key_is_forgotten_first() -> None:
    """Over the cap the oldest goes, counted; one whose time is up anyway is not."""
    remembered = Remembered(keys_max=2, ttl_secs=TTL_SECS)
    for key in ("a", "b", "c"):
        remembered.add(key, NOW)
    assert (len(remembered), remembered.evicted) == (2, 1)
    assert [remembered.knows(key, NOW) for key in "abc"] == [False, True, True]
    remembered.add("d", NOW + TTL_SECS)
    assert (len(remembered), remembered.evicted) == (2, 1)


def test_a_key_seen_anew_is_the_newest() -> None:
    """A key whose time was up and that came again outlives one that came in between."""
    remembered = Remembered(keys_max=2, ttl_secs=TTL_SECS)
    remembered.add("a", NOW)
    remembered.add("b", NOW + 60)
    remembered.add("a", NOW + 110)
    remembered.add("c", NOW + 110)
    assert remembered.knows("a", NOW + 110)
    assert not remembered.knows("b", NOW + 110)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), max_size=50))
def test_memory_is_as_a_plain_list_would_have_it(steps: list[tuple[str, int]]) -> None:
    """Whatever is added and asked, what is known and what was evicted is the list's."""
    remembered = Remembered(keys_max=KEYS_MAX, ttl_secs=TTL_SECS)
    seen: list[tuple[str, float]] = []
    now, evicted = NOW, 0
    for key, secs in steps:
        now += secs
        known = any(name == key and now - at < TTL_SECS for name, at in seen)
        assert remembered.knows(key, now) is known
        if not known:
            remembered.add(key, now)
            seen = [*((name, at) for name, at in seen if name != key), (key, now)]
            if len(seen) > KEYS_MAX:
                _, at = seen.pop(0)
                evicted += now - at < TTL_SECS
        assert len(remembered) == len(seen) <= KEYS_MAX
        assert remembered.evicted == evicted


def commit(dedupe: Dedupe, *batches: Batch) -> list[list[Event]]:
    """Take batches through both steps as one group; return the duplicates of each."""
    duplicates = finish(dedupe.reduce(batches, NOW))
    finish(dedupe.remember(batches, NOW))
    return duplicates


def fail(dedupe: Dedupe, *batches: Batch) -> list[list[Event]]:
    """Take batches through the first step only, as where their commit fails."""
    return finish(dedupe.reduce(batches, NOW))


def test_a_batch_pushed_again_under_its_key_is_all_duplicates() -> None:
    """Its events are taken out, with ids or without, and so is the key, which is the first's."""
    dedupe = make_dedupe()
    first, second = push(call(), call("i"), key="k"), push(call(), call("i"), key="k")
    assert commit(dedupe, first) == [[]]
    assert (len(first.events), first.idempotency_key) == (2, "k")
    assert commit(dedupe, second) == [[call(), call("i")]]
    assert (second.events, second.idempotency_key) == ([], None)


def test_batches_without_a_key_are_different_batches() -> None:
    """Events with neither id nor key are never taken for duplicates."""
    dedupe = make_dedupe()
    for _ in range(2):
        assert commit(dedupe, push(call(), call())) == [[]]


def test_an_event_is_known_by_its_id() -> None:
    """An id counts once: in one batch, in the next, under another key, for another type."""
    dedupe = make_dedupe()
    batch = push(call("a"), call("b"), call("a"), call())
    assert commit(dedupe, batch) == [[call("a")]]
    assert ids(batch) == ["a", "b", None]
    again = push(ToolCall(id="b", tool="t", at=NOW), call("c"), key="k")
    assert commit(dedupe, again) == [[ToolCall(id="b", tool="t", at=NOW)]]
    assert (ids(again), again.idempotency_key) == (["c"], "k")


def test_a_key_is_no_id() -> None:
    """A key and an id of the same text have nothing to do with each other."""
    dedupe = make_dedupe()
    assert commit(dedupe, push(call("same"), key="same")) == [[]]
    assert len(dedupe.keys) == len(dedupe.ids) == 1


@pytest.mark.parametrize("key", [None, "k"])
def test_the_first_wins_whatever_the_second_says(key: str | None) -> None:
    """Of two events of one id, and of two batches of one key, the first one's payload counts."""
    dedupe = make_dedupe()
    first, second = push(call("i", model="a"), key=key), push(call("i", model="b"), key=key)
    commit(dedupe, first)
    ((duplicate,),) = commit(dedupe, second)
    assert first.events == [call("i", model="a")]
    assert isinstance(duplicate, Completion)
    assert duplicate.model == "b"


def test_keys_and_ids_have_caps_of_their_own() -> None:
    """Past its cap, a key or an id counts again; each eviction is counted where it happened."""
    dedupe = make_dedupe(keys_max=1, ids_max=2)
    for name in "abc":
        commit(dedupe, push(call(name), key=name))
    assert (dedupe.keys.evicted, dedupe.ids.evicted) == (2, 1)
    assert commit(dedupe, push(call("a"))) == [[]]


def test_what_could_not_be_committed_may_come_again() -> None:
    """After a failed commit a retry under the same key, with the same ids, is new."""
    dedupe = make_dedupe()
    fail(dedupe, push(call("a"), call(), key="k"))
    retry = push(call("a"), call(), key="k")
    assert commit(dedupe, retry) == [[]]
    assert (len(retry.events), retry.idempotency_key) == (2, "k")


def test_a_failed_commit_does_not_undo_an_earlier_one() -> None:
    """Duplicates of what was committed stay duplicates, though they came in a group that failed."""
    dedupe = make_dedupe()
    commit(dedupe, push(call("a"), call("b"), key="k"))
    fail(dedupe, push(call("a"), call("b"), key="k"), push(call("a"), call("c"), key="l"))
    retries = push(call("a"), call("b"), key="k"), push(call("a"), call("c"), key="l")
    assert commit(dedupe, *retries) == [[call("a"), call("b")], [call("a")]]
    assert ids(retries[1]) == ["c"]


def test_a_failed_commit_pushes_nothing_out() -> None:
    """However much fails, what was committed is still known: only a commit takes room."""
    dedupe = make_dedupe(keys_max=2, ids_max=2)
    commit(dedupe, push(call("a"), key="k"))
    fail(dedupe, *(push(call(f"x{n}"), key=f"x{n}") for n in range(10)))
    assert commit(dedupe, push(call("a"))) == [[call("a")]]
    assert commit(dedupe, push(call("b"), key="k")) == [[call("b")]]
    assert (dedupe.keys.evicted, dedupe.ids.evicted) == (0, 0)


def test_two_of_a_kind_in_one_group() -> None:
    """Of equal batches at once the first is new; where they failed, so is the next."""
    dedupe = make_dedupe()

    def group() -> list[Batch]:
        return [push(call("a"), key="k"), push(call("a"), key="k"), push(call("a"))]

    assert fail(dedupe, *group()) == [[], [call("a")], [call("a")]]
    assert commit(dedupe, *group()) == [[], [call("a")], [call("a")]]
    assert commit(dedupe, *group()) == [[call("a")]] * 3


def test_an_id_is_remembered_without_the_key_in_it() -> None:
    """What is looked up is what will be kept; equal ids stay equal, others stay others."""
    key = "sk-ant-api03-" + "a1B2c3D4" * 8
    dedupe = Dedupe(keys_max=10, ids_max=10, ttl_secs=60)
    batch = Batch("native", [Completion(model="m", id=f"{key}-{n}") for n in (1, 2, 1)], NOW)
    (duplicates,) = finish(dedupe.reduce([batch], 0.0))
    finish(dedupe.remember([batch], 0.0))
    kept = [event.id for event in batch.events]
    assert (len(kept), len(duplicates)) == (2, 1)
    assert not any(key in str(one) for one in (*kept, *dict(dedupe.ids.seen())))
    again = Batch("native", [Completion(model="m", id=f"{key}-2")], NOW)
    assert len(finish(dedupe.reduce([again], 1.0))[0]) == 1


def test_of_a_run_all_completions_count_or_none() -> None:
    """Where one of them was told by somebody else, so are the others, each by itself."""
    dedupe = Dedupe(keys_max=10, ids_max=10, ttl_secs=60)

    def run(run_id: str, *ids: str) -> list[Event]:
        return [Completion(model="m", id=one, run_id=run_id) for one in ids]

    other: list[Event] = [Completion(model="m", id="x"), ToolCall(tool="t", id="t")]
    other.append(Completion(model="m"))
    known = Batch("otlp_logs", [Completion(model="m", id="b")], NOW)
    batch = Batch("native", [*run("1", "a", "b", "c"), *run("2", "d", "e"), *other], NOW)
    later = Batch("otlp_logs", [Completion(model="m", id="a")], NOW)
    duplicates = finish(dedupe.reduce([known, batch, later], 0.0))
    assert [event.id for event in batch.events] == ["d", "e", "x", "t", None]
    assert [[event.id for event in batch] for batch in duplicates] == [[], ["b", "a", "c"], []]
    assert [event.id for event in later.events] == ["a"]
    finish(dedupe.remember([known, batch, later], 0.0))
    again = Batch("otlp_logs", [Completion(model="m", id="c")], NOW)
    assert finish(dedupe.reduce([again], 1.0)) == [[]]


def test_a_run_that_repeats_itself_is_told_by_nobody_else() -> None:
    """An id twice in one push is one duplicate; only what came before takes a run's calls out."""
    dedupe = make_dedupe()
    twice: list[Event] = [Completion(model="m", id=one, run_id="1") for one in ("a", "a", "b")]
    batch = Batch("native", twice, NOW)
    (duplicates,) = commit(dedupe, batch)
    assert (ids(batch), [event.id for event in duplicates]) == (["a", "b"], ["a"])
    again = Batch("native", [Completion(model="m", id=one, run_id="1") for one in "bc"], NOW)
    (duplicates,) = commit(dedupe, again)
    assert (ids(again), [event.id for event in duplicates]) == ([], ["b", "c"])


def test_others_get_a_turn_between_pieces() -> None:
    """Looking up and remembering stop after every piece of a batch, however large that is."""
    batch = push(*(ToolCall(tool="t", id=str(number)) for number in range(3 * EVENTS_PER_PIECE)))
    dedupe = make_dedupe(ids_max=1_000)
    assert len(list(dedupe.reduce([batch], NOW))) == 2 * 3
    for piece, _ in enumerate(dedupe.remember([batch], NOW), start=1):
        assert len(dedupe.ids) == piece * EVENTS_PER_PIECE
