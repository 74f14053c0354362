r"""Halves of characters in JSON: what JavaScript writes of a text cut within a character.

JSON may hold such a half as `\ud83d`, but Unicode has no such character, and no strict decoder
takes it. What is cut so is content, which nobody keeps; a whole export must not be lost for it.
"""

import re

_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def without_lone_surrogates(text: bytes) -> bytes | None:
    """Return JSON with U+FFFD in the place of each half of a character; `None` where it has none.

    For text that a decoder has refused: an escaped backslash before `ud83d` is taken for a half.
    """
    mended, halves = _LONE_SURROGATE.subn(rb"\\ufffd", text)
    return mended if halves else None
