"""What OpenTelemetry's semantic conventions for generative AI call things."""

from typing import Final

from exporter.agents.fields import SESSION_LENGTH_MAX, Fields, text
from exporter.event.types import NAME_LENGTH_MAX

NAME: Final = "genai"
CHANNEL: Final = "invoke_agent"

OPERATION: Final = "gen_ai.operation.name"
ERROR_TYPE: Final = "error.type"
DETAILS: Final = "gen_ai.client.inference.operation.details"

ERROR_LENGTH_MAX: Final = 4_096
"""Characters of an error text that are passed on, for whoever tells what it is about."""


def first_text(fields: Fields, *names: str, length_max: int = NAME_LENGTH_MAX) -> str | None:
    """Return the first text that is there; `None` where none is."""
    found = (text(fields, name, length_max=length_max) for name in names)
    return next((value for value in found if value), None)


def session(fields: Fields) -> str | None:
    """Return the id of the conversation; `None` where none is told."""
    return first_text(fields, "gen_ai.conversation.id", "session.id", length_max=SESSION_LENGTH_MAX)
