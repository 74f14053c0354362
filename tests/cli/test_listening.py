"""What is heard faster than it is read."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from exporter.agents.lines import Lines
from exporter.cli.listening import PIECE_OVERHEAD_BYTES, Backlog, Listener, Piece
from exporter.cli.reading import Reading
from exporter.client import Telemetry
from tests.cli.asking import ask, counted
from tests.cli.recorded import recorded

AT = 1_790_000_000.0


def _objects(piece: Piece | None, lines: Lines) -> list[dict[str, Any]]:
    """Read a piece; return the objects on its lines."""
    assert piece is not None
    if piece.gap is not None:
        lines.miss(piece.gap.ends, partial=piece.gap.partial)
    return [line.fields for line in lines.feed(piece.data)]


@given(
    sizes=st.lists(st.integers(1, 40), max_size=40),
    turns=st.lists(st.booleans(), max_size=40),
    pieces_max=st.integers(1, 4),
    abandoned=st.booleans(),
)
@example(sizes=[3, 30, 3], turns=[True, True, True, False], pieces_max=1, abandoned=False)
def test_a_line_is_read_whole_or_counted_as_lost(
    sizes: list[int], turns: list[bool], pieces_max: int, *, abandoned: bool
) -> None:
    """Whoever is faster, no line is read that was not written, and every one is accounted for."""
    text = b"".join(b'{"n": %d}\n' % number for number in range(sum(sizes) // 18))
    backlog = Backlog(pieces_max * (PIECE_OVERHEAD_BYTES + 40))
    lines, read = Lines(), []
    start = 0
    for size, written in zip([*sizes, len(text)], [*turns, True], strict=False):
        if written and text[start:]:
            backlog.offer(AT, text[start : start + size])
            start += size
        elif backlog:
            read += _objects(backlog.take(), lines)
    if text[start:]:
        backlog.offer(AT, text[start:])
    if abandoned:
        backlog.abandon()
    backlog.close()
    while (piece := backlog.take()) is not None:
        read += _objects(piece, lines)
    read += [line.fields for line in lines.end()]
    numbers = [fields["n"] for fields in read]
    assert numbers == sorted(set(numbers))
    assert lines.read == text.count(b"\n")
    assert len(read) + lines.skipped == lines.read


def test_what_was_not_read_is_told_to_the_exporter(url: str) -> None:
    """Lines that came too fast are a warning with their number; what was read before counts."""
    telemetry = Telemetry(url, agent="codex")
    run = recorded("codex")
    listener = Listener(Reading("codex", "m"), telemetry, Backlog(len(run) + PIECE_OVERHEAD_BYTES))
    listener.hear(run)
    listener.hear(recorded("codex"))
    listener.hear(b"{}\n")
    listener.start()
    listener.finish(60)
    assert telemetry.close(60)
    assert counted(url, "agent_completions_total", agent="codex", outcome="success") == 1
    [event] = ask(url, "/api/v1/events", source="tee")["events"]
    assert event["level"] == "warn"
    assert event["context"] == {"lines": run.count(b"\n") + 1}
    assert event["message"].startswith("output came faster")
