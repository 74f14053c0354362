"""Slot time: it follows the wall clock forwards, and never goes back."""

from exporter.store.window import SlotClock, SlotRow


def clock() -> SlotClock:
    """Return a clock of six slots of ten seconds, standing at slot 100."""
    slot_clock = SlotClock(window_secs=60, slots=6)
    slot_clock.advance(1000.0)
    return slot_clock


def test_a_new_slot_is_told_once() -> None:
    """Advancing says whether a slot began, and where now is."""
    slot_clock = clock()
    assert not slot_clock.advance(1009.9)
    assert slot_clock.advance(1010.0)
    assert not slot_clock.advance(1010.0)
    assert (slot_clock.head, slot_clock.head_starts_at, slot_clock.floor) == (101, 1010.0, 95)


def test_a_small_step_back_stands_still() -> None:
    """Less than a window back, slot time waits and the wall clock's slots keep their numbers."""
    slot_clock = clock()
    assert not slot_clock.advance(951.0)
    assert (slot_clock.head, slot_clock.slot(951.0)) == (100, 95)
    assert not slot_clock.advance(1000.0)
    assert (slot_clock.head, slot_clock.slot(1000.0)) == (100, 100)


def test_a_large_step_back_renumbers() -> None:
    """A window back or more, the slot of now becomes the one where slot time stood."""
    slot_clock = clock()
    slot_clock.advance(500.0)
    assert (slot_clock.head, slot_clock.slot(500.0), slot_clock.slot(490.0)) == (100, 100, 99)
    assert slot_clock.advance(510.0)
    assert slot_clock.head == 101


def test_expired_slots_are_handed_out_once() -> None:
    """Slots up to the floor leave the row, late ones too, and the rest stays."""
    row: SlotRow[str] = SlotRow()
    for index in (5, 7, 6):
        row.put(index, f"slot {index}")
    assert row.expire(4) == []
    assert sorted(row.expire(6)) == ["slot 5", "slot 6"]
    assert row.expire(6) == []
    assert row.slots == {7: "slot 7"}
