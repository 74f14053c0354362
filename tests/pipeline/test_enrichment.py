"""Facts about what is filled in where a sender left it out."""

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.tokens import Tokens
from exporter.event.types import (
    Activity,
    Completion,
    CompletionDetail,
    Cumulative,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.pipeline.enrichment import ERROR_LENGTH_MAX, MESSAGE_LENGTH_MAX, enrich
from exporter.pipeline.pricing import NO_PRICES, Prices
from exporter.pipeline.redaction import TOO_MUCH, Redactor
from exporter.store import rings
from tests.pipeline.builders import NOW
from tests.pipeline.made_up_secrets import KEYS_BY_PLACE, PREFIXED
from tests.pipeline.test_redaction import WORDS

FAILED: dict[str, Any] = {"success": False, "error_type": "other", "limited": False}
SUCCEEDED: dict[str, Any] = {"success": True, "error_type": None, "limited": False}
RATE_LIMITED: dict[str, Any] = {
    "success": False,
    "error_type": "rate_limit",
    "limited": True,
    "resets_at": None,
}


PRICES = Prices([("p/m", (5, 25, None, None, None)), ("free", (0, 0, 0, 0, 0))])


def enriched(event: Event, prices: Prices = NO_PRICES) -> Event:
    """Return a copy of the event, filled in."""
    copy = msgspec.structs.replace(event)
    enrich([copy], prices=prices)
    return copy


@pytest.mark.parametrize(
    ("model", "given", "provider"),
    [
        ("anthropic/opus", None, "anthropic"),
        ("openrouter/anthropic/opus", None, "openrouter"),
        ("opus", None, "unknown"),
        ("/opus", None, "unknown"),
        ("anthropic/", None, "anthropic"),
        ("anthropic/opus", "", "anthropic"),
        ("anthropic/opus", "bedrock", "bedrock"),
        ("anthropic/opus", "unknown", "unknown"),
    ],
)
def test_the_provider(model: str, given: str | None, provider: str) -> None:
    """Where none is given it is what stands before the first slash of the model."""
    completion = enriched(Completion(model=model, provider=given, at=NOW))
    detail = enriched(CompletionDetail(model=model, provider=given, at=NOW))
    quota = enriched(Quota(window="5h", used_ratio=0, model=model, provider=given, at=NOW))
    assert isinstance(completion, Completion)
    assert isinstance(detail, CompletionDetail)
    assert isinstance(quota, Quota)
    assert completion.provider == detail.provider == quota.provider == provider
    assert completion.model == detail.model == quota.model == model


def test_the_provider_of_a_quota_without_a_model() -> None:
    """A quota that names neither is somebody's, and nobody knows whose."""
    event = Quota(window="5h", used_ratio=0.5, at=NOW)
    assert enriched(event) == msgspec.structs.replace(event, provider="unknown")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, SUCCEEDED),
        ({"error": ""}, SUCCEEDED),
        ({"error_type": ""}, SUCCEEDED),
        ({"status_code": 0}, SUCCEEDED),
        ({"status_code": 200}, SUCCEEDED),
        ({"status_code": 399}, SUCCEEDED),
        ({"limited": False}, SUCCEEDED),
        ({"error": "it broke"}, FAILED),
        ({"error_type": "it_broke"}, FAILED),
        ({"success": False}, FAILED),
        ({"limited": True}, FAILED | {"limited": True, "error_type": "rate_limit"}),
        ({"status_code": 400}, FAILED | {"error_type": "bad_request"}),
        ({"status_code": 529}, FAILED | {"error_type": "overloaded"}),
        ({"error_type": "TimeoutError"}, FAILED | {"error_type": "timeout"}),
        ({"error": "connection refused"}, FAILED | {"error_type": "connection"}),
        ({"success": False, "status_code": 200}, FAILED),
    ],
)
def test_the_outcome_of_a_completion(given: dict[str, Any], told: dict[str, Any]) -> None:
    """It succeeded where nothing speaks of a failure; a failure gets a type out of our set."""
    event = Completion(model="p/m", provider="p", at=NOW, **given)
    assert enriched(event) == msgspec.structs.replace(event, **told)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"status_code": 429}, RATE_LIMITED),
        ({"error_type": "RateLimitError"}, RATE_LIMITED),
        ({"error": "too many requests"}, RATE_LIMITED),
        ({"error": "too many requests, try again in 20s"}, RATE_LIMITED | {"resets_at": NOW + 20}),
        ({"error": "monthly limit"}, RATE_LIMITED | {"error_type": "quota"}),
        ({"status_code": 402}, RATE_LIMITED | {"error_type": "quota"}),
        (
            {"status_code": 500, "error": "rate limited"},
            FAILED | {"error_type": "server_error"},
        ),
        (
            {"status_code": 500, "error": "try again in 20s"},
            FAILED | {"error_type": "server_error"},
        ),
    ],
)
def test_the_limit_behind_a_failure(given: dict[str, Any], told: dict[str, Any]) -> None:
    """A failure by type, status or text of a limit is one, and its text may name the reset."""
    event = Completion(model="p/m", provider="p", at=NOW, **given)
    assert enriched(event) == msgspec.structs.replace(event, **told)


