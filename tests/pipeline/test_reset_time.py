"""Facts about reset times named in error texts."""

import math
import struct
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.pipeline.reset_time import reset_time

AT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC).timestamp()
DAY_SECONDS = 86_400
AHEAD_SECONDS_MAX = 32 * DAY_SECONDS

# A zone of one offset, zero, as RFC 8536 writes it.
ZONE_FILE = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + bytes(6) + b"UTC\0"

INSTANTS = [
    ("resets at 00:00 UTC", "2026-04-02T00:00:00"),
    ("resets 3pm (UTC)", "2026-04-01T15:00:00"),
    ("You've hit your Sonnet limit · resets 3:30pm (UTC)", "2026-04-01T15:30:00"),
    ("resets 3:30\u202fPM (UTC)", "2026-04-01T15:30:00"),
    ("resets 3pm", "2026-04-01T15:00:00"),
    ("resets 3pm · /upgrade to Max", "2026-04-01T15:00:00"),
    ("resets 12am", "2026-04-02T00:00:00"),
    ("resets 12:01pm", "2026-04-01T12:01:00"),
    ("resets 12pm", "2026-04-02T12:00:00"),
    ("resets 11:59", "2026-04-02T11:59:00"),
    ("try again at 4:05 p.m.", "2026-04-01T16:05:00"),
    ("resets 3pm (Europe/Berlin)", "2026-04-01T13:00:00"),
    ("resets 1pm Europe/Berlin", "2026-04-02T11:00:00"),
    ("resets 9am (Asia/Tokyo)", "2026-04-02T00:00:00"),
    ("resets 3pm (America/Argentina/Buenos_Aires)", "2026-04-01T18:00:00"),
    ("resets 3pm (UTC+2)", "2026-04-01T13:00:00"),
    ("resets 3pm GMT-05:30", "2026-04-01T20:30:00"),
    ("resets Apr 12 at 3pm (UTC)", "2026-04-12T15:00:00"),
    ("resets Apr 16, 11am (Europe/Berlin)", "2026-04-16T09:00:00"),
    ("resets Apr 2", "2026-04-02T00:00:00"),
    ("Please try again at Apr 11th, 2026 2:32 PM.", "2026-04-11T14:32:00"),
    ("or try again after April 6, 2026, 11:15.", "2026-04-06T11:15:00"),
    ("Retry-After: Tue, 21 Apr 2026 07:28:00 GMT", "2026-04-21T07:28:00"),
    ("resets at 2026-04-11T14:32:00Z", "2026-04-11T14:32:00"),
    ("resets at 2026-04-11T14:32:00.250Z", "2026-04-11T14:32:00"),
    ("resets at 2026-04-11T14:32:00+05:30", "2026-04-11T09:02:00"),
    ("limited until 2026-04-11 14:32", "2026-04-11T14:32:00"),
    ("resets on 2026-04-11", "2026-04-11T00:00:00"),
    ("Claude AI usage limit reached|1775057600", "2026-04-01T15:33:20"),
    ('{"resetsAt":1775057600}', "2026-04-01T15:33:20"),
    ('"X-RateLimit-Reset": "1775057600000"', "2026-04-01T15:33:20"),
]

WAITS = [
    ("retry-after: 60", 60),
    ("Retry after 60 seconds", 60),
    ("retry_after=60.", 60),
    ("try again in 20s", 20),
    ("try again in 644ms", 0.644),
    ("Please try again in 1m30s.", 90),
    ("try again in 2 hours 5 minutes", 7_500),
    ("try again in 2 hours, 5 minutes and 1 second", 7_501),
    ("or try again in 5 days 22 hours 11\nminutes.", 5 * DAY_SECONDS + 22 * 3600 + 660),
    ("Please try again in 6m0s. Visit the page", 360),
    ("Please retry in 34.07s", 34.07),
    ("Please retry in 34.074824224123s.", 34.074824224123),
    ('\\"retryDelay\\": \\"34s\\"', 34),
    ("Your quota will reset after 18h16m5s.. Retrying after 6173ms...", 65_765),
    ('"resets_in_seconds": 99}', 99),
    ("Please wait 20 seconds", 20),
    ("resets 25:00, or try again in 20s", 20),
]

