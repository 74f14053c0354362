"""Facts about a result's totals: shared out over the calls, they add up to what was told."""

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.agents.claude_code.stream import ClaudeCodeStream
from exporter.agents.claude_code.usage import shared_cost, shared_tokens
from exporter.event.tokens import COUNT_MAX, Tokens
from exporter.event.types import Completion, Event
from tests.agents.claude_code_lines import INIT, Line, message, of_type, read, result, used
from tests.agents.junk import read_or_refused, spoilt
from tests.agents.records import NOW

MODELS = ("claude-opus-5", "claude-haiku-4-5-20251001")

counts = st.integers(0, 50) | st.integers(0, 5_000_000) | st.integers(0, COUNT_MAX)
line_usages = st.fixed_dictionaries(
    {},
    optional={
        name: st.integers(0, 60)
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        )
    },
)
model_usages = st.fixed_dictionaries(
    {
        "inputTokens": counts,
        "outputTokens": counts,
        "cacheReadInputTokens": counts,
        "cacheCreationInputTokens": counts,
        "costUSD": st.integers(0, 10**12).map(lambda nano: nano / 1e9),
    },
    optional={"thinkingTokens": st.integers(0, 100)},
)
messages = st.builds(
    lambda key, model, usage: message(key, model=model, usage=usage),
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from(MODELS),
    line_usages,
)


def _told(completions: list[Completion], model: str) -> list[Tokens]:
    return [event.tokens for event in completions if event.model == model and event.tokens]


@given(
    st.lists(messages, max_size=8),
    st.dictionaries(st.sampled_from(MODELS), model_usages, min_size=1),
)
def test_the_calls_of_a_model_add_up_to_its_total(
    lines: list[Line], usage: dict[str, dict[str, Any]]
) -> None:
    """Part by part and in micro-dollars, whatever the lines of the messages told."""
    completions = of_type(read(INIT, *lines, result(modelUsage=usage)), Completion)
    assert len({event.id for event in completions}) == len(completions)
    for model, total in usage.items():
        told = _told(completions, model)
        generated = sum(tokens.generated or 0 for tokens in told)
        reasoning = sum(tokens.reasoning or 0 for tokens in told)
        costs = [event.cost_usd or 0.0 for event in completions if event.model == model]
        assert abs(sum(costs) - total["costUSD"]) < 1e-8
        assert generated == total["outputTokens"]
        assert reasoning == min(total.get("thinkingTokens", 0), total["outputTokens"])
        assert sum(tokens.input or 0 for tokens in told) == total["inputTokens"]
        assert sum(tokens.cache_read or 0 for tokens in told) == total["cacheReadInputTokens"]
        assert sum(tokens.cache_write or 0 for tokens in told) == total["cacheCreationInputTokens"]


def test_what_lines_tell_stays_with_their_calls() -> None:
    """The last call takes what the total has beyond: the rest of the output, and all thinking."""
    told = [{"input": 2, "cache_read": 10, "output": 1}, {"input": 3, "output": 1}]
    total = {"input": 6, "cache_read": 10, "cache_write": 0, "output": 40, "reasoning": 9}
    assert shared_tokens(total, told) == [
        {"input": 2, "cache_read": 10, "output": 1},
        {"input": 4, "cache_read": 0, "cache_write": 0, "output": 39, "reasoning": 9},
    ]


def test_lines_that_tell_more_than_the_total_are_not_trusted() -> None:
    """Then the last call takes the whole of it, of what went in or of what came out."""
    told = [{"input": 7, "cache_read": 1, "output": 1}, {"input": 3, "output": 1}]
    assert shared_tokens({"input": 9, "cache_read": 1, "output": 40}, told) == [
        {"output": 1},
        {"input": 9, "cache_read": 1, "output": 39},
    ]
    assert shared_tokens({"input": 10, "cache_read": 1, "output": 1}, told) == [
        {"input": 7, "cache_read": 1},
        {"input": 3, "cache_read": 0, "output": 1},
    ]


@given(
    st.integers(0, 10**12).map(lambda nano: nano / 1e9),
    st.lists(st.integers(0, 10**6).map(lambda tokens: {"input": tokens}), min_size=1, max_size=9),
)
def test_the_costs_of_calls_add_up_in_micro_dollars(
    cost_usd: float, tokens: list[dict[str, int]]
) -> None:
    """None is below nothing, and counted in micro-dollars they are the cost of all."""
    costs = shared_cost(cost_usd, tokens)
    assert len(costs) == len(tokens)
    assert min(costs) >= 0
    micros = [cost * 1e6 for cost in costs]
    assert all(abs(micro - round(micro)) < 1e-3 for micro in micros[:-1])
    assert abs(sum(micros) - cost_usd * 1e6) < 1e-2


def test_a_cost_is_shared_by_tokens() -> None:
    """The call of most tokens cost most; where there are none, the last has it all."""
    assert shared_cost(0.3, [{"input": 1}, {"input": 1, "output": 1}]) == [0.1, 0.3 - 0.1]
    assert shared_cost(0.3, [{}, {}]) == [0.0, 0.3]


def test_two_entries_of_one_model_are_one_total() -> None:
    """A model is called with a longer context and without, and is the same."""
    usage = {"claude-opus-5": used(), "claude-opus-5[1m]": used(costUSD=0.01)}
    (event,) = of_type(read(message("1"), result(modelUsage=usage)), Completion)
    assert (event.tokens.input, event.cost_usd) == (36, 0.0189534 + 0.01)


def test_a_total_without_a_cost_has_none() -> None:
    """An unknown cost is not free."""
    (event,) = of_type(read(result(modelUsage={"m": used(costUSD=None)})), Completion)
    assert (event.cost_usd, event.cost_source) == (None, None)


LINES = [
    INIT,
    {"type": "system", "subtype": "api_retry", "error_status": 429, "session_id": "s"},
    message("1", content=[{"type": "tool_use", "id": "t", "name": "Bash"}]),
    {"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t"}]}},
    {
        "type": "rate_limit_event",
        "rate_limit_info": {
            "status": "rejected",
            "rateLimitType": "five_hour",
            "resetsAt": 1,
            "unifiedWindows": {"seven_day_opus": {"utilization": 1, "resetsAt": 2}},
        },
    },
    result(modelUsage={"m": used(thinkingTokens=1)}, is_error=True, api_error_status=429),
]


def _read(reader: ClaudeCodeStream, line: Line) -> list[Event]:
    return list(reader.read(line, NOW))


@given(st.data())
def test_any_line_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever stands in a line: events within all bounds come of it, or one error."""
    reader = ClaudeCodeStream(None)
    for line in LINES:
        spoilt_line = data.draw(spoilt(line) | st.just(line))
        read_or_refused(partial(_read, reader, spoilt_line))
    read_or_refused(lambda: list(reader.end(NOW)))