@pytest.mark.parametrize(
    "stated",
    [
        {"success": True, "error": "it broke", "status_code": 500},
        {"success": False, "error": None, "status_code": 200},
        {"success": False, "limited": False, "status_code": 429},
        {"success": False, "limited": True, "error": "it broke"},
        {"success": False, "limited": True, "resets_at": NOW + 5, "error": "try again in 20s"},
        {"success": False, "error_type": "refusal", "status_code": 500, "error": "timed out"},
        {"provider": "p", "latency_ms": 1.0, "cost_usd": 0.0, "at": 0.0},
    ],
)
def test_what_a_completion_states_stands(stated: dict[str, Any]) -> None:
    """No statement is overruled by another that says otherwise."""
    event = Completion(model="q/m", **({"at": NOW} | stated))
    told = msgspec.structs.asdict(enriched(event))
    assert {name: told[name] for name in stated} == stated


def test_a_success_has_no_error_type_and_no_limit() -> None:
    """A stated success is believed, so what only a failure can have is dropped."""
    event = Completion(model="p/m", at=NOW, success=True, error_type="timeout", limited=True)
    assert enriched(event) == Completion(model="p/m", provider="p", at=NOW, **SUCCEEDED)


@pytest.mark.parametrize("kind", ErrorType)
def test_every_error_type_of_ours_stands(kind: ErrorType) -> None:
    """A sender that uses our words is taken at them."""
    event = enriched(Completion(model="m", at=NOW, error_type=kind.value))
    assert isinstance(event, Completion)
    assert (event.success, event.error_type) == (False, kind)


MILLION = 1_000_000
COMPUTED: dict[str, Any] = {"cost_source": "computed"}
REPORTED: dict[str, Any] = {"cost_source": "reported"}
UNPRICED: dict[str, Any] = {"cost_usd": None, "cost_source": None}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tokens": Tokens(input=MILLION, reasoning=MILLION)}, COMPUTED | {"cost_usd": 30.0}),
        ({"tokens": Tokens(input=0)}, COMPUTED | {"cost_usd": 0.0}),
        (
            {"model": "m", "provider": "p", "tokens": Tokens(output=1)},
            COMPUTED | {"cost_usd": 25e-6},
        ),
        ({"success": False, "tokens": Tokens(input=MILLION)}, COMPUTED | {"cost_usd": 5.0}),
        ({"model": "free", "tokens": Tokens(output=1)}, COMPUTED | {"cost_usd": 0.0}),
        ({"tokens": Tokens(cache_read=1)}, UNPRICED),
        ({"tokens": Tokens(total=1)}, UNPRICED),
        ({"error": "it broke"}, UNPRICED),
        ({"model": "q/m", "tokens": Tokens(input=1)}, UNPRICED),
        ({"cost_source": "reported"}, UNPRICED),
        ({"cost_source": "computed"}, UNPRICED),
        ({"cost_usd": 0.0, "tokens": Tokens(input=1)}, REPORTED | {"cost_usd": 0.0}),
        ({"cost_usd": 7.0, "tokens": Tokens(input=1)}, REPORTED | {"cost_usd": 7.0}),
        ({"cost_usd": 7.0, "cost_source": "reported"}, REPORTED | {"cost_usd": 7.0}),
        ({"cost_usd": 7.0, "cost_source": "computed"}, COMPUTED | {"cost_usd": 7.0}),
    ],
)
def test_the_cost_and_where_it_is_from(given: dict[str, Any], told: dict[str, Any]) -> None:
    """A cost that is told stands; where there is none, tokens and prices may tell one."""
    fields: dict[str, Any] = {"model": "p/m", "at": NOW} | given
    event = enriched(Completion(**fields), PRICES)
    assert isinstance(event, Completion)
    assert {"cost_usd": event.cost_usd, "cost_source": event.cost_source} == told


