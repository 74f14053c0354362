"""Facts about the columns of completions, against a plain recount event by event."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from exporter.event.columns import CompletionColumns
from exporter.event.tokens import COUNT_MAX, PARTS, Tokens
from exporter.event.types import Completion

counts = st.integers(0, 3) | st.integers(0, COUNT_MAX)
maybe_counts = st.none() | counts
ledgers = st.builds(Tokens, *[maybe_counts] * len(PARTS), maybe_counts)


def _reporting(parts: set[str]) -> st.SearchStrategy[Tokens]:
    return st.builds(Tokens, **{name: counts for name in PARTS if name in parts})


alike = st.sets(st.sampled_from(PARTS)).flatmap(lambda parts: st.lists(_reporting(parts)))
"""As of one sender: all of them report the same parts."""

histories = st.lists(ledgers) | alike | st.tuples(alike, alike).map(lambda two: two[0] + two[1])
completions = st.builds(
    Completion,
    model=st.just("m"),
    success=st.booleans(),
    tokens=st.none() | ledgers,
    latency_ms=st.none() | st.floats(0, 1e12),
    ttft_ms=st.none() | st.floats(0, 1e12),
    cost_usd=st.none() | st.floats(0, 1e9),
    cost_source=st.sampled_from([None, "reported", "computed"]),
    finish_reason=st.sampled_from([None, "", "stop", "length"]),
    trace_id=st.sampled_from([None, "t"]),
)


def known(values: Iterable[int | None]) -> list[int]:
    """Return what is known of some counts."""
    return [value for value in values if value is not None]


def total(values: Iterable[int | None]) -> int | None:
    """Return what is known added up; `None` where nothing is."""
    reported = known(values)
    return sum(reported) if reported else None


@given(histories)
def test_tokens_are_those_of_each_completion(told: list[Tokens]) -> None:
    """Whichever parts are reported, sums and sides are as each ledger alone has them."""
    columns = CompletionColumns([Completion(model="m", tokens=tokens) for tokens in told])
    assert columns.tokens == [total(getattr(tokens, part) for tokens in told) for part in PARTS]
    assert columns.prompts == known(tokens.prompt for tokens in told)
    assert columns.generated == known(tokens.generated for tokens in told)
    assert columns.mismatches == sum(tokens.mismatched for tokens in told)


@given(st.lists(completions))
def test_columns_are_those_of_each_completion(events: list[Completion]) -> None:
    """Each column holds what is known, in the order of the events, and nothing else."""
    columns = CompletionColumns(events)
    told = [event.tokens for event in events if event.tokens is not None]
    assert columns.count == len(events)
    assert columns.tokens == [total(getattr(tokens, part) for tokens in told) for part in PARTS]
    assert columns.prompts == known(tokens.prompt for tokens in told)
    assert columns.generated == known(tokens.generated for tokens in told)
    assert columns.mismatches == sum(tokens.mismatched for tokens in told)
    reported: list[float] = []
    computed: list[float] = []
    failures, traced, reasons, latencies_ms, ttfts_ms = [], [], [], [], []
    for event in events:
        if event.cost_usd is not None:
            (computed if event.cost_source == "computed" else reported).append(event.cost_usd)
        if not event.success:
            failures.append(id(event))
        if event.trace_id is not None:
            traced.append(id(event))
        if event.finish_reason:
            reasons.append(event.finish_reason)
        if event.latency_ms is not None:
            latencies_ms.append(event.latency_ms)
        if event.ttft_ms is not None:
            ttfts_ms.append(event.ttft_ms)
    assert (columns.reported_costs, columns.computed_costs) == (reported, computed)
    assert [id(event) for event in columns.failures] == failures
    assert [id(event) for event in columns.traced] == traced
    assert columns.finish_reasons == reasons
    assert (columns.latencies_ms, columns.ttfts_ms) == (latencies_ms, ttfts_ms)


def test_of_no_completions_nothing_is_known() -> None:
    """Every column is empty, and no sum is 0 for want of anything to add."""
    columns = CompletionColumns([])
    assert columns.tokens == [None] * len(PARTS)
    assert (columns.count, columns.mismatches) == (0, 0)
    assert (columns.prompts, columns.generated, columns.reported_costs) == ([], [], [])
