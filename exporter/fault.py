"""A fault of ours, told without its text: that may hold what was pushed."""

import traceback


class StartError(Exception):
    """The exporter cannot start; the text is one clear line for whoever started it."""


def whereabouts(error: BaseException) -> dict[str, str]:
    """Return the kind of an error and the place it was raised at, as fields of a log record."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
    return {"error": type(error).__name__, "at": at}
