"""How deep a value may nest: what is taken in must be written out again, from any stack."""

from typing import Any

CONTEXT_DEPTH_MAX = 32
"""Objects and arrays inside one another, the outermost included.

The JSON decoder's own bound depends on how deep the Python stack is just then, and so does the
encoder's: without this one, what a push brought in could fail the journal or a reader.
"""


def too_deep(context: dict[str, Any]) -> bool:
    """Return whether a context nests deeper than `CONTEXT_DEPTH_MAX`."""
    level: list[dict[str, Any] | list[Any]] = [context]
    for _ in range(CONTEXT_DEPTH_MAX):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
