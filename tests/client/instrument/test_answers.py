"""Whole answers and streams: each counts once, and stays what it is."""

from pathlib import Path
from typing import Any

import pytest

from exporter.client.instrument import uninstrument
from tests.client.instrument.stage import CHAT, MESSAGE, MODEL, PROMPT, STREAMED, WHOLE, Stage
from tests.client.providers import ANSWER, ANTHROPIC_PARTS, OPENAI_PARTS

openai: Any = pytest.importorskip("openai")
anthropic: Any = pytest.importorskip("anthropic")


@pytest.mark.parametrize("way", WHOLE)
def test_a_whole_answer_counts_once_with_its_tokens(way: str, stage: Stage) -> None:
    """However it is asked for, it is one completion; it has no time to its first token."""
    ask, parts = WHOLE[way]
    assert ANSWER in str(stage.run(ask))
    totals = stage.totals()
    assert totals.outcomes == {"success": 1}
    assert totals.tokens == parts
    assert totals.by("model", "agent_completions_total") == {MODEL: 1}
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.sum("agent_completion_duration_seconds_count") == 1
    assert totals.sum("agent_completion_ttft_seconds_count") == 0
    assert totals.sum("agent_token_mismatches_total") == 0


@pytest.mark.parametrize("way", STREAMED)
def test_a_stream_counts_once_when_it_ends(way: str, stage: Stage) -> None:
    """It tells the time to its first token, and its tokens where it holds them."""
    ask, parts = STREAMED[way]
    assert ANSWER in str(stage.run(ask))
    totals = stage.totals()
    assert totals.outcomes == {"success": 1}
    assert totals.tokens == parts
    assert totals.by("reason", "agent_completion_finishes_total") == {"stop": 1}
    assert totals.sum("agent_completion_ttft_seconds_count") == 1
    assert totals.sum("agent_token_mismatches_total") == 0


@pytest.mark.parametrize("way", WHOLE)
def test_a_whole_answer_is_the_same_observed_or_not(way: str, stage: Stage) -> None:
    """The program gets what it gets without, of the same type."""
    ask, _ = WHOLE[way]
    observed = stage.run(ask)
    uninstrument()
    plain = stage.run(ask)
    assert type(observed) is type(plain)
    assert observed == plain


@pytest.mark.parametrize("way", STREAMED)
def test_a_stream_is_the_same_observed_or_not(way: str, stage: Stage) -> None:
    """The program gets the chunks that it gets without, of the same types."""
    ask, _ = STREAMED[way]
    observed = stage.run(ask)
    uninstrument()
    plain = stage.run(ask)
    assert list(map(type, observed)) == list(map(type, plain))
    assert list(map(str, observed)) == list(map(str, plain))


def test_a_raw_answer_counts_with_its_tokens(stage: Stage) -> None:
    """One asked for with its headers is read from its JSON; it parses as ever."""
    raw = stage.openai.chat.completions.with_raw_response.create(**CHAT)
    assert raw.parse().choices[0].message.content == ANSWER
    raw = stage.anthropic.messages.with_raw_response.create(**MESSAGE)
    assert raw.parse().content[0].text == ANSWER
    totals = stage.totals()
    assert totals.by("provider", "agent_completions_total") == {"openai": 1, "anthropic": 1}
    assert totals.tokens == {
        part: OPENAI_PARTS.get(part, 0) + ANTHROPIC_PARTS.get(part, 0)
        for part in OPENAI_PARTS | ANTHROPIC_PARTS
    }


def test_an_answer_that_is_yet_to_be_read_is_left_unread(stage: Stage) -> None:
    """A streamed body is the program's to read; its call counts, without tokens."""
    with stage.openai.chat.completions.with_streaming_response.create(**CHAT) as response:
        assert ANSWER in response.read().decode()
    totals = stage.totals()
    assert totals.outcomes == {"success": 1}
    assert totals.tokens == {}


def test_no_prompt_and_no_answer_leaves_the_program(stage: Stage, directory: Path) -> None:
    """Of all that was asked and answered, the exporter has stored not a word."""
    for ask, _ in (*WHOLE.values(), *STREAMED.values()):
        stage.run(ask)
    assert stage.totals().outcomes == {"success": len(WHOLE) + len(STREAMED)}
    stored = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert MODEL.encode() in stored
    assert PROMPT.encode() not in stored
    assert ANSWER.encode() not in stored
