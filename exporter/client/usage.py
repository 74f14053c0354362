"""Token usage as the providers' libraries tell it, as parts that do not overlap.

Each API counts in its own way. OpenAI's prompt and completion include the cached and the reasoning
tokens that their details itemise; Anthropic's input excludes what the cache served or took;
Gemini's prompt includes the cached tokens, while its candidates exclude the thoughts. An API is
recognised by its field names, so objects of any library, mappings and parsed JSON will all do.

Sources: the OpenAI, Anthropic and Gemini API references. LiteLLM's usage is OpenAI's, where the
prompt includes the cache of other providers too, under Anthropic's names.
"""

from collections.abc import Mapping

COUNT_MAX = 2**53
"""The largest count believed; the exporter takes none beyond it."""

_HOLDERS = ("usage", "usage_metadata", "usageMetadata")


def tokens_of(usage: object) -> dict[str, int]:
    """Return the disjoint parts that a usage tells, and the `total` it claims.

    The parts are `input`, `output`, `reasoning`, `cache_read` and `cache_write`; one that is not
    told is left out. `usage` may be a response that holds one. Anything else gives an empty
    dictionary; nothing is raised.
    """
    try:
        return _recognised(_held(usage))
    except Exception:  # noqa: BLE001 - a foreign object may raise anything when it is asked
        return {}


def field(value: object, name: str) -> object:
    """Return what a mapping or an object holds under a name, or `None`."""
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)


def _held(value: object) -> object:
    for name in _HOLDERS:
        usage = field(value, name)
        if usage is not None:
            return usage
    return value


def _recognised(usage: object) -> dict[str, int]:
    for read in (_openai_chat, _openai_responses, _anthropic, _gemini):
        parts = {part: count for part, count in read(usage).items() if count is not None}
        if parts.keys() - {"total"}:
            return parts
    return {}


def _openai_chat(usage: object) -> dict[str, int | None]:
    prompt, generated = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None and generated is None:
        return {}
    cached = field(usage, "prompt_tokens_details")
    cache_read = _count(cached, "cached_tokens")
    if cache_read is None:
        cache_read = _count(usage, "cache_read_input_tokens")
    cache_write = _count(cached, "cache_write_tokens", "cache_creation_tokens")
    if cache_write is None:
        cache_write = _count(usage, "cache_creation_input_tokens")
    reasoning = _count(field(usage, "completion_tokens_details"), "reasoning_tokens")
    return {
        "input": _less(prompt, cache_read, cache_write),
        "output": _less(generated, reasoning),
        "reasoning": reasoning,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "total": _count(usage, "total_tokens"),
    }


def _openai_responses(usage: object) -> dict[str, int | None]:
    cached = field(usage, "input_tokens_details")
    if cached is None:
        return {}
    cache_read = _count(cached, "cached_tokens")
    cache_write = _count(cached, "cache_write_tokens")
    reasoning = _count(field(usage, "output_tokens_details"), "reasoning_tokens")
    return {
        "input": _less(_count(usage, "input_tokens"), cache_read, cache_write),
        "output": _less(_count(usage, "output_tokens"), reasoning),
        "reasoning": reasoning,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "total": _count(usage, "total_tokens"),
    }


def _anthropic(usage: object) -> dict[str, int | None]:
    # Only newer models itemise their thinking; `reasoning_tokens` is OpenAI without input details.
    details = field(usage, "output_tokens_details")
    reasoning = _count(details, "thinking_tokens", "reasoning_tokens")
    return {
        "input": _count(usage, "input_tokens"),
        "output": _less(_count(usage, "output_tokens"), reasoning),
        "reasoning": reasoning,
        "cache_read": _count(usage, "cache_read_input_tokens"),
        "cache_write": _count(usage, "cache_creation_input_tokens"),
        "total": _count(usage, "total_tokens"),
    }


def _gemini(usage: object) -> dict[str, int | None]:
    cache_read = _count(usage, "cached_content_token_count", "cachedContentTokenCount")
    prompt = _less(_count(usage, "prompt_token_count", "promptTokenCount"), cache_read)
    tool_results = _count(usage, "tool_use_prompt_token_count", "toolUsePromptTokenCount")
    return {
        "input": prompt if tool_results is None else (prompt or 0) + tool_results,
        "output": _count(usage, "candidates_token_count", "candidatesTokenCount"),
        "reasoning": _count(usage, "thoughts_token_count", "thoughtsTokenCount"),
        "cache_read": cache_read,
        "total": _count(usage, "total_token_count", "totalTokenCount"),
    }


def _count(value: object, *names: str) -> int | None:
    """Return the first of these fields that holds a count."""
    for name in names:
        count = field(value, name)
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= COUNT_MAX:
            return count
    return None


def _less(whole: int | None, *parts: int | None) -> int | None:
    """Return what known parts leave of the whole, at least 0."""
    if whole is None:
        return None
    return max(0, whole - sum(part or 0 for part in parts))
