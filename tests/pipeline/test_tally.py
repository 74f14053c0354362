"""Facts about the counts of what was pushed."""

from collections import Counter

from exporter.event.rejection import Code
from exporter.event.types import Event, Log, Quota, ToolCall
from exporter.pipeline.tally import ACCEPTED, DUPLICATE, REJECTED, Tally
from tests.pipeline.builders import NOW, call


def test_a_tally_begins_at_nothing() -> None:
    """Nothing was counted, and there was no last push."""
    tally = Tally()
    assert (tally.events, tally.rejections) == (Counter(), Counter())
    assert (tally.unknown_fields, tally.journal_failures, tally.last_push_at) == (0, 0, None)


def test_events_count_by_source_type_and_result() -> None:
    """Events of a batch count under their type's name on the wire, and counts add up."""
    tally = Tally()
    batch: list[Event] = [
        call(),
        ToolCall(tool="t", at=NOW),
        call(),
        Quota(window="5h", used_ratio=0, at=NOW),
    ]
    tally.count("native", batch, ACCEPTED)
    tally.count("native", [call()], ACCEPTED)
    tally.count("native", [call()], DUPLICATE)
    tally.count("otlp", [Log(level="info", source="s", message="", at=NOW)], ACCEPTED)
    tally.count("otlp", [], ACCEPTED)
    assert tally.events == {
        ("native", "completion", "accepted"): 3,
        ("native", "tool_call", "accepted"): 1,
        ("native", "quota", "accepted"): 1,
        ("native", "completion", "duplicate"): 1,
        ("otlp", "log", "accepted"): 1,
    }


def test_rejected_events_count_by_code_and_by_type() -> None:
    """A rejection counts once under its code, and once under its type or as unknown."""
    tally = Tally()
    codes = [Code.MALFORMED, Code.OUT_OF_RANGE, Code.OUT_OF_RANGE]
    tally.count_rejected("native", codes, ["unknown", "completion", "completion"])
    tally.count_rejected("native", [Code.MALFORMED], ["unknown"])
    assert tally.rejections == {Code.MALFORMED: 2, Code.OUT_OF_RANGE: 2}
    assert tally.events == {
        ("native", "unknown", REJECTED): 2,
        ("native", "completion", REJECTED): 2,
    }
