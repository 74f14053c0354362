"""Which series an event of each type writes."""

import pytest

from exporter.event.error_type import ErrorType
from exporter.event.tokens import Tokens
from exporter.event.types import (
    Activity,
    ActivityKind,
    Completion,
    CompletionDetail,
    CostSource,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from tests.metrics.builders import make_recorder
from tests.metrics.oracle import NOW, by_us

MODEL = 'agent="a",model="m",provider="p"'
NO_ERRORS = {
    f'agent_completion_errors_total{{agent="a",error_type="{kind}",model="m",provider="p"}}': "0.0"
    for kind in ErrorType
}


def lines(*events: Event) -> dict[str, str]:
    """Return what the events expose: the value of each sample but the buckets, by its text."""
    registry, recorder = make_recorder()
    recorder.apply(events, NOW)
    samples = [line.rpartition(" ") for line in by_us(registry).splitlines() if line[0] != "#"]
    return {name: value for name, _, value in samples if "_bucket{" not in name}


def test_a_completion_that_says_nothing_more_than_that_it_succeeded() -> None:
    """Outcomes, error types and the counters of what is missing start; nothing unknown appears."""
    assert lines(Completion(agent="a", provider="p", model="m", success=True, at=NOW)) == {
        **NO_ERRORS,
        'agent_completions_total{agent="a",model="m",outcome="success",provider="p"}': "1.0",
        'agent_completions_total{agent="a",model="m",outcome="error",provider="p"}': "0.0",
        f"agent_unpriced_completions_total{{{MODEL}}}": "1.0",
        f"agent_token_mismatches_total{{{MODEL}}}": "0.0",
    }


def test_a_completion_that_says_everything() -> None:
    """Times in seconds, tokens in their parts and in sums, cost as reported."""
    event = Completion(
        agent="a",
        provider="p",
        model="m",
        success=True,
        at=NOW,
        latency_ms=1500,
        ttft_ms=250,
        cost_usd=0.25,
        tokens=Tokens(input=1, output=20, reasoning=300, cache_read=4000, cache_write=0, total=5),
    )
    assert lines(event) == {
        **NO_ERRORS,
        'agent_completions_total{agent="a",model="m",outcome="success",provider="p"}': "1.0",
        'agent_completions_total{agent="a",model="m",outcome="error",provider="p"}': "0.0",
        f"agent_completion_duration_seconds_count{{{MODEL}}}": "1.0",
        f"agent_completion_duration_seconds_sum{{{MODEL}}}": "1.5",
        f"agent_completion_ttft_seconds_count{{{MODEL}}}": "1.0",
        f"agent_completion_ttft_seconds_sum{{{MODEL}}}": "0.25",
        f"agent_completion_input_tokens_count{{{MODEL}}}": "1.0",
        f"agent_completion_input_tokens_sum{{{MODEL}}}": "4001.0",
        f"agent_completion_output_tokens_count{{{MODEL}}}": "1.0",
        f"agent_completion_output_tokens_sum{{{MODEL}}}": "320.0",
        f'agent_tokens_total{{{MODEL},type="input"}}': "1.0",
        f'agent_tokens_total{{{MODEL},type="output"}}': "20.0",
        f'agent_tokens_total{{{MODEL},type="reasoning"}}': "300.0",
        f'agent_tokens_total{{{MODEL},type="cache_read"}}': "4000.0",
        f'agent_tokens_total{{{MODEL},type="cache_write"}}': "0.0",
        f'agent_cost_usd_total{{{MODEL},source="reported"}}': "0.25",
        f"agent_unpriced_completions_total{{{MODEL}}}": "0.0",
        f"agent_token_mismatches_total{{{MODEL}}}": "1.0",
    }


def test_a_failed_completion_counts_its_error_type() -> None:
    """Under the type it has, or under `other` where it has none."""
    common = Completion(agent="a", provider="p", model="m", success=False, at=NOW)
    timeout = Completion(
        agent="a", provider="p", model="m", success=False, error_type=ErrorType.TIMEOUT, at=NOW
    )
    found = lines(common, timeout, timeout)
    errors = 'agent_completion_errors_total{agent="a",error_type="%s",model="m",provider="p"}'
    assert found[errors % "timeout"] == "2.0"
    assert found[errors % "other"] == "1.0"
    outcome = 'agent_completions_total{agent="a",model="m",outcome="error",provider="p"}'
    assert found[outcome] == "3.0"


def test_free_is_not_unpriced() -> None:
    """A cost of 0 is a cost: the counter appears, at 0."""
    found = lines(Completion(agent="a", provider="p", model="m", success=True, cost_usd=0, at=NOW))
    assert found[f'agent_cost_usd_total{{{MODEL},source="reported"}}'] == "0.0"
    assert found[f"agent_unpriced_completions_total{{{MODEL}}}"] == "0.0"


def test_a_part_that_was_not_reported_is_absent() -> None:
    """Tokens of a model without reasoning or cache leave those series out."""
    found = lines(
        Completion(
            agent="a", provider="p", model="m", success=True, tokens=Tokens(output=7), at=NOW
        )
    )
    assert [name for name in found if "agent_tokens_total" in name] == [
        f'agent_tokens_total{{{MODEL},type="output"}}'
    ]
    assert not [name for name in found if "input_tokens" in name]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            RequestEnded(
                agent="a", request_id="r", channel="c", success=True, duration_ms=2000, at=NOW
            ),
            {
                'agent_requests_total{agent="a",channel="c",outcome="success"}': "1.0",
                'agent_requests_total{agent="a",channel="c",outcome="error"}': "0.0",
                'agent_request_duration_seconds_count{agent="a",channel="c"}': "1.0",
                'agent_request_duration_seconds_sum{agent="a",channel="c"}': "2.0",
            },
        ),
        (
            RequestEnded(agent="a", request_id="r", success=False, at=NOW),
            {
                'agent_requests_total{agent="a",channel="unknown",outcome="success"}': "0.0",
                'agent_requests_total{agent="a",channel="unknown",outcome="error"}': "1.0",
            },
        ),
        (RequestStarted(agent="a", request_id="r", at=NOW), {}),
        (
            ToolCall(agent="a", tool="Bash", success=False, duration_ms=30, at=NOW),
            {
                'agent_tool_calls_total{agent="a",outcome="success",tool="Bash"}': "0.0",
                'agent_tool_calls_total{agent="a",outcome="error",tool="Bash"}': "1.0",
                'agent_tool_duration_seconds_count{agent="a",tool="Bash"}': "1.0",
                'agent_tool_duration_seconds_sum{agent="a",tool="Bash"}': "0.03",
            },
        ),
        (
            Log(agent="a", level="warn", source="s", message="never a label", at=NOW),
            {
                'agent_log_events_total{agent="a",level="info",source="s"}': "0.0",
                'agent_log_events_total{agent="a",level="warn",source="s"}': "1.0",
                'agent_log_events_total{agent="a",level="error",source="s"}': "0.0",
            },
        ),
        (
            QueueDepth(agent="a", queue="q", depth=4, at=NOW),
            {'agent_queue_depth{agent="a",queue="q"}': "4.0"},
        ),
        (
            Quota(agent="a", provider="p", window="5h", used_ratio=0.5, at=NOW),
            {'agent_quota_used_ratio{agent="a",provider="p",window="5h"}': "0.5"},
        ),
        (
            Quota(agent="a", window="5h", used_ratio=0, resets_at=NOW + 9.5, at=NOW),
            {
                'agent_quota_used_ratio{agent="a",provider="unknown",window="5h"}': "0.0",
                'agent_quota_reset_timestamp_seconds{agent="a",provider="unknown",window="5h"}': (
                    "1.7952192095e+09"
                ),
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_of_each_type(event: Event, expected: dict[str, str]) -> None:
    """What each writes, and nothing else."""
    assert lines(event) == expected


def test_no_label_names_a_session_or_a_request() -> None:
    """Ids never become labels."""
    event = Completion(
        agent="a",
        provider="p",
        model="m",
        session_id="secret-session",
        request_id="secret-request",
        id="secret-id",
        success=True,
        at=NOW,
    )
    assert not [name for name in lines(event) if "secret" in name]


def test_a_computed_cost_is_told_from_a_reported_one() -> None:
    """Each under its source; what has none of either has no series."""
    costs: list[tuple[float | None, CostSource | None]] = [
        (0.25, "reported"),
        (0.5, "computed"),
        (0.125, None),
        (None, None),
        (1.0, "computed"),
    ]
    told = lines(
        *(
            Completion(
                agent="a",
                provider="p",
                model="m",
                success=True,
                at=NOW,
                cost_usd=cost,
                cost_source=source,
            )
            for cost, source in costs
        )
    )
    assert told[f'agent_cost_usd_total{{{MODEL},source="reported"}}'] == "0.375"
    assert told[f'agent_cost_usd_total{{{MODEL},source="computed"}}'] == "1.5"
    assert told[f"agent_unpriced_completions_total{{{MODEL}}}"] == "1.0"


def test_why_models_stopped() -> None:
    """Told with the completion or beside it; the first starts all of them."""
    told = lines(
        Completion(agent="a", provider="p", model="m", success=True, at=NOW, finish_reason="stop"),
        CompletionDetail(agent="a", provider="p", model="m", at=NOW, finish_reason="length"),
        CompletionDetail(agent="a", provider="p", model="m", at=NOW, finish_reason="stop"),
    )
    finishes = {name: told[name] for name in told if "finishes" in name}
    assert finishes == {
        'agent_completion_finishes_total{agent="a",model="m",provider="p",reason="%s"}'
        % reason: count
        for reason, count in {
            "stop": "2.0",
            "length": "1.0",
            "tool_calls": "0.0",
            "content_filter": "0.0",
            "error": "0.0",
            "other": "0.0",
        }.items()
    }


def test_a_detail_counts_no_completion() -> None:
    """Its time to the first token is observed all the same."""
    told = lines(CompletionDetail(agent="a", provider="p", model="m", at=NOW, ttft_ms=250))
    assert (
        told['agent_completions_total{agent="a",model="m",outcome="success",provider="p"}'] == "0.0"
    )
    assert told[f"agent_completion_ttft_seconds_sum{{{MODEL}}}"] == "0.25"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("session", {'agent_sessions_total{agent="a"}': "2.5"}),
        (
            "lines_added",
            {
                'agent_lines_of_code_total{agent="a",type="added"}': "2.5",
                'agent_lines_of_code_total{agent="a",type="removed"}': "0.0",
            },
        ),
        (
            "lines_removed",
            {
                'agent_lines_of_code_total{agent="a",type="added"}': "0.0",
                'agent_lines_of_code_total{agent="a",type="removed"}': "2.5",
            },
        ),
        ("commit", {'agent_commits_total{agent="a"}': "2.5"}),
        ("pull_request", {'agent_pull_requests_total{agent="a"}': "2.5"}),
        (
            "active_cli",
            {
                'agent_active_seconds_total{agent="a",type="cli"}': "2.5",
                'agent_active_seconds_total{agent="a",type="user"}': "0.0",
            },
        ),
        (
            "active_user",
            {
                'agent_active_seconds_total{agent="a",type="cli"}': "0.0",
                'agent_active_seconds_total{agent="a",type="user"}': "2.5",
            },
        ),
        (
            "edit_accepted",
            {
                'agent_edit_decisions_total{agent="a",decision="accepted",tool="Edit"}': "2.5",
                'agent_edit_decisions_total{agent="a",decision="rejected",tool="Edit"}': "0.0",
            },
        ),
        (
            "edit_rejected",
            {
                'agent_edit_decisions_total{agent="a",decision="accepted",tool="Edit"}': "0.0",
                'agent_edit_decisions_total{agent="a",decision="rejected",tool="Edit"}': "2.5",
            },
        ),
        ("user_wait", {'agent_user_wait_seconds_total{agent="a"}': "2.5"}),
    ],
)
def test_an_activity_counts_in_its_family(kind: ActivityKind, expected: dict[str, str]) -> None:
    """By its amount, which is 1 where none is told."""
    events = [
        Activity(agent="a", kind=kind, tool="Edit", at=NOW),
        Activity(agent="a", kind=kind, tool="Edit", amount=1.5, at=NOW),
    ]
    assert lines(*events) == expected


def test_a_quota_of_which_nobody_knows_how_much_is_used() -> None:
    """Its reset is told, and no ratio is made up."""
    told = lines(Quota(agent="a", provider="p", window="5h", resets_at=NOW + 60, at=NOW))
    assert list(told) == ['agent_quota_reset_timestamp_seconds{agent="a",provider="p",window="5h"}']
