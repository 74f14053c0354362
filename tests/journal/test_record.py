"""Records: what goes into the journal comes out of it, and nothing else does."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import Event
from exporter.journal.record import RECORD_EVENTS_MAX, pack, unpack
from tests.journal.builders import NOW, batch, completion
from tests.metrics.strategies import events

keys = st.none() | st.text("abc", min_size=1)


@given(st.lists(st.tuples(st.lists(events, min_size=1, max_size=4), keys), max_size=4))
def test_a_group_comes_back_as_it_went(groups: list[tuple[list[Event], str | None]]) -> None:
    """Every field of every kind of event, the keys and the order survive."""
    batches = [batch(*some, key=key) for some, key in groups]
    records = list(unpack(bytes(pack(batches))))
    assert [(one.events, one.idempotency_key) for one in records] == groups


def test_a_large_batch_is_several_records_with_one_key() -> None:
    """No single encoding is long, and the key is remembered once."""
    large = batch(*map(completion, range(2 * RECORD_EVENTS_MAX + 1)), key="k")
    records = list(unpack(bytes(pack([large]))))
    assert [len(one.events) for one in records] == [RECORD_EVENTS_MAX, RECORD_EVENTS_MAX, 1]
    assert [one.idempotency_key for one in records] == ["k", None, None]
    assert [event for one in records for event in one.events] == large.events


class Imported(msgspec.Struct):
    """Stands for what the store makes of a summary: all the journal knows is how to encode it."""

    models: list[int]

    def pieces(self) -> list[int]:
        """Return what could be taken in one by one."""
        return self.models


def test_a_summary_is_kept_encoded() -> None:
    """The journal does not know its form."""
    (record,) = unpack(bytes(pack([batch(summary=Imported([1, 2]), key="k")])))
    assert record.summary is not None
    assert msgspec.msgpack.decode(record.summary) == {"models": [1, 2]}
    assert record.events == []
    assert record.received_at == NOW


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(body: bytes) -> None:
    """They are records or a ValueError, never anything else."""
    try:
        list(unpack(body))
    except ValueError:
        return


def test_every_cut_is_noticed() -> None:
    """A body that breaks off anywhere but between two records is refused."""
    whole = bytes(pack([batch(completion(1)), batch(completion(2))]))
    between = len(bytes(pack([batch(completion(1))])))
    for end in set(range(1, len(whole))) - {between}:
        with pytest.raises(ValueError):  # noqa: PT011 - the reason depends on where it is cut
            list(unpack(whole[:end]))