NOTHING = [
    "",
    "usage limit reached",
    "wait for limits to reset (every 5h and every week.)",
    "ECONNRESET at 10:00",
    "3pm",
    "took 20s",
    "Retrying after 6173ms",
    "retry-after-ms: 1500",
    "retry after 1.5.3",
    "resets 15",
    "resets 25:00",
    "resets 10:60",
    "resets 0am",
    "resets 13pm",
    "resets Feb 30",
    "resets Apr 12 at 25:00",
    "resets at 2026-02-30T00:00:00Z",
    "resets 3pm (Mars/Base)",
    "resets 3pm PST",
    "resets 3pm (Europe)",
    "resets 3pm (UTC/Berlin)",
    "resets 3pm (zone.tab)",
    "resets 3pm (../../etc/passwd)",
    "resets 3pm (local time)",
    "resets 3pm (UTC+99)",
    "try again in 1000000000 hours",
    "try again in 999999999 hours",
    "try again in 1e9 hours",
    "try again in 33 days",
    "reset after 0s",
    "resets Mar 31",
    "resets at 2025-04-11T14:32:00Z",
    "resets at 2026-05-04T00:00:00Z",
    "resets at 1775000000",
    "limit reached|9999999999",
    "try again at 10 de abr. de 2026, 11:52",
]


@pytest.mark.parametrize(("text", "instant"), INSTANTS)
def test_a_named_instant_is_read(text: str, instant: str) -> None:
    """A time of day, a date, an ISO instant and Unix seconds are read; UTC where no zone is."""
    assert reset_time(text, AT) == datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("text", "wait_seconds"), WAITS)
def test_a_named_wait_counts_from_the_event(text: str, wait_seconds: float) -> None:
    """A wait is added to the instant of the event itself."""
    assert reset_time(text, AT) == pytest.approx(AT + wait_seconds, abs=1e-3)


@pytest.mark.parametrize("text", NOTHING)
def test_what_names_no_sound_instant_gives_none(text: str) -> None:
    """No cue, an impossible or unknown form, the past and the far future all give none."""
    assert reset_time(text, AT) is None


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300, 1e15, -1e15])
@pytest.mark.parametrize("text", ["resets 3pm", "resets Apr 12", "resets at 2026-04-11"])
def test_an_event_outside_the_calendar_has_no_reset(text: str, at: float) -> None:
    """From an instant that no calendar holds, no reset is told."""
    assert reset_time(text, at) is None


def test_a_date_without_a_year_may_be_in_the_next() -> None:
    """In late December a date in January is next year's."""
    at = datetime(2026, 12, 30, tzinfo=UTC).timestamp()
    instant = datetime(2027, 1, 2, 15, tzinfo=UTC).timestamp()
    assert reset_time("resets Jan 2 at 3pm (UTC)", at) == instant


def test_a_time_of_day_follows_the_summer_time_of_its_zone() -> None:
    """Over the night of the change, 9 in the morning is 23 hours after 9 in the morning."""
    at = datetime(2026, 3, 28, 8, 0, tzinfo=UTC).timestamp()
    assert reset_time("resets 9am (Europe/Berlin)", at) == at + 23 * 3600


def test_only_the_start_of_a_text_is_read() -> None:
    """A reset named behind the first 4,096 characters is not seen."""
    assert reset_time("resets " * 150_000 + "in 20s", AT) is None
    assert reset_time("try again in 20s " + "resets " * 150_000, AT) == AT + 20


def test_only_the_first_cues_of_a_text_are_read() -> None:
    """Seven cues that lead to nothing do not hide an eighth, and a ninth is not looked at."""
    assert reset_time("resets 3pm (Mars/Base) " * 7 + "try again in 20s", AT) == AT + 20
    assert reset_time("resets 3pm (Mars/Base) " * 8 + "try again in 20s", AT) is None


