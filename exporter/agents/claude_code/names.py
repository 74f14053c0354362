"""What Claude Code calls things, in whatever it writes."""

import re
from typing import Final

NAME: Final = "claude-code"
SERVICE: Final = "claude-code"
PROVIDER: Final = "anthropic"
PREFIX: Final = "claude_code."

SESSION: Final = "session.id"
REQUEST: Final = "request_id"

NO_MODEL: Final = "<synthetic>"
"""The model of a message that Claude Code wrote itself, to tell of a failure."""

_LONG_CONTEXT: Final = "[1m]"
_DATE: Final = re.compile(r"-[0-9]{8}$")


def plain_model(model: str) -> str:
    """Return the name of a model without the mark of its longer context."""
    return model.removesuffix(_LONG_CONTEXT) or model


def undated(model: str) -> str:
    """Return the name of a model without the date of its release."""
    return _DATE.sub("", model)
