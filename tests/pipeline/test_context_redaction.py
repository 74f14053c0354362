"""Facts about what is taken out of contexts before they are kept."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.pipeline.redaction import CONTEXT_BYTES_MAX, OMITTED, redacted_context
from exporter.pipeline.secrets import REDACTED
from tests.event.strategies import json_values
from tests.pipeline.made_up_secrets import Secret, secrets


@pytest.mark.parametrize(
    ("context", "left"),
    [
        ({}, {}),
        (
            {"a": 1, "b": [None, True, "x"], "c": {"d": 1.5}},
            {"a": 1, "b": [None, True, "x"], "c": {"d": 1.5}},
        ),
        (
            {"password": "a", "API-Key": "b", "accessToken": "c", "Set_Cookie": "d"},
            {
                "password": REDACTED,
                "API-Key": REDACTED,
                "accessToken": REDACTED,
                "Set_Cookie": REDACTED,
            },
        ),
        (
            {"OPENAI_API_KEY": "a", "db.password": "b", "credentials": {"user": "c"}, "pin": 1234},
            {
                "OPENAI_API_KEY": REDACTED,
                "db.password": REDACTED,
                "credentials": REDACTED,
                "pin": REDACTED,
            },
        ),
        (
            {
                "prompt_tokens": 1,
                "max_tokens": 2,
                "token_count": 3,
                "tokens": {"input": 4, "output": 5},
            },
            {
                "prompt_tokens": 1,
                "max_tokens": 2,
                "token_count": 3,
                "tokens": {"input": 4, "output": 5},
            },
        ),
        (
            {"token": None, "secret": False, "password": ""},
            {"token": None, "secret": False, "password": ""},
        ),
        (
            {
                "prompt": "a",
                "messages": [{"role": "user"}],
                "tool_input": {"b": 1},
                "output": "c",
                "input": 7,
            },
            {
                "prompt": OMITTED,
                "messages": OMITTED,
                "tool_input": OMITTED,
                "output": OMITTED,
                "input": 7,
            },
        ),
        (
            {"gen_ai.input.messages": "a", "gen_ai.usage.input_tokens": 3, "body": ""},
            {"gen_ai.input.messages": OMITTED, "gen_ai.usage.input_tokens": 3, "body": ""},
        ),
        (
            {"a": {"b": [{"c": "password=x", "secret": [1]}]}},
            {"a": {"b": [{"c": "password=[redacted]", "secret": REDACTED}]}},
        ),
        ({"a": "x" * CONTEXT_BYTES_MAX}, {"omitted": "context over 8192 bytes"}),
        ({"a": "x" * (CONTEXT_BYTES_MAX - len('{"a":""}'))}, None),
        ({"prompt": "x" * 2**20, "a": 1}, {"prompt": OMITTED, "a": 1}),
        ({"a": [1] * 2**16}, {"omitted": "context over 8192 bytes"}),
        (
            {"a": {str(n): "password=" + "p" * 8_000 for n in range(100)}},
            {"omitted": "context over 8192 bytes"},
        ),
        ({"a": 2**70}, None),
        ({"a": "\ud800"}, {"omitted": "context is no JSON"}),
    ],
)
def test_a_context_is_kept_without_secrets_and_content(
    context: dict[str, Any], left: dict[str, Any] | None
) -> None:
    """By name or by looks; what is too large is left out, and numbers are never content."""
    assert redacted_context(context) == (context if left is None else left)


def test_a_context_without_end_is_left_out() -> None:
    """Depth is bounded here too, whatever brought the context in."""
    context: dict[str, Any] = {}
    for _ in range(100_000):
        context = {"a": context}
    assert redacted_context(context) == {"omitted": "context over 8192 bytes"}
    while context:  # Else the interpreter takes it apart level within level.
        context = context["a"]


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (2**64 - 1, 2**64 - 1),
        (2**64, 2.0**64),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, -(2.0**63)),
        (10**300, 1e300),
    ],
)
def test_a_number_beyond_64_bits_is_kept_as_a_float(number: int, kept: float) -> None:
    """The journal holds none that is longer, and most readers of JSON take it for one anyway."""
    clean = redacted_context({"a": number, "b": {"c": [number]}})
    assert repr(clean) == repr({"a": kept, "b": {"c": [kept]}})


def test_a_number_beyond_all_floats_is_no_json() -> None:
    """Its context is left out whole."""
    assert redacted_context({"a": 10**400}) == {"omitted": "context is no JSON"}


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_whatever_is_kept_can_be_written_to_the_journal(context: dict[str, Any]) -> None:
    """Or a single event would cost all that are committed with it."""
    clean = redacted_context(context)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(clean)) == clean


@given(secrets, st.dictionaries(st.text(max_size=5), json_values, max_size=3), st.data())
def test_no_secret_is_kept_anywhere_in_a_context(
    secret: Secret, context: dict[str, Any], data: st.DataObject
) -> None:
    """Not as a value, in a list, as a name, or below one; and it comes out as JSON."""
    places: list[dict[str, Any]] = [
        {"a": secret.text},
        {"a": [[secret.text]]},
        {secret.text: 1},
        {"a": {secret.text: {secret.text: secret.text}}},
    ]
    clean = redacted_context(context | data.draw(st.sampled_from(places)))
    told = json.dumps(clean, ensure_ascii=False)
    assert secret.body not in told
    assert json.dumps(secret.body)[1:-1] not in told
    assert redacted_context(clean) == clean