def test_a_zone_is_looked_up_once(tmp_path: Path) -> None:
    """What a zone was found to be, or not to be, it stays when the disk says otherwise."""
    known, unknown = "resets 3pm (Asia/Kathmandu)", "resets 3pm (Mars/Hellas)"
    before = reset_time(known, AT), reset_time(unknown, AT)
    (tmp_path / "Mars").mkdir()
    (tmp_path / "Mars/Hellas").write_bytes(ZONE_FILE)
    try:
        zoneinfo.ZoneInfo.clear_cache()
        zoneinfo.reset_tzpath([tmp_path])
        assert (reset_time(known, AT), reset_time(unknown, AT)) == before
    finally:
        zoneinfo.reset_tzpath()


instants = st.integers(min_value=0, max_value=4_102_444_800)


@given(at=instants, minutes_ahead=st.integers(min_value=1, max_value=1_440))
def test_a_time_of_day_is_its_next_occurrence(at: int, minutes_ahead: int) -> None:
    """Any minute of the coming day is found again, however the clock is written."""
    at -= at % 60
    then = datetime.fromtimestamp(at, UTC) + timedelta(minutes=minutes_ahead)
    hour = then.hour % 12 or 12
    half = "am" if then.hour < 12 else "pm"
    for clock in (f"{then:%H:%M}", f"{then:%H:%M:%S}", f"{hour}:{then:%M}{half}"):
        assert reset_time(f"resets at {clock} UTC", at) == then.timestamp()


@given(
    at=instants,
    seconds_ahead=st.integers(min_value=1, max_value=AHEAD_SECONDS_MAX),
    offset_minutes=st.integers(min_value=-840, max_value=840),
)
def test_a_date_with_a_time_is_found_again(
    at: int, seconds_ahead: int, offset_minutes: int
) -> None:
    """Any second of the coming 32 days is found again, whatever its offset from UTC."""
    offset = timedelta(minutes=offset_minutes)
    then = datetime.fromtimestamp(at + seconds_ahead, UTC)
    iso = (then.replace(tzinfo=None) + offset).isoformat()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    assert reset_time(f"resets at {iso}{sign}{hours:02}:{minutes:02}", at) == then.timestamp()
    assert reset_time(f"resets on {then:%B %d, %Y at %H:%M:%S} UTC", at) == then.timestamp()
    assert reset_time(f"retry-after: {then:%a, %d %b %Y %H:%M:%S} GMT", at) == then.timestamp()
    assert reset_time(f"resets {then:%b %d at %H:%M:%S}", at) == then.timestamp()


@given(at=instants, wait_seconds=st.integers(min_value=1, max_value=AHEAD_SECONDS_MAX))
def test_a_wait_may_be_written_in_parts(at: int, wait_seconds: int) -> None:
    """Days, hours, minutes and seconds add up, short and long, and so do seconds alone."""
    minutes, seconds = divmod(wait_seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    short = f"{days}d{hours}h{minutes}m{seconds}s"
    long = f"{days} days {hours} hours, {minutes} minutes and {seconds} seconds"
    for wait in (short, long, f"{wait_seconds}s"):
        assert reset_time(f"Please try again in {wait}.", at) == at + wait_seconds
    assert reset_time(f"retry-after: {wait_seconds}", at) == at + wait_seconds


CUES = ["resets", "try again at", "try again in", "retry-after:", "until", "|"]
PIECES = [
    *("at", "in", " ", ",", ":", ".", "(", ")", "-", "+", "T", "Z", "am", "pm", "s", "m30s", "ms"),
    *("3", "12", "25", "59", "61", "2026", "9999999999", "99999999999999999999", "hours", "days"),
    *("Feb", "30", "Apr 11th", "2026-02-29", "0000-01-01", "9999-12-31", "+14:00", "-99:99"),
    *("UTC", "(UTC)", "Europe/Berlin", "(Mars/Base)", "EST", "\u00b2", "\u0663", "\0"),
]
pieces = st.sampled_from(CUES + PIECES)


@given(
    text=st.lists(pieces | st.text(max_size=3), max_size=12).map(" ".join)
    | st.lists(pieces, max_size=12).map("".join),
    at=st.floats() | st.floats(min_value=0, max_value=4e9),
)
def test_any_text_gives_none_or_an_instant_soon_after(text: str, at: float) -> None:
    """Whatever is pushed, the answer is none, or after the event and within 32 days of it."""
    instant = reset_time(text, at)
    assert instant is None or at < instant <= at + AHEAD_SECONDS_MAX
