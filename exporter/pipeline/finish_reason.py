"""Why a model stopped, from whatever its provider or agent calls it."""

import re
from functools import lru_cache
from typing import Final

from exporter.event.finish_reason import FinishReason

# As providers, their libraries and agents write them. Case and punctuation do not matter, nor does
# the name of an enumeration before a word of it.
_WORDS: Final = {
    FinishReason.STOP: """
        stop stopped end_turn stop_sequence completed complete done finish finished eos eos_token
        end_of_sequence end_of_text eos_found stop_string_found""",
    FinishReason.LENGTH: """
        length max_length max_len max_tokens max_tokens_reached max_output_tokens
        max_output_reached max_predicted_tokens_reached model_length token_limit error_limit limit
        model_context_window_exceeded context_length_exceeded context_length_reached max_context""",
    FinishReason.TOOL_CALLS: """
        tool_calls tool_call tool_use function_call function_calls""",
    FinishReason.CONTENT_FILTER: """
        content_filter content_filtered refusal refused safety error_toxic recitation blocklist
        prohibited_content spii model_armor image_safety image_prohibited_content image_recitation
        guardrail guardrails guardrail_intervened""",
    FinishReason.ERROR: """
        error failed failure malformed_function_call malformed_tool_use malformed_response
        malformed_model_output unexpected_tool_call too_many_tool_calls missing_thought_signature
        insufficient_system_resource""",
}  # fmt: skip

_LENGTH_MAX: Final = 64
_REMEMBERED_MAX: Final = 1_024
_PUNCTUATION: Final = re.compile(r"[^a-z0-9]+")
_ENUMERATION: Final = re.compile(r"\A(?:finish|stop)?reason(?=.)")


def _key(word: str) -> str:
    """Return what is left of a word without case, punctuation and `FinishReason` before it."""
    return _ENUMERATION.sub("", _PUNCTUATION.sub("", word.lower()))


_NAMED: Final = {_key(word): reason for reason, words in _WORDS.items() for word in words.split()}


def finish_reason_of(given: str) -> FinishReason | None:
    """Return why a model stopped; `OTHER` where the word is none of those known, `None` for none.

    What was cut short by its user, or goes on later, stopped for a reason that is not the model's:
    that is `OTHER` too.
    """
    return _finish_reason(given[:_LENGTH_MAX]) if given else None


@lru_cache(maxsize=_REMEMBERED_MAX)
def _finish_reason(given: str) -> FinishReason:
    return _NAMED.get(_key(given), FinishReason.OTHER)