def test_without_prices_no_cost_is_computed() -> None:
    """And one that is told is known to be."""
    event = enriched(Completion(model="p/m", tokens=Tokens(input=1), at=NOW))
    assert isinstance(event, Completion)
    assert (event.cost_usd, event.cost_source) == (None, None)
    event = enriched(Completion(model="p/m", cost_usd=1, at=NOW))
    assert isinstance(event, Completion)
    assert (event.cost_usd, event.cost_source) == (1, "reported")


@pytest.mark.parametrize("event", [Completion(model="p/m"), CompletionDetail(model="p/m")])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, None),
        ("", None),
        ("stop", FinishReason.STOP),
        ("end_turn", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("bored", FinishReason.OTHER),
    ],
)
def test_the_finish_reason(
    event: Completion | CompletionDetail, given: str | None, told: FinishReason | None
) -> None:
    """In our words, of a completion and of a detail alike; none is told where none was."""
    found = enriched(msgspec.structs.replace(event, finish_reason=given, at=NOW))
    assert isinstance(found, Completion | CompletionDetail)
    assert found.finish_reason == told


def test_a_detail_is_otherwise_left_as_it_is() -> None:
    """It is of no outcome and of no cost, and only a limit that it names is one."""
    event = CompletionDetail(model="p/m", ttft_ms=7, resets_at=NOW + 5, request_id="r", at=NOW)
    assert enriched(event) == msgspec.structs.replace(event, provider="p")
    limited = msgspec.structs.replace(event, limited=True)
    assert enriched(limited) == msgspec.structs.replace(limited, provider="p")


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ({}, 1),
        ({"amount": 0}, 0),
        ({"amount": 2.5}, 2.5),
        ({"cumulative": Cumulative(stream="s", total=7, since=NOW)}, None),
        ({"cumulative": Cumulative(stream="s", total=7, since=NOW), "amount": 3}, 3),
    ],
)
def test_the_amount_of_an_activity(given: dict[str, Any], amount: float | None) -> None:
    """It is 1 where nothing is told, neither an amount nor a total from which that follows."""
    event = Activity(kind="commit", at=NOW, **given)
    assert enriched(event) == msgspec.structs.replace(event, amount=amount)


def test_no_stream_of_totals_holds_a_key() -> None:
    """Totals of equal streams are compared all the same."""
    key = "sk-ant-api03-" + "aB3" * 20
    streams = []
    for total in (1, 2):
        told = Cumulative(stream=f"p {key}", total=total, since=NOW)
        event = enriched(Activity(kind="commit", cumulative=told, at=NOW))
        assert isinstance(event, Activity)
        assert event.cumulative is not None
        streams.append(event.cumulative.stream)
    assert streams[0] == streams[1]
    assert "aB3" not in streams[0]


@pytest.mark.parametrize("success", [None, True, False])
@pytest.mark.parametrize("error", [None, "", "it broke"])
def test_the_outcome_of_a_tool_call_and_of_a_request(
    success: bool | None,  # noqa: FBT001 - a column
    error: str | None,
) -> None:
    """They succeeded where they do not say, and there is no error text."""
    outcome = success if success is not None else error != "it broke"
    assert enriched(ToolCall(tool="t", success=success, error=error, at=NOW)) == ToolCall(
        tool="t", success=outcome, error=error, at=NOW
    )
    assert enriched(RequestEnded(request_id="r", success=success, error=error, at=NOW)) == (
        RequestEnded(request_id="r", success=outcome, error=error, at=NOW)
    )


