"""What completions say, field by field: as columns, and what those add up to.

Fields are read by list displays throughout: since Python 3.11 they take half as long as `map` with
`attrgetter`.
"""

from collections.abc import Sequence
from operator import add
from typing import cast

from exporter.event.tokens import Tokens
from exporter.event.types import Completion

Counts = Sequence[int | None]


class CompletionColumns:
    """The columns of `count` completions; each holds what is known, in their order.

    `failures` are those that failed. Latencies and times to the first token are milliseconds,
    costs dollars. `tokens` are the sums of the five parts, `None` where none was reported;
    `prompts` and `generated` are what went into a completion and what came out of it. `mismatches`
    is how many claimed another total than their parts add up to, `traced` those with a trace.
    """

    __slots__ = (
        "computed_costs",
        "count",
        "failures",
        "finish_reasons",
        "generated",
        "latencies_ms",
        "mismatches",
        "prompts",
        "reported_costs",
        "tokens",
        "traced",
        "ttfts_ms",
    )

    def __init__(self, events: Sequence[Completion]) -> None:
        self.count = len(events)
        self.failures = [event for event in events if not event.success]
        self.finish_reasons = [told for event in events if (told := event.finish_reason)]
        self.latencies_ms = [ms for event in events if (ms := event.latency_ms) is not None]
        self.ttfts_ms = [ms for event in events if (ms := event.ttft_ms) is not None]
        self.traced = [event for event in events if event.trace_id is not None]
        self._take_costs(events)
        self._take_tokens([tokens for event in events if (tokens := event.tokens) is not None])

    def _take_costs(self, events: Sequence[Completion]) -> None:
        self.reported_costs = [usd for event in events if (usd := event.cost_usd) is not None]
        self.computed_costs: list[float] = []
        if "computed" in [event.cost_source for event in events]:
            pairs = [(event.cost_usd, event.cost_source == "computed") for event in events]
            self.computed_costs = [usd for usd, computed in pairs if computed and usd is not None]
            self.reported_costs = [
                usd for usd, computed in pairs if not computed and usd is not None
            ]

    def _take_tokens(self, tokens: Sequence[Tokens]) -> None:
        input_ = [one.input for one in tokens]
        output = [one.output for one in tokens]
        reasoning = [one.reasoning for one in tokens]
        cache_read = [one.cache_read for one in tokens]
        cache_write = [one.cache_write for one in tokens]
        parts = (input_, output, reasoning, cache_read, cache_write)
        self.tokens = list(map(_total, parts))
        self.prompts = _together(input_, cache_read, cache_write)
        self.generated = _together(output, reasoning)
        self.mismatches = sum([one.mismatched for one in tokens if one.total is not None])


def _total(column: Counts) -> int | None:
    """Return what is known of a column added up; `None` where nothing is."""
    if not column:
        return None
    try:
        return sum(column)  # type: ignore[arg-type] # where one is `None`, it tells
    except TypeError:  # To look for that first would take as long as to add up.
        reported = [count for count in column if count is not None]
        return sum(reported) if reported else None


def _together(*columns: Counts) -> list[int]:
    """Return what the columns add up to for each completion that reported at least one."""
    try:
        return _added(columns)
    except TypeError:
        reported = [column for column in columns if column.count(None) < len(column)]
        if any(None not in column for column in reported):
            return _added([[count or 0 for count in column] for column in reported])
        rows = zip(*reported, strict=True)
        known = ([count for count in row if count is not None] for row in rows)
        return [sum(row) for row in known if row]


def _added(columns: Sequence[Sequence[int | None]]) -> list[int]:
    """Return the sums of all rows; raises `TypeError` where something is `None`."""
    first, *others = columns
    sums = cast("Sequence[int]", first)
    for column in others:
        sums = list(map(add, sums, cast("Sequence[int]", column)))
    return list(sums)
