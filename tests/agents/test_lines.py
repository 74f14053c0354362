"""Lines of a stream, cut and decoded, against the plain way to do it."""

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.agents.lines import LINE_BYTES_MAX, Cutter, Lines

STREAMS = st.lists(st.sampled_from([b"a", b"bc", b"defg", b"\n", b"\r\n", b"\n\n"])).map(b"".join)


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return the data, cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


@given(data=STREAMS, cuts=st.lists(st.integers(0, 1000)), line_bytes_max=st.integers(1, 8))
@example(data=b"abcd", cuts=[1, 2, 3], line_bytes_max=3)
def test_lines_are_the_same_however_they_come(
    data: bytes, cuts: list[int], line_bytes_max: int
) -> None:
    """In whatever pieces a stream comes, its lines are those of the whole; too long ones `None`."""
    cutter = Cutter(line_bytes_max)
    lines = [line for piece in _pieces(data, cuts) for line in cutter.feed(piece)] + cutter.end()
    *ended, rest = data.split(b"\n")
    plain = ended + ([rest] if rest else [])
    assert lines == [line if len(line) <= line_bytes_max else None for line in plain]


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        (b"", (0, 0, 0, 0)),
        (b" \t\r", (0, 0, 0, 0)),
        (b'{"a": 1}', (1, 0, 0, 0)),
        (b' \t{"a": 1}\r', (1, 0, 0, 0)),
        (b"Warning: no stdin data received", (1, 1, 0, 0)),
        (b"[1]", (1, 1, 0, 0)),
        (b"\x1b[2K\xff\x00", (1, 1, 0, 0)),
        (b'{"a": ', (1, 0, 1, 0)),
        (b'{"a": 1} {"a": 1}', (1, 0, 1, 0)),
        (b'{"a": NaN}', (1, 0, 1, 0)),
        (b'{"a": "\xff"}', (1, 0, 1, 0)),
        (b'{"a": ' + b"[" * 100_000, (1, 0, 1, 0)),
        (b'{"a": "' + b"x" * LINE_BYTES_MAX + b'"}', (1, 0, 0, 1)),
    ],
)
def test_only_objects_count(line: bytes, counted: tuple[int, int, int, int]) -> None:
    """A line that holds no JSON object is passed over and counted, and the next is read."""
    lines = Lines()
    objects = [*lines.feed(line + b'\n{"b": 2}\n'), *lines.end()]
    read, noise, malformed, broken = counted
    assert lines.read == read + 1
    assert (lines.noise, lines.malformed, lines.broken) == (noise, malformed, broken)
    assert lines.skipped == noise + malformed + broken
    assert objects[-1] == (2, {"b": 2})
    assert objects[:-1] == ([(1, {"a": 1})] if read and not lines.skipped else [])


def test_the_last_line_needs_no_end() -> None:
    """What stands behind the last line end is a line too."""
    lines = Lines()
    assert list(lines.feed(b'{"a": 1}\n{"a"')) == [(1, {"a": 1})]
    assert list(lines.feed(b": 2}")) == []
    assert list(lines.end()) == [(2, {"a": 2})]
    assert (lines.read, lines.skipped) == (2, 0)


@given(text=st.text(st.characters(codec=None, categories=None), max_size=20))
@example(text="\ud83d")
@example(text="\ude00\ud83d")
@example(text="\ud83d\ud83d\ude00\ude00")
@example(text="\\ud83d")
def test_half_characters_cost_no_line(text: str) -> None:
    """A text cut in the middle of a character is read, with a mark in place of the half."""
    line = json.dumps({"text": text}).encode()
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lines = Lines()
    assert list(lines.feed(line + b"\n")) == [(1, {"text": whole})]


@pytest.mark.parametrize(
    "missing", [b"1", b'1}\n{"a": 2}\n{"a"', b"1}\n", b'1}\n{"a": 2}\n', b"1}\n\n{"]
)
def test_what_is_missing_costs_the_lines_it_is_of(missing: bytes) -> None:
    """A gap costs every line that it holds a part of, and no other; the numbers go on."""
    lines = Lines()
    assert list(lines.feed(b'{"a": 0}\n{"a": ')) == [(1, {"a": 0})]
    partial = not missing.endswith(b"\n")
    lost = missing.count(b"\n") + partial
    lines.miss(missing.count(b"\n"), partial=partial)
    rest = b": 3}\n" if partial else b""
    assert list(lines.feed(rest + b'{"a": 4}\n')) == [(2 + lost, {"a": 4})]
    assert list(lines.end()) == []
    assert (lines.broken, lines.read) == (lost, 2 + lost)
