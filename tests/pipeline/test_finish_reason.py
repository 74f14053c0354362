"""Facts about why a model stopped, in whatever words that is told."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.finish_reason import FinishReason
from exporter.pipeline.finish_reason import finish_reason_of

F = FinishReason

OPENAI = [
    ("stop", F.STOP),
    ("length", F.LENGTH),
    ("tool_calls", F.TOOL_CALLS),
    ("function_call", F.TOOL_CALLS),
    ("content_filter", F.CONTENT_FILTER),
    # The status of a response, and why it is incomplete; by itself that may be for two reasons.
    ("completed", F.STOP),
    ("max_output_tokens", F.LENGTH),
    ("failed", F.ERROR),
    ("incomplete", F.OTHER),
    ("cancelled", F.OTHER),
]
ANTHROPIC = [
    ("end_turn", F.STOP),
    ("stop_sequence", F.STOP),
    ("max_tokens", F.LENGTH),
    ("model_context_window_exceeded", F.LENGTH),
    ("tool_use", F.TOOL_CALLS),
    ("refusal", F.CONTENT_FILTER),
    ("pause_turn", F.OTHER),
]
GEMINI = [
    ("STOP", F.STOP),
    ("MAX_TOKENS", F.LENGTH),
    ("SAFETY", F.CONTENT_FILTER),
    ("RECITATION", F.CONTENT_FILTER),
    ("BLOCKLIST", F.CONTENT_FILTER),
    ("PROHIBITED_CONTENT", F.CONTENT_FILTER),
    ("SPII", F.CONTENT_FILTER),
    ("IMAGE_SAFETY", F.CONTENT_FILTER),
    ("MALFORMED_FUNCTION_CALL", F.ERROR),
    ("UNEXPECTED_TOOL_CALL", F.ERROR),
    ("FinishReason.STOP", F.STOP),
    ("FINISH_REASON_MAX_TOKENS", F.LENGTH),
    ("FINISH_REASON_UNSPECIFIED", F.OTHER),
    ("LANGUAGE", F.OTHER),
    ("OTHER", F.OTHER),
]
OTHERS = [
    # opencode, and the AI SDK behind it.
    ("tool-calls", F.TOOL_CALLS),
    ("content-filter", F.CONTENT_FILTER),
    ("error", F.ERROR),
    ("other", F.OTHER),
    ("unknown", F.OTHER),
    # Pi.
    ("toolUse", F.TOOL_CALLS),
    ("aborted", F.OTHER),
    # Bedrock.
    ("guardrail_intervened", F.CONTENT_FILTER),
    ("content_filtered", F.CONTENT_FILTER),
    ("FINISH", F.STOP),
    # Mistral.
    ("model_length", F.LENGTH),
    # Cohere.
    ("COMPLETE", F.STOP),
    ("ERROR", F.ERROR),
    ("ERROR_TOXIC", F.CONTENT_FILTER),
    ("ERROR_LIMIT", F.LENGTH),
    ("TOOL_CALL", F.TOOL_CALLS),
    ("USER_CANCEL", F.OTHER),
    # xAI.
    ("REASON_MAX_LEN", F.LENGTH),
    # DeepSeek.
    ("insufficient_system_resource", F.ERROR),
    # Models served at home.
    ("eos_token", F.STOP),
    ("eosFound", F.STOP),
    ("maxPredictedTokensReached", F.LENGTH),
    ("load", F.OTHER),
]
TABLE = [*OPENAI, *ANTHROPIC, *GEMINI, *OTHERS]


@pytest.mark.parametrize(("word", "reason"), TABLE)
def test_words_of_providers_and_agents(word: str, reason: FinishReason) -> None:
    """Each of them is one of ours."""
    assert finish_reason_of(word) is reason


@pytest.mark.parametrize("reason", FinishReason)
def test_words_of_ours_stand(reason: FinishReason) -> None:
    """So filling in twice is filling in once."""
    assert finish_reason_of(reason) is reason
    assert finish_reason_of(reason.value) is reason


@pytest.mark.parametrize(("word", "reason"), TABLE)
@pytest.mark.parametrize("written", ["{0}", " {0} ", '["{0}"]', "{0}."])
def test_case_and_punctuation_do_not_matter(written: str, word: str, reason: FinishReason) -> None:
    """As in a list of one, or of a sentence."""
    for form in (word.lower(), word.upper(), word.replace("_", "-"), word.replace("_", " ")):
        assert finish_reason_of(written.format(form)) is reason


@pytest.mark.parametrize(
    "written", ["FinishReason.{0}", "FINISH_REASON_{0}", "StopReason.{0}", "reason: {0}"]
)
@pytest.mark.parametrize(("word", "reason"), [*ANTHROPIC, ("STOP", F.STOP)])
def test_the_name_of_an_enumeration_does_not_matter(
    written: str, word: str, reason: FinishReason
) -> None:
    """It says what the word is, and not why the model stopped."""
    assert finish_reason_of(written.format(word)) is reason


@pytest.mark.parametrize(
    "word",
    ["x", "stopwatch", "unstop", "reason", "finish_reason", "max_reason_tokens", "停止", "-"],
)
def test_what_nobody_knows_is_other(word: str) -> None:
    """And not what it begins or ends with."""
    assert finish_reason_of(word) is F.OTHER


def test_no_word_is_no_reason() -> None:
    """Empty text says nothing."""
    assert finish_reason_of("") is None


def test_only_the_start_counts() -> None:
    """Behind 64 characters nothing is seen."""
    assert finish_reason_of("stop" + " " * 60 + "x") is F.STOP
    assert finish_reason_of("stop" + " " * 59 + "x") is F.OTHER


def test_what_is_remembered_is_bounded() -> None:
    """Thousands of long texts leave little behind."""
    tracemalloc.start()
    for number in range(4_000):
        assert finish_reason_of(f"{number:<10000}") is F.OTHER
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_000_000


@given(st.text())
def test_any_text_has_a_reason(text: str) -> None:
    """But for none at all."""
    assert (finish_reason_of(text) in set(FinishReason)) == bool(text)
