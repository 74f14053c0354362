"""Facts about limits in Claude Code's stream: what is refused, to whom, and until when."""

from typing import Any

import pytest

from exporter.agents.claude_code.stream import ClaudeCodeStream
from exporter.event.types import CompletionDetail, Quota
from tests.agents.claude_code_lines import INIT, Line, of_type, read
from tests.agents.records import NOW


def test_a_retry_after_429_sets_a_limit() -> None:
    """The call itself is counted when it has ended; the model is the one that is known."""
    retry = {"type": "system", "subtype": "api_retry", "attempt": 1, "session_id": "s"}
    (event,) = read(INIT, retry | {"error_status": 429, "error": "rate_limit"})
    assert isinstance(event, CompletionDetail)
    assert (event.model, event.provider, event.limited) == ("claude-opus-5", "anthropic", True)
    assert not read(INIT, retry | {"error_status": 401, "error": "authentication_failed"})
    (event,) = read(retry | {"error_status": 429}, reader=ClaudeCodeStream("claude-fable-5[1m]"))
    assert isinstance(event, CompletionDetail)
    assert event.model == "claude-fable-5"


def _limit(**info: Any) -> Line:  # noqa: ANN401 - a line
    return {"type": "rate_limit_event", "rate_limit_info": info, "uuid": "u", "session_id": "s"}


@pytest.mark.parametrize(
    ("info", "limited"),
    [
        ({"status": "allowed"}, False),
        ({"status": "allowed_warning"}, False),
        ({"status": "allowed", "overageStatus": "rejected", "isUsingOverage": False}, False),
        ({"status": "rejected", "overageStatus": "rejected"}, True),
        ({"status": "exceeded"}, True),
        ({"status": "rejected", "isUsingOverage": True}, False),
        ({"status": "rejected", "overageStatus": "allowed"}, False),
        ({"status": "rejected", "overageStatus": "allowed_warning"}, False),
        ({"status": "perhaps"}, None),
        ({}, None),
    ],
)
def test_who_is_refused(info: Line, *, limited: bool | None) -> None:
    """A window that is used up refuses only where no further usage is paid for."""
    (event,) = read(_limit(rateLimitType="five_hour", resetsAt=1_800_001_000, **info))
    assert event == Quota(
        id=event.id,
        agent="claude-code",
        session_id="s",
        window="5h",
        provider="anthropic",
        limited=limited,
        resets_at=1_800_001_000,
        at=NOW,
    )


def test_every_window_is_a_reading() -> None:
    """Of several, the one that is spoken of is limited, and those not used up are not."""
    windows = {
        "five_hour": {"utilization": 1.0, "resetsAt": 1_800_001_000},
        "seven_day": {"utilization": 0.31, "resetsAt": 1_800_100_000},
        "seven_day_opus": {"utilization": 1, "resetsAt": 1_800_100_000},
    }
    line = _limit(status="rejected", rateLimitType="five_hour", unifiedWindows=windows)
    readings = of_type(read(INIT, line), Quota)
    assert [(quota.window, quota.used_ratio, quota.limited) for quota in readings] == [
        ("5h", 1.0, True),
        ("7d", 0.31, False),
        ("7d_opus", 1.0, None),
    ]
    assert [quota.resets_at for quota in readings] == [1_800_001_000] + [1_800_100_000] * 2
    assert len({quota.id for quota in readings}) == 3


@pytest.mark.parametrize(
    ("name", "model", "window", "limits"),
    [
        ("seven_day_opus", "claude-opus-5", "7d_opus", ("claude-opus-5", True)),
        ("seven_day_opus", "claude-haiku-4-5", "7d_opus", (None, None)),
        ("seven_day_sonnet", None, "7d_sonnet", (None, None)),
        ("overage", "claude-opus-5", "overage", (None, True)),
    ],
)
def test_a_window_for_some_models_limits_no_others(
    name: str, model: str | None, window: str, limits: tuple[str | None, bool | None]
) -> None:
    """It limits the model that is called, if it is one of those, and never the whole provider."""
    line = _limit(status="rejected", rateLimitType=name)
    (event,) = read(line, reader=ClaudeCodeStream(model))
    assert isinstance(event, Quota)
    assert (event.window, (event.model, event.limited)) == (window, limits)