@pytest.mark.parametrize(
    "event",
    [Completion(model="m"), ToolCall(tool="t"), RequestEnded(request_id="r")],
    ids=["completion", "tool_call", "request_ended"],
)
@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ("x" * ERROR_LENGTH_MAX, "x" * ERROR_LENGTH_MAX),
        ("x" * (ERROR_LENGTH_MAX + 1), "x" * (ERROR_LENGTH_MAX - 1) + "…"),
    ],
    ids=["fits", "too long"],
)
def test_a_long_error_is_cut(
    event: Completion | ToolCall | RequestEnded, error: str, kept: str
) -> None:
    """An error text is kept up to its bound, and a cut shows."""
    told = enriched(msgspec.structs.replace(event, error=error, at=NOW))
    assert isinstance(told, Completion | ToolCall | RequestEnded)
    assert told.error == kept


def test_an_error_is_read_before_it_is_cut() -> None:
    """A limit that the end of a long text tells of is known, though that end is not kept."""
    error = "x" * ERROR_LENGTH_MAX + " monthly limit, resets in 3h"
    told = enriched(Completion(model="p/m", at=NOW, error=error))
    assert isinstance(told, Completion)
    assert (told.error_type, told.limited, told.resets_at) == ("quota", True, NOW + 3 * 3600)
    assert told.error is not None
    assert len(told.error) == ERROR_LENGTH_MAX


@pytest.mark.parametrize(
    "event",
    [Completion(model="m"), ToolCall(tool="t"), RequestEnded(request_id="r")],
    ids=["completion", "tool_call", "request_ended"],
)
def test_an_error_is_kept_without_its_secrets(event: Completion | ToolCall | RequestEnded) -> None:
    """Whichever event tells it, an error text loses what must not be kept."""
    error = "refused: password=hunter2 is wrong"
    told = enriched(msgspec.structs.replace(event, error=error, at=NOW))
    assert isinstance(told, Completion | ToolCall | RequestEnded)
    assert told.error == "refused: password=[redacted] is wrong"


def test_an_error_is_read_before_its_secrets_go() -> None:
    """The limit and its reset are told from the whole text, even where a value is all of it."""
    error = "secret: 'rate limit exceeded, try again in 20s'"
    told = enriched(Completion(model="p/m", at=NOW, error=error))
    assert isinstance(told, Completion)
    assert (told.error_type, told.limited, told.resets_at) == ("rate_limit", True, NOW + 20)
    assert told.error == "secret: '[redacted]'"


def test_a_log_is_kept_without_secrets_and_content() -> None:
    """Its message, the values and the names in its context."""
    context = {"token": "a", "prompt": "b", "note": "password=c", "password=d": 1, "n": 1}
    event = Log(level="info", source="s", message="api_key=e", context=context, at=NOW)
    assert enriched(event) == msgspec.structs.replace(
        event,
        message="api_key=[redacted]",
        context={
            "token": "[redacted]",
            "prompt": "[omitted]",
            "note": "password=[redacted]",
            "password=[redacted]": 1,
            "n": 1,
        },
    )


def test_a_long_log_is_cut_as_the_ring_would() -> None:
    """What is journaled of a log is what is shown of it, by the same bounds."""
    assert MESSAGE_LENGTH_MAX == rings.MESSAGE_LENGTH_MAX
    message, context = "x" * (MESSAGE_LENGTH_MAX + 1), {"a": "x" * rings.CONTEXT_BYTES_MAX}
    event = Log(level="info", source="s", message=message, context=context, at=NOW)
    assert enriched(event) == msgspec.structs.replace(
        event,
        message="x" * (MESSAGE_LENGTH_MAX - 1) + "…",
        context={"omitted": f"context over {rings.CONTEXT_BYTES_MAX} bytes"},
    )


