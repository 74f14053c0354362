"""What opencode and its plugins call things."""

from typing import Final

NAME: Final = "opencode"
PREFIXES: Final = ("opencode.", "claude_code.")
"""What names may begin with: the prefix can be set, so that boards for Claude Code fit."""

SESSION: Final = "session.id"
CHANNEL: Final = "cli"

ERROR_LENGTH_MAX: Final = 4_096
"""Characters of an error text that are passed on, for whoever tells what it is about."""


def bare(name: str) -> str:
    """Return a name without its prefix."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name
