"""What Gemini CLI calls things, in whatever it writes."""

from typing import Final

NAME: Final = "gemini-cli"
PREFIX: Final = "gemini_cli."
PROVIDER: Final = "gcp.gemini"
VERTEX_AI: Final = "gcp.vertex_ai"

QWEN_CODE: Final = "qwen-code"
QWEN_CODE_PREFIX: Final = "qwen-code."

SESSION: Final = "session.id"
CHANNEL: Final = "cli"

ERROR_LENGTH_MAX: Final = 4_096
"""Characters of an error text that are passed on, for whoever tells what it is about."""