NAMES = (
    "model", "provider", "agent", "tool", "channel", "source", "queue", "window",
)  # fmt: skip
IDS = ("session_id", "request_id", "trace_id")
EVENTS: list[Event] = [
    Completion(model="m", provider="p", at=NOW),
    RequestStarted(request_id="r", channel="c", at=NOW),
    RequestEnded(request_id="r", channel="c", at=NOW),
    ToolCall(tool="t", at=NOW),
    Log(level="info", source="s", message="", at=NOW),
    QueueDepth(queue="q", depth=1, at=NOW),
    Quota(window="w", used_ratio=0, model="m", provider="p", at=NOW),
    CompletionDetail(model="m", provider="p", at=NOW),
    Activity(kind="edit_accepted", tool="t", at=NOW),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@given(data=st.data())
def test_no_name_and_no_id_holds_a_key(event: Event, data: st.DataObject) -> None:
    """Names keep what is around it; of equal ids come equal ones, of others others."""
    one, other = data.draw(PREFIXED["anthropic"]), data.draw(PREFIXED["anthropic"])
    assume(one != other)
    fields = event.__struct_fields__
    names: dict[str, Any] = {name: f"a/{one.text}" for name in NAMES if name in fields}
    ids: dict[str, Any] = dict.fromkeys(IDS, f"a {one.text}")
    told = msgspec.structs.asdict(enriched(msgspec.structs.replace(event, **names, **ids)))
    assert {told[name] for name in names} == {"a/[redacted]"}
    assert len({told[name] for name in ids}) == 1
    assert one.body not in str(told)
    elsewhere = msgspec.structs.replace(event, **dict.fromkeys(IDS, f"a {other.text}"))
    assert enriched(elsewhere).session_id != told["session_id"]


@pytest.mark.parametrize("kind", [kind for kind in PREFIXED if kind not in KEYS_BY_PLACE])
@given(data=st.data())
def test_keys_of_every_kind_are_known_in_names(kind: str, data: st.DataObject) -> None:
    """A key in the place of a model, or before its slash, where the provider is told from it."""
    secret = data.draw(PREFIXED[kind])
    assume(any(letter.isdigit() or letter.isupper() for letter in secret.text[6:24]))
    for model in (secret.text, f"{secret.text}/m", f"p/{secret.text}"):
        told = enriched(Completion(model=model, trace_id=secret.text, at=NOW))
        assert secret.body not in str(told)


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in WORDS.split() if "@" not in name),
        "token: a", "password=x", "fw_agent_2024", "sk-learn-pipeline", "secret_santa_2024",
        "rnd_20240101", "task-sk-1", "0190b3a1-5f3c-7aaa-8000-0123456789ab", "a" * 256,
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "msg_01XFDUDYJgAACzvnptvVoYEL",
    ],
)  # fmt: skip
def test_names_and_ids_without_a_key_stand(name: str) -> None:
    """What models, tools and sessions are called is no secret, whatever word is in it."""
    event = Completion(model=name, provider=name, agent=name, id=name, session_id=name, at=NOW)
    assert enriched(event) == msgspec.structs.replace(event, **SUCCEEDED)


def test_one_allowance_serves_a_batch() -> None:
    """Pieces of a batch, each enriched for itself, share what may be looked at."""
    redactor = Redactor(allowed_length=20)
    first, second = (
        ToolCall(tool="t", error=f"password=hunter{number}", at=NOW) for number in (1, 2)
    )
    enrich([first], redactor)
    enrich([second], redactor)
    assert (first.error, second.error) == ("password=[redacted]", TOO_MUCH)


@pytest.mark.parametrize(
    "event",
    [
        RequestStarted(request_id="r", at=NOW),
        Log(level="error", source="s", message="too many requests", at=NOW),
        Log(level="error", source="s", message="", context={"a": [1, {"b": None}]}, at=NOW),
        QueueDepth(queue="q", depth=1, at=NOW),
        Quota(window="5h", provider="p", limited=True, at=NOW),
    ],
)
def test_events_that_leave_nothing_out(event: Event) -> None:
    """A start, a log, a queue depth, and a quota that knows no ratio, are left as they are."""
    assert enriched(event) == event


def test_filling_in_twice_is_filling_in_once() -> None:
    """An enriched event, as a journal replays it, is not changed by enriching it again."""
    errors = ["monthly limit, resets in 3h", "password=a b", "password=b " * 1_000]
    cases: list[dict[str, Any]] = [{}, {"status_code": 503}, {"finish_reason": "tool_use"}]
    costs: list[dict[str, Any]] = [{"cost_usd": 1}, {"tokens": Tokens(input=1)}]
    for stated in [*cases, *costs, *({"error": error} for error in errors)]:
        once = enriched(Completion(model="p/m", at=NOW, **stated), PRICES)
        assert enriched(once, PRICES) == once
        assert enriched(once) == once
