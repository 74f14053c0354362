"""Token usage in the shapes of the providers' libraries, and in none."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.usage import COUNT_MAX, tokens_of

CHAT = {
    "prompt_tokens": 2006,
    "completion_tokens": 300,
    "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 192, "audio_tokens": 0},
}
CHAT_PARTS = {"input": 86, "output": 108, "reasoning": 192, "cache_read": 1920, "total": 2306}

RESPONSES = {
    "input_tokens": 328,
    "input_tokens_details": {"cached_tokens": 28, "cache_write_tokens": 200},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 64},
    "total_tokens": 415,
}
RESPONSES_PARTS = {
    "input": 100,
    "output": 23,
    "reasoning": 64,
    "cache_read": 28,
    "cache_write": 200,
    "total": 415,
}

MESSAGES = {
    "input_tokens": 2,
    "cache_read_input_tokens": 2521,
    "cache_creation_input_tokens": 1247,
    "output_tokens": 93,
    "service_tier": "standard",
}
MESSAGES_PARTS = {"input": 2, "output": 93, "cache_read": 2521, "cache_write": 1247}

GEMINI = {
    "prompt_token_count": 1000,
    "cached_content_token_count": 400,
    "candidates_token_count": 50,
    "thoughts_token_count": 30,
    "tool_use_prompt_token_count": 20,
    "total_token_count": 1100,
}
GEMINI_PARTS = {"input": 620, "output": 50, "reasoning": 30, "cache_read": 400, "total": 1100}

LITELLM = {
    "prompt_tokens": 3770,
    "completion_tokens": 93,
    "total_tokens": 3863,
    "cache_read_input_tokens": 2521,
    "cache_creation_input_tokens": 1247,
}
LITELLM_PARTS = {
    "input": 2,
    "output": 93,
    "cache_read": 2521,
    "cache_write": 1247,
    "total": 3863,
}

SHAPES = [
    pytest.param(CHAT, CHAT_PARTS, id="OpenAI chat"),
    pytest.param(RESPONSES, RESPONSES_PARTS, id="OpenAI responses"),
    pytest.param(MESSAGES, MESSAGES_PARTS, id="Anthropic"),
    pytest.param(GEMINI, GEMINI_PARTS, id="Gemini"),
    pytest.param(LITELLM, LITELLM_PARTS, id="LiteLLM"),
]


def _as_objects(value: object) -> object:
    """Return a mapping, and those in it, as objects with attributes."""
    if not isinstance(value, Mapping):
        return value
    return SimpleNamespace(**{name: _as_objects(inner) for name, inner in value.items()})


@pytest.mark.parametrize(("usage", "parts"), SHAPES)
def test_each_shape_becomes_disjoint_parts(usage: dict[str, Any], parts: dict[str, int]) -> None:
    """Mappings and objects of every API give the same parts, which add up to the total."""
    assert tokens_of(usage) == parts
    assert tokens_of(_as_objects(usage)) == parts
    if "total" in parts:
        assert sum(parts.values()) == 2 * parts["total"]


@pytest.mark.parametrize(("usage", "parts"), SHAPES)
@pytest.mark.parametrize("holder", ["usage", "usage_metadata", "usageMetadata"])
def test_a_response_is_asked_for_its_usage(
    usage: dict[str, Any], parts: dict[str, int], holder: str
) -> None:
    """A whole response does as well as the usage in it."""
    assert tokens_of({"id": "1", holder: usage}) == parts
    assert tokens_of(SimpleNamespace(id="1", **{holder: _as_objects(usage)})) == parts


@pytest.mark.parametrize(
    ("usage", "parts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 0}, {"input": 5, "output": 0}),
        ({"input_tokens": 5, "output_tokens": 7}, {"input": 5, "output": 7}),
        ({"output_tokens": 7}, {"output": 7}),
        (
            {
                "input_tokens": 5,
                "output_tokens": 7,
                "output_tokens_details": {"thinking_tokens": 4},
            },
            {"input": 5, "output": 3, "reasoning": 4},
        ),
        (
            {"promptTokenCount": 9, "cachedContentTokenCount": 4, "thoughtsTokenCount": 2},
            {"input": 5, "reasoning": 2, "cache_read": 4},
        ),
        ({"toolUsePromptTokenCount": 3}, {"input": 3}),
        ({"candidatesTokenCount": 8, "totalTokenCount": 8}, {"output": 8, "total": 8}),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cache_creation_tokens": 4}},
            {"input": 5, "cache_write": 4},
        ),
    ],
)
def test_only_what_is_told_is_known(usage: dict[str, Any], parts: dict[str, int]) -> None:
    """A part that is not told is left out, and one of 0 is not."""
    assert tokens_of(usage) == parts


@pytest.mark.parametrize("odd", [None, -1, 1.5, True, "5", [], COUNT_MAX + 1])
def test_what_is_no_count_is_passed_over(odd: object) -> None:
    """A field that holds no count is as good as none; the others stand."""
    usage = {"prompt_tokens": 10, "completion_tokens": odd, "prompt_tokens_details": odd}
    assert tokens_of(usage) == {"input": 10}
    assert tokens_of({**usage, "prompt_tokens_details": {"cached_tokens": odd}}) == {"input": 10}


def test_parts_that_exceed_their_whole_leave_nothing() -> None:
    """Where the details contradict the count, no part is below 0."""
    usage = {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}
    assert tokens_of(usage) == {"input": 0, "cache_read": 9}


@pytest.mark.parametrize("nothing", [None, 5, "usage", [], {}, object(), type, {"total_tokens": 3}])
def test_anything_else_tells_nothing(nothing: object) -> None:
    """What is no usage gives an empty dictionary."""
    assert tokens_of(nothing) == {}


class _Hostile:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


class _HostileMapping(dict[str, object]):
    def get(self, name: str, default: object = None) -> object:
        raise RuntimeError(name, default)


def test_an_object_that_raises_tells_nothing() -> None:
    """Whatever an object does when it is asked, nothing is raised."""
    for hostile in (_Hostile(), _HostileMapping(), {"usage": _Hostile()}):
        assert tokens_of(hostile) == {}


NAMES = sorted(
    {
        *CHAT,
        *RESPONSES,
        *MESSAGES,
        *GEMINI,
        *LITELLM,
        *("usage", "usage_metadata", "usageMetadata", "promptTokenCount", "totalTokenCount"),
        *("cached_tokens", "reasoning_tokens", "cache_write_tokens", "thinking_tokens"),
    }
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8).map(_as_objects)
    ),
)


@given(ANYTHING)
def test_parts_are_counts_whatever_is_given(usage: object) -> None:
    """No value of any shape raises, or gives a part that is not a count."""
    for part, count in tokens_of(usage).items():
        assert part in {"input", "output", "reasoning", "cache_read", "cache_write", "total"}
        assert type(count) is int
        assert count >= 0


COUNTS = st.integers(min_value=0, max_value=1_000_000)


@given(fresh=COUNTS, read=COUNTS, written=COUNTS, written_out=COUNTS, thought=COUNTS)
def test_two_apis_that_saw_the_same_tell_the_same(
    fresh: int, read: int, written: int, written_out: int, thought: int
) -> None:
    """Counted OpenAI's way or Anthropic's, the same tokens are the same parts."""
    openai = {
        "input_tokens": fresh + read + written,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "output_tokens": written_out + thought,
        "output_tokens_details": {"reasoning_tokens": thought},
    }
    anthropic = {
        "input_tokens": fresh,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "output_tokens": written_out + thought,
        "output_tokens_details": {"thinking_tokens": thought},
    }
    parts = {
        "input": fresh,
        "output": written_out,
        "reasoning": thought,
        "cache_read": read,
        "cache_write": written,
    }
    assert tokens_of(openai) == tokens_of(anthropic) == parts


@pytest.mark.parametrize(
    ("module", "name", "usage", "parts"),
    [
        ("openai.types", "CompletionUsage", CHAT, CHAT_PARTS),
        ("openai.types.responses.response_usage", "ResponseUsage", RESPONSES, RESPONSES_PARTS),
        ("anthropic.types", "Usage", MESSAGES, MESSAGES_PARTS),
        ("anthropic.types", "MessageDeltaUsage", {"output_tokens": 93}, {"output": 93}),
        ("google.genai.types", "GenerateContentResponseUsageMetadata", GEMINI, GEMINI_PARTS),
    ],
)
def test_the_usage_of_each_library_is_read(
    module: str, name: str, usage: dict[str, Any], parts: dict[str, int]
) -> None:
    """The usage objects of the installed libraries give the parts that their JSON gives."""
    made = getattr(pytest.importorskip(module), name)(**usage)
    assert tokens_of(made) == parts
    assert tokens_of(SimpleNamespace(usage=made)) == parts
